"""What a hostile case is, and how its outcome is looked at: from outside, in the database, and in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import requests
from hostile_stage import COOKIE, PERSONAL, Scene, said

from coplink.testing.platform import CORE


class Outcome(StrEnum):
    """What coplink does with a case."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    HANDLED = "handled"


class Says(StrEnum):
    """The kinds of sentences that people read, by words that stand in them."""

    MALFORMED = "began this visit in a way coplink cannot follow"
    UNKNOWN = "does not know this learning platform yet"
    WHICH_SCHOOL = "did not say which school this is"
    WAITING = "waits for an administrator's approval"
    WAITING_PLATFORM = "waits for an administrator's approval of this learning platform"
    SWITCHED_OFF = "has switched coplink off for this learning platform"
    NEW_PLACE = "not approved for this place yet"
    LOST = "could not be matched to its beginning"
    UNSOUND = "sent a launch that coplink cannot accept"
    LATE = "too old, or a clock is wrong"
    WHO = "did not say who you are"
    NO_KEYS = "does not answer right now"
    SIGNED_OUT = "no longer signed in at the learning platform"
    NOT_LET_IN = "does not let coplink in"
    PLATFORM_TROUBLE = "has a problem right now"
    NOT_OPENED = "could not open coplink"
    WRONG_WAY = "cannot be used in that way"
    TOO_MUCH = "Send something smaller"
    TWICE = "said something twice"
    NOT_TEACHING = "Only those who teach or shape this course"
    OTHER_TYPES = "This place takes files or pictures"
    FOREIGN = "it came from elsewhere"
    STRANGE_SITE = "does not hold together"
    UNUSABLE = "address of the learning platform cannot be used"
    NOT_HTTPS = "must be an https address"
    NOT_SHOWN = "did not show its configuration"
    TOO_MUCH_SENT = "sent far too much"
    ANOTHERS = "already registered by another institution"
    NO_TOKEN = "sent no registration token"
    ODD_ANSWER = "did not understand the platform's answer"
    USED_UP = "has been used, withdrawn or is too old"
    NOT_HERE = "There is nothing here for you"
    NO_NOTICE = "None of these notices can be accepted"
    NO_LIST = "This is no list of notices"
    NOTHING = ""


Do = Callable[[Scene], requests.Response]
Check = Callable[[Scene, requests.Response], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the reviewed table. ``log`` stands in the log's detail; ``leaves`` are the rows it may add.

    ``how`` says in words what else is done; ``seen`` names the test of a case that is seen elsewhere (in a browser,
    in a worker), as ``tests/....py::test_name``.
    """

    number: str
    what: str
    outcome: Outcome
    status: int
    do: Do
    says: Says = Says.NOTHING
    log: str = ""
    leaves: Mapping[str, int] = field(default_factory=dict)
    check: Check | None = None
    how: str = ""
    seen: str = ""

    @property
    def key(self) -> str:
        return f"{self.number} {self.what}"


def elsewhere(number: str, what: str, outcome: Outcome, how: str, seen: str) -> Case:
    """A case of another kind (in a browser, in a worker), and the test in which it is seen."""

    def nowhere(scene: Scene) -> requests.Response:
        raise AssertionError(f"seen in {seen}")

    return Case(number, what, outcome, 0, nowhere, how=how, seen=seen)


def login_refused(
    number: str, what: str, changes: Mapping[str, str | None], says: Says, log: str, status: int = 400
) -> Case:
    """A login initiation with changed fields."""
    return Case(number, what, Outcome.REFUSED, status, lambda s: s.knock(changes), says, log)


def claims_refused(
    number: str, what: str, changes: Mapping[str, Any], log: str, says: Says = Says.UNSOUND
) -> Case:
    """A launch, honestly signed over changed claims; a value that is a function gets the scene."""

    def do(scene: Scene) -> requests.Response:
        return scene.launch(settled(scene, changes))

    return Case(number, what, Outcome.REFUSED, 401, do, says, log)


def lti_refused(number: str, what: str, claim: str, value: Any, log: str) -> Case:
    """The same for one claim of LTI's own."""
    return claims_refused(number, what, {CORE + claim: value}, log)


def settled(scene: Scene, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes whose functions have been asked: times and names that only the scene knows."""
    return {name: value(scene) if callable(value) else value for name, value in changes.items()}


def at(seconds: float) -> Callable[[Scene], float]:
    """A moment, counted from the scene's now."""
    return lambda scene: int(scene.clock()) + seconds


def judge(case: Case, scene: Scene, answer: requests.Response) -> None:
    """Everything that must hold after a case, whatever its outcome; raises ``AssertionError``."""
    assert answer.status_code == case.status, (answer.status_code, answer.text, scene.stage.log.getvalue())
    assert answer.status_code < 500
    secure_headers(answer)
    nothing_leaked(scene, answer)
    if case.outcome is Outcome.REFUSED:
        nobody_came(case, scene, answer)
    elif case.outcome is Outcome.ACCEPTED:
        somebody_came(scene, answer)
    if case.check is not None:
        case.check(scene, answer)


def nobody_came(case: Case, scene: Scene, answer: requests.Response) -> None:
    sentence, reference = said(answer)
    assert sentence.endswith("."), sentence
    assert case.says in sentence, sentence
    assert COOKIE not in answer.cookies
    assert f"{COOKIE}=" not in answer.headers.get("Set-Cookie", "")
    assert "X-Coplink-Session" not in answer.headers
    assert scene.ana.cookie() == scene.cookie_before
    grown = {name: rows for name, rows in scene.grown().items() if name != "logins"}
    assert grown == case.leaves
    entries = [entry for entry in scene.stage.logged() if entry.get("ref") == reference]
    assert len(entries) == 1, scene.stage.log.getvalue()
    assert case.log in entries[0].get("detail", ""), entries
    assert entries[0]["status"] == case.status


def somebody_came(scene: Scene, answer: requests.Response) -> None:
    assert answer.headers["Location"].startswith("/"), answer.headers["Location"]
    session = scene.session()
    assert session is not None
    assert session.person
    # Who was signed in before gets a new session and loses the old one; its secret changes either way (S20).
    assert scene.grown().get("sessions", 0) == (0 if scene.cookie_before else 1)
    assert scene.ana.cookie() != scene.cookie_before
    assert scene.grown().get("identities") == 1


def secure_headers(answer: requests.Response) -> None:
    """S24: what every answer of the door carries."""
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert "max-age=" in headers["Strict-Transport-Security"]
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy
    assert "*" not in policy
    for cookie in headers.get("Set-Cookie", "").split(", __Host-"):
        if cookie:
            assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= set(cookie.split("; ")), cookie


def nothing_leaked(scene: Scene, answer: requests.Response) -> None:
    """No token, state, nonce, cookie, name or address in the page or in the log."""
    log = scene.stage.log.getvalue()
    secrets = [one for one in (*scene.sent, *(c.value or "" for c in scene.ana.session.cookies)) if one]
    for text in (*secrets, *PERSONAL):
        assert text not in log, f"in the log: {text[:40]}"
        mine = (
            text in PERSONAL and scene.cookie_before
        )  # who is signed in already reads their own name at the top
        assert mine or text not in answer.text, f"on the page: {text[:40]}"

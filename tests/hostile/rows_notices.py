"""Row 93: notices, which a platform sends without anybody visiting."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import requests
from hostile_case import Case, Outcome, Says, at, settled
from hostile_course import Course
from hostile_stage import Scene

from coplink.ports.records import Deployment
from coplink.testing.platform import CORE

REFUSED, HANDLED = Outcome.REFUSED, Outcome.HANDLED
NONE = Says.NO_NOTICE
COPY, NOTICE = "LtiContextCopyNotice", CORE + "notice"
Sign = Callable[[Scene, dict[str, Any]], str]


def claims(scene: Scene, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An honest notice: course-1 was copied as course-2."""
    said = {
        "iss": scene.issuer,
        "aud": scene.north.client_id,
        "iat": at(0),
        "exp": at(300),
        "jti": "jti-1",
        CORE + "version": "1.3.0",
        CORE + "deployment_id": scene.north.deployment_id,
        NOTICE: {"id": "notice-1", "timestamp": "2026-09-01T12:00:00Z", "type": COPY},
        CORE + "context": {"id": "course-2", "title": "Literacy, copied"},
        CORE + "origin_contexts": ["course-1"],
    } | dict(changes or {})
    return {name: value for name, value in settled(scene, said).items() if value is not None}


def post(scene: Scene, *tokens: str) -> requests.Response:
    scene.sent += [token for token in tokens if len(token) > 20]
    return send(scene, json.dumps({"notices": [{"jwt": token} for token in tokens]}))


def send(scene: Scene, body: str) -> requests.Response:
    """As a platform calls: a program, without cookies."""
    return scene.visitor().post("/lti/notices", body.encode(), headers={"Content-Type": "application/json"})


def honestly(scene: Scene, said: dict[str, Any]) -> str:
    return scene.north.sign(said)


def notice(what: str, changes: Mapping[str, Any], log: str, sign: Sign = honestly) -> Case:
    def do(scene: Scene) -> requests.Response:
        return post(scene, sign(scene, claims(scene, changes)))

    def logged(scene: Scene, answer: requests.Response) -> None:
        details = [entry.get("detail", "") for entry in scene.stage.logged()]
        assert any(log in detail for detail in details), details

    return Case("93", what, REFUSED, 401, do, NONE, "1 notices refused", check=logged)


def of_the_other_school(scene: Scene) -> requests.Response:
    """The other school's deployment, in a notice of this school's platform."""
    theirs = scene.registration(scene.south)
    scene.put(Deployment(theirs.id, "only-south", theirs.institution, scene.clock.now()))
    scene.mark()
    return post(scene, honestly(scene, claims(scene, {CORE + "deployment_id": "only-south"})))


def unapproved(scene: Scene) -> requests.Response:
    known = scene.registration(scene.north)
    scene.put(Deployment(known.id, "waiting", known.institution))
    scene.mark()
    return post(scene, honestly(scene, claims(scene, {CORE + "deployment_id": "waiting"})))


def copies(scene: Scene) -> int:
    return scene.grown().get("course_copies", 0)


def replayed(scene: Scene) -> requests.Response:
    """The same id again, in a token of its own, about another course."""
    Course(scene, scene.north, scene.ana)
    assert post(scene, honestly(scene, claims(scene))).status_code == 202
    assert copies(scene) == 1
    other = {CORE + "context": {"id": "course-3", "title": "Another copy"}, "jti": "jti-2"}
    answer = post(scene, honestly(scene, claims(scene, other)))
    assert copies(scene) == 1
    return answer


def unknown_kind(scene: Scene) -> requests.Response:
    Course(scene, scene.north, scene.ana)
    answer = post(scene, honestly(scene, claims(scene, {NOTICE: {"id": "notice-2", "type": "LtiSomething"}})))
    assert copies(scene) == 0
    return answer


def several(scene: Scene) -> requests.Response:
    """One that is sound between two that are not."""
    Course(scene, scene.north, scene.ana)
    forged = scene.north.sign(claims(scene), None, scene.north.rogue)
    answer = post(scene, forged, honestly(scene, claims(scene)), "x.y.z")
    assert copies(scene) == 1
    return answer


def nothing_more(scene: Scene, answer: requests.Response) -> None:
    assert answer.text == ""
    assert not {"people", "identities", "memberships", "sessions"} & scene.grown().keys()


def body(what: str, text: str, status: int, says: Says, log: str) -> Case:
    return Case("93", what, REFUSED, status, lambda scene: send(scene, text), says, log)


NOBODY = "https://x.example"

CASES = [
    notice("a notice for somebody else (aud)", {"aud": "client-west"}, "no registration"),
    notice("a notice for the other school", {"aud": "client-south"}, "no usable key"),
    notice("a notice of an unknown platform (iss)", {"iss": NOBODY}, "no registration"),
    notice("a notice without iss", {"iss": None}, "no issuer or no audience"),
    notice("a notice of a deployment nobody knows", {CORE + "deployment_id": "another"}, "another"),
    Case("93", "a notice of the other school's deployment", REFUSED, 401, of_the_other_school, NONE, "1 notices",
         how="no deployment becomes known by a notice"),
    Case("93", "a notice of a deployment that waits for approval", REFUSED, 401, unapproved, NONE, "1 notices"),
    notice("a notice signed by another key", {}, "signature", lambda s, c: s.north.sign(c, None, s.north.rogue)),
    notice("a notice altered after signing", {}, "signature",
           lambda s, c: s.north.altered(c, {CORE + "origin_contexts": ["course-9"]})),
    notice("a notice without signature", {}, "alg is not RS256", lambda s, c: s.north.unsigned(c)),
    notice("a notice of yesterday", {"iat": at(-86_400), "exp": at(-86_000)}, "exp is past"),
    notice("a notice without exp", {"exp": None}, "iat or exp is missing"),
    notice("a notice without notice", {NOTICE: None}, "notice is missing"),
    notice("a notice without id", {NOTICE: {"type": COPY}}, "notice.id is missing"),
    notice("a notice about a context that is a text", {CORE + "context": "course-2"}, "context is no dict"),
    notice("a notice that is no token", {}, "no token", lambda s, c: "no token at all"),
    Case("93", "the same notice id twice", HANDLED, 202, replayed, check=nothing_more,
         how="the second does nothing"),
    Case("93", "a notice of an unknown type", HANDLED, 202, unknown_kind, check=nothing_more,
         how="passed over"),
    Case("93", "three notices in one post, two of them forged", HANDLED, 202, several, check=nothing_more,
         how="each is judged on its own: the sound one counts"),
    body("a post that is no JSON", "no json", 400, Says.NO_LIST, "no list"),
    body("a post without notices", "{}", 400, Says.NO_LIST, "no list"),
    body("a post of a thousand notices", json.dumps({"notices": [{"jwt": "x"}] * 1000}), 400, Says.NO_LIST,
         "no list"),
    body("a post of a megabyte", json.dumps({"notices": [{"jwt": "x" * 1_000_000}]}), 413, Says.TOO_MUCH,
         "Request Entity"),
]  # fmt: skip

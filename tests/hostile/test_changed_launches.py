"""S2: a good launch changed at random ends in a session only where the specification still lets it in; never in a 500.

About five hundred tries in every run, ten thousand in the long one. Tokens are signed properly over whatever they say;
the judge (``hostile_spec``) reads the same claims and knows nothing of coplink's code.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hostile_changes import HEADER, INNER, TOP, Change, almost, changed, changes, letters, written
from hostile_spec import Expected, Verdict, verdict
from hostile_stage import COOKIE, Scene, state_of
from hostile_world import NORTH, TOOL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import Client, TestResponse

TRIES = {"claims": 500, "header": 150, "form": 150, "login": 200}
FIELDS = [
    "iss",
    "client_id",
    "login_hint",
    "lti_message_hint",
    "lti_deployment_id",
    "deployment_id",
    "target_link_uri",
    "lti_storage_target",
    "other",
]


class Direct:
    """The application without the network: one browser, and an honest platform to change."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.seen = scene, Counter[str]()
        self.client = Client(scene.stage.app)

    def post(self, path: str, form: Any) -> TestResponse:
        answer = self.client.post(path, data=MultiDict(form), base_url=self.scene.stage.url)
        self.scene.stage.forget_log()
        return answer

    def begin(self, form: Any = None) -> str:
        answer = self.post("/lti/login", form or self.scene.north.login_form())
        assert answer.status_code == 303
        return answer.location

    def expected(self, address: str) -> Expected:
        scene = self.scene
        nonce = parse_qs(urlsplit(address).query)["nonce"][0]
        hosts = frozenset({NORTH, urlsplit(scene.issuer).hostname or ""})
        return Expected(
            scene.issuer, "client-north", nonce, "deployment-1", f"{scene.stage.url}/", scene.clock(), hosts
        )

    def judged(self, answer: TestResponse, wanted: Verdict) -> None:
        """The answer is let in or refused, as it must be; and refused means that nothing was opened."""
        cookies = [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")]
        let_in = answer.status_code == 303
        self.seen["let in" if let_in else "refused"] += 1
        if let_in:
            assert wanted is not Verdict.REFUSED
            assert COOKIE in cookies
            assert answer.location.startswith("/")
            assert not answer.location.startswith("//")
            self.client.delete_cookie(COOKIE, domain=TOOL)  # the next one comes as a stranger again
        else:
            assert wanted is not Verdict.LET_IN, answer.text
            assert 400 <= answer.status_code < 500
            assert COOKIE not in cookies


@pytest.fixture
def direct(scene: Scene) -> Direct:
    return Direct(scene)


def check(strategy: st.SearchStrategy[Any], tries: int, one: Callable[[Any], None], same: bool) -> None:
    """Try ``one`` that often; ``same``: with the same examples each time."""

    @settings(
        max_examples=tries,
        deadline=None,
        database=None,
        derandomize=same,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(example: Any) -> None:
        one(example)

    run()


def claims(direct: Direct, tries: int, same: bool) -> None:
    def one(wanted: list[Change]) -> None:
        address = direct.begin()
        honest = direct.scene.claims(address)
        document, twice = changed(honest, wanted)
        token = direct.scene.north.sign_text(written(document, twice))
        judged = Verdict.REFUSED if twice else verdict(document, direct.expected(address))
        direct.judged(direct.post("/lti/launch", {"state": state_of(address), "id_token": token}), judged)

    check(changes([*TOP, *INNER]) | almost(), tries, one, same)


def header(direct: Direct, tries: int, same: bool) -> None:
    def one(wanted: list[Change]) -> None:
        address = direct.begin()
        document, twice = changed({"alg": "RS256", "typ": "JWT", "kid": "north"}, wanted)
        text = written(document, twice)
        token = direct.scene.north.with_header(direct.scene.claims(address), text)
        sound = (document.get("alg"), document.get("kid")) == ("RS256", "north") and not twice
        direct.judged(
            direct.post("/lti/launch", {"state": state_of(address), "id_token": token}),
            Verdict.EITHER if sound else Verdict.REFUSED,
        )

    check(changes(HEADER), tries, one, same)


def form(direct: Direct, tries: int, same: bool) -> None:
    values = st.one_of(st.just(""), letters, st.just("{honest}"))
    field = st.sampled_from(["state", "id_token", "lti_storage_target", "code", "other"])
    strategy = st.tuples(
        st.sets(st.sampled_from(["state", "id_token"]), max_size=1),
        st.lists(st.tuples(field, values), max_size=3),
    )

    def one(example: tuple[set[str], list[tuple[str, str]]]) -> None:
        without, more = example
        address = direct.begin()
        honest = direct.scene.form(address)
        pairs = [(name, value) for name, value in honest.items() if name not in without]
        pairs += [(name, value.replace("{honest}", honest.get(name, "x"))) for name, value in more]
        names = [name for name, _ in pairs]
        sound = len(set(names)) == len(names) and honest.items() <= dict(pairs).items()
        answer = direct.client.post("/lti/launch", data=MultiDict(pairs), base_url=direct.scene.stage.url)
        direct.judged(answer, Verdict.LET_IN if sound else Verdict.REFUSED)

    check(strategy, tries, one, same)


def login(direct: Direct, tries: int, same: bool) -> None:
    values = st.one_of(st.just(""), letters, st.sampled_from(["client-south", "https://coplink.example/me"]))
    field = st.sampled_from(FIELDS)
    strategy = st.tuples(
        st.sets(field, max_size=2), st.dictionaries(field, values, max_size=3), st.sets(field, max_size=1)
    )

    def one(example: tuple[set[str], dict[str, str], set[str]]) -> None:
        without, more, twice = example
        honest = direct.scene.north.login_form()
        fields = {**{k: v for k, v in honest.items() if k not in without}, **more}
        pairs = [*fields.items(), *((name, fields[name]) for name in twice if name in fields)]
        answer = direct.client.post("/lti/login", data=MultiDict(pairs), base_url=direct.scene.stage.url)
        if answer.status_code == 307:  # coplink tries its cookie; the browser goes along
            answer = direct.client.post(
                answer.location, data=MultiDict(pairs), base_url=direct.scene.stage.url
            )
        direct.scene.stage.forget_log()
        direct.seen[str(answer.status_code)] += 1
        if answer.status_code != 303:
            assert answer.status_code == 200 or 400 <= answer.status_code < 500
            assert answer.status_code >= 400 or "lti_storage_target" in fields
            return
        assert answer.location.startswith(f"{direct.scene.issuer}/authorize?")
        assert (fields["iss"], len(pairs)) == (direct.scene.issuer, len(fields))
        school = direct.scene.south if fields["client_id"] == "client-south" else direct.scene.north
        assert fields["client_id"] == school.client_id
        assert fields["login_hint"]
        # An honest launch follows: it must be the one that was asked for.
        kept = {**honest, **{name: fields.get(name, "") for name in ("target_link_uri", "lti_deployment_id")}}
        named = {fields.get("lti_deployment_id") or "", fields.get("deployment_id") or ""} - {""}
        sound = kept["target_link_uri"] == honest["target_link_uri"] and named <= {"deployment-1"}
        launch = direct.scene.form(answer.location, platform=school)
        direct.judged(direct.post("/lti/launch", launch), Verdict.LET_IN if sound else Verdict.REFUSED)

    check(strategy, tries, one, same)


CHANGES = {"claims": claims, "header": header, "form": form, "login": login}


@pytest.mark.parametrize("what", CHANGES)
def test_five_hundred_changes(direct: Direct, what: str) -> None:
    tries = TRIES[what] // 2
    CHANGES[what](direct, tries, True)
    assert direct.seen["let in"] > tries // 20, direct.seen
    assert direct.seen["refused"] + direct.seen["400"] > tries // 4, direct.seen


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("what", CHANGES)
def test_ten_thousand_changes(direct: Direct, what: str) -> None:
    CHANGES[what](direct, TRIES[what] * 10, False)
    assert direct.seen["let in"] > TRIES[what] // 5, direct.seen


def test_a_document_can_say_things_twice() -> None:
    document, twice = changed({"a": 1}, [Change("twice", ("b", "c"), 2), Change("take out", ("a",))])
    assert written(document, twice) == '{"b": {"c": 2, "c": 2}}'
    assert json.loads(written(document, twice)) == document

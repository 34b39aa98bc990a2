"""Rows 1 to 11: login initiations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hostile_case import Case, Outcome, Says, login_refused
from hostile_stage import Scene

from coplink.ports.records import Deployment, RegistrationState
from coplink.storage import sweeps
from coplink.storage.repositories import doors
from coplink.testing.platform import CORE

REFUSED, HANDLED = Outcome.REFUSED, Outcome.HANDLED
MALFORMED = Says.MALFORMED


def foreign(what: str, target: str) -> Case:
    """Row 7."""
    return login_refused("7", what, {"target_link_uri": target}, MALFORMED, "target_link_uri is not ours")


def unknown_deployment(scene: Scene):
    address = scene.begin({"lti_deployment_id": "another"})
    return scene.bring(scene.form(address, {CORE + "deployment_id": "another"}))


def other_deployment(scene: Scene):
    second = Deployment(
        scene.registration(scene.north).id, "second", scene.registration(scene.north).institution
    )
    scene.put(Deployment(second.registration, "second", second.institution, scene.clock.now()))
    scene.mark()
    return scene.bring(scene.form(scene.begin(), {CORE + "deployment_id": "second"}))


def pending_deployment(scene: Scene):
    known = scene.registration(scene.north)
    scene.put(Deployment(known.id, "waiting", known.institution))
    scene.mark()
    return scene.knock({"lti_deployment_id": "waiting"})


def pending_at_launch(scene: Scene):
    known = scene.registration(scene.north)
    scene.put(Deployment(known.id, "waiting", known.institution))
    scene.mark()
    return scene.bring(
        scene.form(scene.begin({"lti_deployment_id": None}), {CORE + "deployment_id": "waiting"})
    )


def flood(scene: Scene):
    """Row 11: strangers begin logins and never come back; the bound of ten thousand is lowered to be seen soon."""
    with pytest.MonkeyPatch.context() as lower:
        lower.setattr(doors, "MOST_LOGINS", 20)
        for _ in range(120):
            assert scene.knock(visitor=scene.visitor()).status_code == 303
        rows = scene.grown()["logins"]
        answer = scene.launch()
    assert rows <= 20 + sweeps.EVERY
    return answer


def in_state(state: RegistrationState, after_login: bool = False):
    """The whole registration, at login or between login and launch."""

    def do(scene: Scene):
        form = scene.form(scene.begin()) if after_login else {}
        scene.put(replace(scene.registration(scene.north), state=state))
        scene.mark()
        return scene.bring(form) if after_login else scene.knock()

    return do


def taken_back(scene: Scene):
    """The approval ends between login and launch."""
    form = scene.form(scene.begin())
    known = scene.registration(scene.north)
    scene.put(Deployment(known.id, scene.north.deployment_id, known.institution))
    scene.mark()
    return scene.bring(form)


def storage_target(what: str, frame: str) -> Case:
    return login_refused("10", what, {"lti_storage_target": frame}, MALFORMED, "no frame name")


CASES = [
    login_refused("1", "no iss", {"iss": None}, MALFORMED, "iss is missing"),
    login_refused("1", "an empty iss", {"iss": ""}, MALFORMED, "iss is missing"),
    login_refused("2", "an unknown iss", {"iss": "https://x.example"}, Says.UNKNOWN, "no registration", 404),
    login_refused("3", "no login_hint", {"login_hint": None}, MALFORMED, "login_hint is missing"),
    login_refused("3", "an empty login_hint", {"login_hint": ""}, MALFORMED, "login_hint is missing"),
    login_refused("3", "a login_hint without end", {"login_hint": "x" * 5000}, MALFORMED, "too long"),
    login_refused("3", "a login_hint of two lines", {"login_hint": "a\r\nSet-Cookie: b"}, MALFORMED, "control"),
    login_refused("4", "an unknown client_id", {"client_id": "client-west"}, Says.UNKNOWN, "no regist", 404),
    login_refused("5", "two schools, no client_id", {"client_id": None}, Says.WHICH_SCHOOL, "several", 404),
    login_refused("5", "two schools, an empty client_id", {"client_id": ""}, Says.WHICH_SCHOOL, "several", 404),
    login_refused("6", "no target_link_uri", {"target_link_uri": None}, MALFORMED, "target_link_uri is missing"),
    login_refused("6", "an empty target_link_uri", {"target_link_uri": ""}, MALFORMED, "target_link_uri"),
    foreign("a target on a foreign host", "https://evil.example/"),
    foreign("our name below a foreign domain", "https://coplink.example.evil.example/"),
    foreign("our name as a foreign host's login", "https://coplink.example@evil.example/"),
    foreign("a login before our name", "https://evil.example@coplink.example/"),
    foreign("our host without encryption", "http://coplink.example/"),
    foreign("our name, another port", "https://coplink.example:1/"),
    foreign("a target without scheme", "//evil.example/"),
    foreign("a script as target", "javascript:alert(1)"),
    foreign("a foreign host hidden in our path", "https://coplink.example//evil.example"),
    foreign("a backslash before a foreign host", "https://coplink.example\\@evil.example/"),
    foreign("a path that climbs", "https://coplink.example/c/../../admin"),
    Case("8", "a deployment_id that is unknown", REFUSED, 403, unknown_deployment, Says.NEW_PLACE,
         "new deployment 'another'", {"deployments": 1},
         how="an initiation proves nothing: the token decides, and leaves one pending record"),
    login_refused("8", "two names for the deployment", {"deployment_id": "another"}, MALFORMED, "named twice"),
    Case("8", "a token of another deployment than the login's", REFUSED, 401, other_deployment, Says.UNSOUND,
         "deployment_id is not the one of this login"),
    Case("9", "a deployment that waits for approval, at login", REFUSED, 403, pending_deployment, Says.WAITING,
         "pending"),
    Case("9", "a deployment that waits for approval, at launch", REFUSED, 403, pending_at_launch, Says.WAITING,
         "pending"),
    Case("9", "an approval taken back between login and launch", REFUSED, 403, taken_back, Says.WAITING,
         "pending"),
    Case("9", "a registration that waits for approval, at login", REFUSED, 403,
         in_state(RegistrationState.PENDING), Says.WAITING_PLATFORM, "is pending"),
    Case("9", "a registration that is switched off, at login", REFUSED, 403,
         in_state(RegistrationState.DISABLED), Says.SWITCHED_OFF, "is disabled"),
    Case("9", "a registration switched off between login and launch", REFUSED, 403,
         in_state(RegistrationState.DISABLED, True), Says.SWITCHED_OFF, "is disabled"),
    storage_target("a frame name with a quote and a script", "a'];alert(1);//"),
    storage_target("a frame name that is markup", "<img src=x onerror=alert(1)>"),
    storage_target("an empty frame name", ""),
    storage_target("a frame name without end", "x" * 65),
    storage_target("a frame name that is an address", "https://evil.example/"),
    Case("11", "a flood of logins, and then somebody who means it", Outcome.ACCEPTED, 303, flood,
         how="rows are bounded for each registration, the oldest go; whoever comes is let in"),
]  # fmt: skip

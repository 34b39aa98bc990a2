"""What must be let in: the valid launches of the certification suite, and what sound platforms do (A1 to A24)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import requests
from hostile_case import Case, Check, Outcome, at, settled
from hostile_stage import Scene, state_of

from coplink.core.people import Person
from coplink.testing.platform import CORE, MEMBERSHIP, NRPS, public_jwk

HERE = "client-north"
TEACHER, LEARNER = f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}#Learner"
ADMIN_OVER_THERE = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
NOBODY = {"name": None, "given_name": None, "family_name": None, "email": None}
_numbers = itertools.count(1)


def let_in(
    what: str, changes: Mapping[str, Any], check: Check, do: Callable[[Scene], Any] | None = None
) -> Case:
    def launch(scene: Scene) -> requests.Response:
        return scene.launch(settled(scene, changes))

    how = {leads: "leads: may found a community", learns: "the least right"}.get(check, "")
    return Case(f"A{next(_numbers)}", what, Outcome.ACCEPTED, 303, do or launch, check=check, how=how)


def person(scene: Scene) -> Person:
    session = scene.session()
    assert session is not None
    with scene.services.begin() as uow:
        found = uow.people.get(session.person)
    assert found is not None
    return found


def may_found(scene: Scene) -> bool:
    """Whether the page that founds a community opens: the right that leading a course gives."""
    answer = scene.ana.get("/found")
    assert answer.status_code in (200, 403)
    return answer.status_code == 200


def leads(scene: Scene, answer: requests.Response) -> None:
    assert may_found(scene)
    assert not person(scene).admin


def learns(scene: Scene, answer: requests.Response) -> None:
    """The least right: no founding, and nothing of an administrator's."""
    assert not may_found(scene)
    assert not person(scene).admin
    assert scene.ana.get("/admin").status_code in (403, 404)


def told(name: str | None, email: str | None) -> Check:
    def check(scene: Scene, answer: requests.Response) -> None:
        found = person(scene)
        assert name is None or found.name == name
        assert found.email == email
        leads(scene, answer)

    return check


def without_context(scene: Scene, answer: requests.Response) -> None:
    session = scene.session()
    assert session is not None
    assert not {"context", "roster"} & session.values.keys()


def with_roster(scene: Scene, answer: requests.Response) -> None:
    session = scene.session()
    assert session is not None
    assert "/members" in session.values["roster"]
    leads(scene, answer)


def new_key(scene: Scene) -> requests.Response:
    """The platform changes its key between two launches, and publishes both."""
    other = scene.visitor()
    assert scene.bring(scene.form(scene.begin(visitor=other)), other).status_code == 303
    scene.mark()
    scene.clock.forward(minutes=2)
    scene.north.publish(public_jwk(scene.north.private, "north"), public_jwk(scene.north.rogue, "next-key"))
    address = scene.begin()
    token = scene.north.sign(
        scene.claims(address, {"sub": "subject-of-ben"}), {"kid": "next-key"}, scene.north.rogue
    )
    return scene.bring({"state": state_of(address), "id_token": token})


def by_get_login(scene: Scene) -> requests.Response:
    """A login initiation may come by GET (OpenID Connect Core, 4); the launch may not."""
    begun = scene.ana.get("/lti/login", params=scene.north.login_form())
    assert begun.status_code == 303
    return scene.bring(scene.form(begun.headers["Location"]))


def canvas_login(scene: Scene) -> requests.Response:
    """Canvas names the deployment as its documents do, not as the standard does, and adds words of its own."""
    changes = {"lti_deployment_id": None, "deployment_id": "deployment-1", "canvas_region": "us-east-1"}
    return scene.launch(None, {**changes, "canvas_environment": "production"})


def two_tabs(scene: Scene) -> requests.Response:
    """Two launches of one browser under way at once; the second comes back first."""
    first, second = scene.begin(), scene.begin()
    assert scene.bring(scene.form(second)).status_code == 303
    before = scene.ana.cookie()
    scene.mark()
    answer = scene.bring(scene.form(first, {"sub": "subject-of-ben"}))
    assert scene.ana.cookie() != before
    return answer


def role(*names: str) -> dict[str, Any]:
    return {CORE + "roles": list(names)}


CASES = [
    let_in("an instructor with everything", {}, told("Ana Ruiz", "ana@school.example")),
    let_in("a student with everything", role(LEARNER), learns),
    let_in("no personal data", NOBODY, told(None, None)),
    let_in("names only", {"email": None}, told("Ana Ruiz", None)),
    let_in("an email only", {**NOBODY, "email": "ana@school.example"}, told(None, "ana@school.example")),
    let_in("several roles", role(LEARNER, TEACHER), leads),
    let_in("a short role name", role("Instructor"), leads),
    let_in("an unknown role address", role("https://x.example/roles#Instructor"), learns),
    let_in("an administrator of the institution who learns here", role(ADMIN_OVER_THERE, LEARNER), learns),
    let_in("an empty text among the roles", role("", LEARNER), learns),
    let_in("an empty list of roles", role(), learns),
    let_in("a resource link and nothing more", dict.fromkeys(
        ("azp", *NOBODY, CORE + "context", CORE + "custom", CORE + "launch_presentation", NRPS)), without_context),
    let_in("no context", {CORE + "context": None}, without_context),
    let_in("an aud that is a list of one", {"aud": [HERE]}, leads),
    let_in("an aud list, us second, azp us", {"aud": ["another", HERE], "azp": HERE}, leads),
    let_in("aud us, no azp", {"azp": None}, leads),
    let_in("a token of sixty seconds", {"exp": at(60)}, leads),
    let_in("a clock that is five seconds fast", {"iat": at(5), "nbf": at(5), "exp": at(65)}, leads),
    let_in("a clock that is five seconds slow", {"iat": at(-65), "exp": at(-5)}, leads),
    let_in("names and roles", {}, with_roster),
    let_in("null for what there is not", {CORE + "lis": None, "x": [None], CORE + "custom": {"a": None}}, leads),
    let_in("a new key in the key set", {}, leads, new_key),
    let_in("a login initiation by GET", {}, leads, by_get_login),
    let_in("a login in Canvas' own words", {}, leads, canvas_login),
    let_in("two launches of one browser under way at once", {}, leads, two_tabs),
]  # fmt: skip

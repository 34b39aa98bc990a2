"""Rows 60 to 79: the claims of LTI."""

from __future__ import annotations

from typing import Any

import requests
from hostile_case import Case, Outcome, Says, claims_refused, lti_refused
from hostile_stage import Scene

from coplink.ports.records import Deployment
from coplink.testing.platform import CORE, NRPS

REFUSED = Outcome.REFUSED
LONG = "x" * 256


def unknown_deployment(scene: Scene) -> requests.Response:
    address = scene.begin({"lti_deployment_id": None})
    return scene.bring(scene.form(address, {CORE + "deployment_id": "another"}))


def of_another_registration(scene: Scene) -> requests.Response:
    """The other school's deployment is approved, for the other school."""
    theirs = scene.registration(scene.south)
    scene.put(Deployment(theirs.id, "only-south", theirs.institution, scene.clock.now()))
    scene.mark()
    address = scene.begin({"lti_deployment_id": None})
    return scene.bring(scene.form(address, {CORE + "deployment_id": "only-south"}))


def left_pending(scene: Scene, answer: requests.Response) -> None:
    """The new record waits, in this school, and the same launch again is told so."""
    here, there = scene.registration(scene.north), scene.registration(scene.south)
    with scene.services.begin() as uow:
        ours = [d for d in uow.platforms.deployments(here.institution) if d.approved_at is None]
        theirs = [d for d in uow.platforms.deployments(there.institution) if d.approved_at is None]
    assert [d.registration for d in ours] == [here.id]
    assert theirs == []
    again = scene.begin({"lti_deployment_id": None})
    answer = scene.bring(scene.form(again, {CORE + "deployment_id": ours[0].deployment_id}))
    assert answer.status_code == 403
    assert Says.WAITING in answer.text.replace("&#39;", "'")


def of_another_type(kind: str, what: str) -> Case:
    return lti_refused("64", what, "message_type", kind, "message_type is not served here")


def target(number: str, what: str, address: str | None, log: str) -> Case:
    return lti_refused(number, what, "target_link_uri", address, log)


def service(what: str, address: Any, log: str = "foreign host") -> Case:
    """Row 78: where our access token would go."""
    return claims_refused("78", what, {NRPS: {"context_memberships_url": address}}, log)


def old_id(scene: Scene) -> requests.Response:
    """Row 79: the id of an LTI 1.1 past, with a signature that cannot be right."""
    forged = {"user_id": "1", "oauth_consumer_key": "k", "oauth_consumer_key_sign": "Zm9yZ2Vk"}
    return scene.launch({CORE + "lti1p1": forged, "sub": "subject-of-eve"})


def links_nothing(scene: Scene, answer: requests.Response) -> None:
    session = scene.session()
    assert session is not None
    assert session.person is not None
    with scene.services.begin() as uow:
        [identity] = uow.people.identities(session.person)
        assert uow.people.accounts(session.person) == []
    assert identity.subject == "subject-of-eve"


SEVERAL = {CORE + "version": None, CORE + "roles": None, CORE + "resource_link": None}
TYPE = "message_type"

CASES = [
    lti_refused("60", "no version", "version", None, "version is missing"),
    lti_refused("61", "version 1.3", "version", "1.3", "version is not 1.3.0"),
    lti_refused("61", "version 1.2.0", "version", "1.2.0", "version is not 1.3.0"),
    lti_refused("61", "a version that is a number", "version", 1.3, "version is no str"),
    lti_refused("62", "no message_type", TYPE, None, "message_type is missing"),
    lti_refused("62", "an empty message_type", TYPE, "", "message_type is empty"),
    lti_refused("63", "an unknown message_type", TYPE, "Unknown", "message_type is not served here"),
    lti_refused("63", "a message_type that is a list", TYPE, ["LtiResourceLinkRequest"], "message_type is no str"),
    of_another_type("LtiSubmissionReviewRequest", "a submission review, which nobody offers here"),
    of_another_type("LtiStartProctoring", "a proctored examination"),
    of_another_type("LtiEulaRequest", "a licence agreement"),
    claims_refused("65", "several claims missing at once", SEVERAL, "version is missing"),
    lti_refused("66", "no deployment_id", "deployment_id", None, "deployment_id is missing"),
    lti_refused("66", "an empty deployment_id", "deployment_id", "", "deployment_id is empty"),
    lti_refused("66", "a deployment_id that is a number", "deployment_id", 1, "deployment_id is no str"),
    Case("67", "a deployment nobody knows", REFUSED, 403, unknown_deployment, Says.NEW_PLACE, "new deployment",
         {"deployments": 1}, left_pending, how="a pending record and nothing else"),
    Case("68", "a deployment of the other school", REFUSED, 403, of_another_registration, Says.NEW_PLACE,
         "new deployment", {"deployments": 1}, left_pending, how="new here, whatever it is over there"),
    lti_refused("69", "a deployment_id of 256 letters", "deployment_id", LONG, "deployment_id is no proper id"),
    lti_refused("69", "a deployment_id outside ASCII", "deployment_id", "d\u00ebp", "deployment_id is no proper id"),
    lti_refused("70", "no resource_link", "resource_link", None, "resource_link is missing"),
    lti_refused("70", "a resource_link without id", "resource_link", {"title": "x"}, "resource_link.id is missing"),
    lti_refused("70", "a resource_link with an empty id", "resource_link", {"id": ""}, "resource_link.id is empty"),
    lti_refused("70", "a resource_link.id of 256 letters", "resource_link", {"id": LONG}, "resource_link.id is no"),
    lti_refused("71", "a resource_link that is a text", "resource_link", "link-1", "resource_link is no dict"),
    lti_refused("71", "a resource_link that is a list", "resource_link", [{"id": "x"}], "resource_link is no dict"),
    lti_refused("71", "a resource_link.id that is a number", "resource_link", {"id": 7}, "resource_link.id is no str"),
    lti_refused("72", "no roles", "roles", None, "roles is missing"),
    lti_refused("73", "roles that are a text", "roles", "Instructor", "roles is no list"),
    lti_refused("73", "roles that are an object", "roles", {"Instructor": True}, "roles is no list"),
    lti_refused("73", "a number among the roles", "roles", ["Instructor", 7], "roles holds something"),
    target("74", "no target_link_uri", None, "target_link_uri is missing"),
    target("75", "another target than at login", "https://coplink.example/admin", "not the one of this login"),
    target("75", "the same target without its slash", "https://coplink.example", "not the one of this login"),
    target("76", "a target on a foreign host", "https://evil.example/", "not the one of this login"),
    lti_refused("77", "a context that is a text", "context", "course-1", "context is no dict"),
    lti_refused("77", "a context without id", "context", {"title": "x"}, "context.id is missing"),
    lti_refused("77", "a context.id that is a number", "context", {"id": 7}, "context.id is no str"),
    lti_refused("77", "a context.type that is a text", "context", {"id": "c", "type": "Group"}, "context.type is no"),
    lti_refused("77", "custom parameters that are a text", "custom", "x=1", "custom is no dict"),
    lti_refused("77", "custom parameters that are a list", "custom", ["x"], "custom is no dict"),
    lti_refused("77", "a launch_presentation that is a text", "launch_presentation", "iframe", "launch_presentation"),
    lti_refused("77", "a tool_platform that is a text", "tool_platform", "canvas", "tool_platform is no dict"),
    claims_refused("77", "a name that is a number", {"name": 7}, "name is no str"),
    claims_refused("77", "an email that is a list", {"email": ["ana@school.example"]}, "email is no str"),
    claims_refused("77", "names and roles as a list", {NRPS: ["x"]}, "namesroleservice is no dict"),
    service("a roster's address that is a number", 7, "context_memberships_url is no str"),
    service("no address for the roster", None, "context_memberships_url is missing"),
    service("a roster on a foreign host", "https://evil.example/members"),
    service("a roster on our name below a foreign domain", "https://north.example.evil.example/members"),
    service("a roster with a login before a foreign host", "https://north.example@evil.example/members"),
    service("a roster without encryption", "http://north.example/members"),
    service("a roster on another port", "https://north.example:8443/members"),
    service("a roster at the machine's own instance data", "http://169.254.169.254/latest/meta-data/"),
    service("a roster on this machine", "http://127.0.0.1:5432/"),
    service("a roster in a file", "file:///etc/passwd"),
    Case("79", "an LTI 1.1 id with a forged signature", Outcome.HANDLED, 303, old_id, check=links_nothing,
         how="ignored: nothing is ever linked by it, whoever signed it"),
]  # fmt: skip

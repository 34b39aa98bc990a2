"""Rows 80 to 87: deep linking, and messages that coplink does not take."""

from __future__ import annotations

from typing import Any

import requests
from bs4 import BeautifulSoup
from hostile_case import Case, Check, Outcome, Says
from hostile_stage import Scene, Visitor

from coplink.core.community import Charter, Community, Stage
from coplink.core.people import CommunityId, Membership, PersonId, Role, Standing
from coplink.testing.platform import CORE, MEMBERSHIP

REFUSED, HANDLED = Outcome.REFUSED, Outcome.HANDLED
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = DL + "deep_linking_settings"
WHERE = "https://north.example/deep-links?x=1"


def request(settings: Any, **more: Any) -> dict[str, Any]:
    """The claims of a request for content."""
    return {
        CORE + "message_type": "LtiDeepLinkingRequest",
        CORE + "resource_link": None,
        SETTINGS: settings,
    } | more


def asked(**settings: Any) -> dict[str, Any]:
    told = {
        "deep_link_return_url": WHERE,
        "accept_types": ["ltiResourceLink", "link"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": False,
    } | settings
    return request({name: value for name, value in told.items() if value is not None})


def refused(number: str, what: str, claims: dict[str, Any], log: str) -> Case:
    return Case(number, what, REFUSED, 401, lambda scene: scene.launch(claims), Says.UNSOUND, log)


def back_to(what: str, address: str, log: str) -> Case:
    return refused("82", what, asked(deep_link_return_url=address), log)


def with_community(scene: Scene) -> None:
    """Ana leads a community."""
    assert scene.launch().status_code == 303
    session = scene.session()
    assert session is not None
    key, now, here = CommunityId("literacy"), scene.clock.now(), scene.registration(scene.north).institution
    charter = Charter("Reading in every subject", "Teachers")
    with scene.services.begin() as uow:
        uow.communities.put(Community(key, here, "Literacy", charter, Stage.RUNNING, now))
        uow.communities.put_membership(
            Membership(key, PersonId(session.person), here, Role.FACILITATOR, Standing.JOINED, now)
        )
        uow.commit()


def choosing(scene: Scene, **settings: Any) -> tuple[list[str], str, str]:
    """What can be ticked, the community, and the form's secret."""
    answer = scene.launch(asked(**settings))
    assert answer.headers["Location"] == "/deep-linking"
    page = BeautifulSoup(scene.ana.get("/deep-linking").text, "html.parser")
    picks = [str(box["value"]) for box in page.select("input[name=pick]")]
    named = {name: str(page.select_one(f"input[name={name}]")["value"]) for name in ("community", "csrf")}
    scene.mark()
    return picks, named["community"], named["csrf"]


def several(scene: Scene) -> requests.Response:
    """Row 83: two where the platform takes one."""
    with_community(scene)
    picks, community, csrf = choosing(scene)
    two = [("pick", picks[0]), ("pick", "file:another")]
    answer = scene.ana.post("/deep-linking", [("csrf", csrf), ("community", community), ("do", "put"), *two])
    assert "Only one at a time can be put here." in answer.text
    return answer


def invented(scene: Scene) -> requests.Response:
    """Row 83: something that was never offered."""
    with_community(scene)
    _, community, csrf = choosing(scene)
    form = [("csrf", csrf), ("community", community), ("do", "put"), ("pick", "file:of-somebody-else")]
    return scene.ana.post("/deep-linking", form)


def brings_nothing(scene: Scene, answer: requests.Response) -> None:
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select_one("input[name=JWT]") is None
    assert not {"sessions", "people", "identities"} & scene.grown().keys()


def nobody_chose(status: int) -> Check:
    """No session; a way back to the platform's own address, which brings nothing."""

    def check(scene: Scene, answer: requests.Response) -> None:
        assert not scene.ana.cookie()
        form = BeautifulSoup(answer.text, "html.parser").select_one("main form")
        assert form is not None
        assert form["action"] == WHERE

    return check


def by_type(scene: Scene, answer: requests.Response) -> None:
    """Row 85: the page on which to choose opens."""
    visitor: Visitor = scene.ana
    assert answer.headers["Location"] == "/deep-linking"
    assert visitor.get("/deep-linking").status_code == 200


OUR_KEY = {"key_pairs": 1}  # made at its first use, to sign the way back
LEARNER = {CORE + "roles": [f"{MEMBERSHIP}#Learner"]}
PRIVACY = {CORE + "message_type": "DataPrivacyLaunchRequest"}
REVIEW = {CORE + "message_type": "LtiSubmissionReviewRequest"}
FOR = CORE + "for_user"
NOT_SERVED = "message_type is not served here"

CASES = [
    refused("80", "no deep-linking settings", request(None), "deep_linking_settings is missing"),
    refused("80", "deep-linking settings that are a text", request("x"), "deep_linking_settings is no dict"),
    refused("80", "deep-linking settings that are empty", request({}), "deep_link_return_url is missing"),
    refused("81", "no return address", asked(deep_link_return_url=None), "deep_link_return_url is missing"),
    refused("81", "an empty return address", asked(deep_link_return_url=""), "deep_link_return_url is empty"),
    back_to("a return address without encryption", "http://north.example/x", "no safe address"),
    back_to("a script as return address", "javascript:alert(1)", "no safe address"),
    back_to("a return address made of data", "data:text/html,x", "no safe address"),
    back_to("a return address with a login in it", "https://north.example@evil.example/", "no safe address"),
    back_to("a return address on a foreign host", "https://evil.example/back", "foreign host"),
    back_to("a return address below a foreign domain", "https://north.example.evil.example/", "foreign host"),
    back_to("a return address on another port", "https://north.example:8443/", "foreign host"),
    back_to("a return address at coplink itself", "https://coplink.example/me", "foreign host"),
    refused("83", "accept_types that are a text", asked(accept_types="link"), "accept_types is no list"),
    refused("83", "no accept_types", asked(accept_types=None), "accept_types is missing"),
    refused("83", "accept_multiple that is a text", asked(accept_multiple="yes"), "accept_multiple is no bool"),
    Case("83", "two things where one is taken", HANDLED, 400, several, check=brings_nothing,
         how="the page says so and nothing goes back"),
    Case("83", "something that was never offered", HANDLED, 400, invented, check=brings_nothing,
         how="the page says so and nothing goes back"),
    Case("84", "a learner asks for content", REFUSED, 403, lambda s: s.launch(asked() | LEARNER),
         Says.NOT_TEACHING, "Only those who teach", OUR_KEY, nobody_chose(403), "a way back that brings nothing"),
    Case("85", "content, but neither links nor pages are taken (file)", REFUSED, 400,
         lambda s: s.launch(asked(accept_types=["file"])), Says.OTHER_TYPES, "This place takes files",
         OUR_KEY, check=nobody_chose(400), how="by type: a friendly page and a way back that brings nothing"),
    Case("85", "content without ltiResourceLink (link, html)", Outcome.ACCEPTED, 303,
         lambda s: s.launch(asked(accept_types=["link", "html"])), check=by_type,
         how="by type: a plain link is made"),
    refused("86", "a data-privacy launch with context and resource link", PRIVACY, NOT_SERVED),
    refused("86", "a data-privacy launch without for_user",
            PRIVACY | {CORE + "context": None, CORE + "resource_link": None}, NOT_SERVED),
    refused("86", "a data-privacy launch as it should be", PRIVACY
            | {CORE + "context": None, CORE + "resource_link": None, FOR: {"user_id": "x"}}, NOT_SERVED),
    refused("87", "a submission review without line item", REVIEW | {FOR: {"user_id": "x"}}, NOT_SERVED),
    refused("87", "a submission review without for_user", REVIEW, NOT_SERVED),
]  # fmt: skip

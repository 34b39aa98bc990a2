"""The platform's half of a launch: the login it starts, the authorization it answers once, the token it signs.

Source: LTI handbook 4.1 and 4.2 (Canvas); OpenID Connect Core 3.2 as LTI 1.3 uses it.
"""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox import placements
from coplink.lti.sandbox.pages import post_onwards, refused_page
from coplink.lti.sandbox.school import (
    CORE,
    ELSEWHERE,
    IN_COURSE,
    NOTICE_TYPES,
    ContentLink,
    School,
    Seat,
    custom,
)
from coplink.lti.sandbox.storage_frame import offered
from coplink.lti.sandbox.tokens import NOTICES
from coplink.sandbox.district import ISSUER, District, guid

HINT_LIFE = 300
ASKED = frozenset(
    {"scope", "response_type", "response_mode", "prompt", "client_id", "redirect_uri", "state", "nonce"}
    | {"login_hint", "lti_message_hint"}
)


def login_form(
    school: School, seat: Seat, link: ContentLink | None = None, placement: str = ""
) -> dict[str, str]:
    """The fields of a login initiation for this person, by the course navigation, a content link or a placement.

    The message hint in it works once, for five minutes.
    """
    district = school.region.districts[seat.course.district]
    hint = secrets.token_urlsafe(24)
    launch: dict[str, Any] = {
        "course": seat.course.id,
        "person": seat.person.key,
        "client": district.client_id,
        "target": target(school, link, placement),
        "link": link.id if link else None,
        "placement": placement,
        "storage": offered(school, district.key),
        "expires": school.clock() + HINT_LIFE,
    }
    with school.store.change():
        for key in school.store.keys("lti.hints"):
            old = school.store.get("lti.hints", key)
            if old is not None and old["expires"] < school.clock():
                school.store.drop("lti.hints", key)
        school.store.put("lti.hints", hint, launch)
    return {
        "iss": ISSUER,
        "login_hint": seat.person.subject,
        "client_id": district.client_id,
        "deployment_id": district.deployment_id,
        "lti_deployment_id": district.deployment_id,
        "target_link_uri": launch["target"],
        "lti_message_hint": hint,
        "canvas_region": "us-east-1",
        "canvas_environment": "prod",
        **({"lti_storage_target": launch["storage"]} if launch["storage"] else {}),
    }


def target(school: School, link: ContentLink | None = None, placement: str = "") -> str:
    """The page of the tool that is opened: by a placement, a link, or the course navigation."""
    if placement:
        return f"{school.region.tool_url}/deep-linking"
    return (link.url if link else "") or f"{school.region.tool_url}/"


class SignIn:
    """The authorization endpoint."""

    def __init__(self, school: School) -> None:
        self._school = school

    def authorize(self, request: Request) -> Response:
        """Answer an authentication request with a form that posts a signed launch, or an error, to the tool."""
        asked = dict(request.values.items())
        district = self._school.by_client(asked.get("client_id", ""))
        redirect = f"{self._school.region.tool_url}/lti/launch"
        # Without a known client and its registered address nothing is sent anywhere.
        if district is None:
            return refused_page("No developer key has this client id.")
        if asked.get("redirect_uri") != redirect:
            return refused_page("This redirect_uri is not registered for the developer key.")
        problem = self._problem(asked)
        if problem:
            return self._error(redirect, asked, "invalid_request", problem)
        launch = self._take(asked["lti_message_hint"])
        if launch is None or launch["client"] != district.client_id:
            return self._error(
                redirect, asked, "launch_no_longer_valid", "The message hint is unknown, old or used."
            )
        course = self._school.courses[launch["course"]]
        seat = self._school.seat(course, launch["person"])
        if seat is None or seat.person.subject != asked["login_hint"]:
            return self._error(redirect, asked, "login_required", "Nobody with this hint is signed in here.")
        kid, private = self._school.signing_key()
        link = self._school.link(course, launch["link"]) if launch["link"] else None
        claims = self._claims(seat, district, asked["nonce"], launch["target"], link)
        if launch["placement"]:
            claims |= placements.request(self._school, seat, launch["placement"])
        token = jwt.encode(claims, private, algorithm="RS256", headers={"kid": kid})
        storage = {"lti_storage_target": launch["storage"]} if launch["storage"] else {}
        return post_onwards(
            redirect, {"id_token": token, "state": asked["state"], **storage}, "Opening coplink"
        )

    def _problem(self, asked: dict[str, str]) -> str:
        if set(asked) != ASKED:
            return f"missing: {sorted(ASKED - set(asked))}; unknown: {sorted(set(asked) - ASKED)}"
        fixed = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
        }
        wrong = [name for name, value in fixed.items() if asked[name] != value]
        weak = [name for name in ("state", "nonce") if len(asked[name]) < 22]
        return f"wrong: {wrong}; too short: {weak}" if wrong or weak else ""

    def _take(self, hint: str) -> dict[str, Any] | None:
        with self._school.store.change():
            launch = self._school.store.get("lti.hints", hint)
            self._school.store.drop("lti.hints", hint)
        return launch if launch and launch["expires"] >= self._school.clock() else None

    def _error(self, redirect: str, asked: dict[str, str], code: str, description: str) -> Response:
        fields = {"error": code, "error_description": description}
        if "state" in asked:
            fields["state"] = asked["state"]
        return post_onwards(redirect, fields, "Going back to coplink")

    def _claims(
        self, seat: Seat, district: District, nonce: str, target_uri: str, link: ContentLink | None
    ) -> dict[str, Any]:
        school, now = self._school, int(self._school.clock())
        course, person = seat.course, seat.person
        tool = district.deployment_id.partition(":")[0]
        nothing: dict[str, Any] = {"validation_context": None, "errors": {"errors": {}}}
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": district.client_id,
            "azp": district.client_id,
            "iat": now,
            "exp": now + 3600,
            "nonce": nonce,
            "sub": person.subject,
            "locale": "en",
            "name": person.name,
            "given_name": person.name.split(" ")[0],
            "family_name": person.name.split(" ")[-1],
            CORE + "message_type": "LtiResourceLinkRequest",
            CORE + "version": "1.3.0",
            CORE + "deployment_id": district.deployment_id,
            CORE + "target_link_uri": target_uri,
            # The course navigation has the course's own id; a content link has one of its own.
            CORE + "resource_link": {
                "id": link.id if link else course.lti_id,
                "description": None,
                "title": link.title if link else None,
                **nothing,
            },
            CORE + "context": {
                "id": course.lti_id,
                "label": course.code,
                "title": course.name,
                "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
                **nothing,
            },
            CORE + "tool_platform": {
                "guid": guid("account", district.key) + ":canvas-lms",
                "name": district.name,
                "version": "cloud",
                "product_family_code": "canvas",
                **nothing,
            },
            CORE + "launch_presentation": {
                "document_target": "iframe",
                "return_url": f"{school.page_url()}/courses/{course.id}/people?as={person.key}",
                "locale": "en",
                "height": None,
                "width": None,
                **nothing,
            },
            CORE + "roles": [*ELSEWHERE[seat.role], *IN_COURSE[seat.role]],
            CORE + "custom": {"previous_contexts": school.origin(course), **custom(seat, link)},
            CORE + "platformnotificationservice": {
                "service_versions": ["1.0"],
                "platform_notification_service_url": f"{school.base_url()}/api/lti/notice-handlers/{tool}",
                "scope": [NOTICES],
                "notice_types_supported": list(NOTICE_TYPES),
            },
            CORE + "lti11_legacy_user_id": guid("legacy", person.key).replace("-", ""),
            CORE + "lti1p1": {"user_id": guid("legacy", person.key).replace("-", ""), **nothing},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{school.base_url()}/api/lti/courses/{course.id}/names_and_roles",
                "service_versions": ["2.0"],
                **nothing,
            },
            "https://www.instructure.com/placement": None if link else "course_navigation",
            "errors": {"errors": {}},
        }
        if person.email:
            claims["email"] = person.email
        return claims

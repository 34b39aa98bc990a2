"""Deep linking as Canvas asks for it, by placement, and the tool's answer checked as strictly as any platform does.

Where the answer must go stands in the return address itself (``data``), which therefore works once and byte for byte
only. Source: LTI Deep Linking 2.0; LTI handbook 4.6, 4.7 and 2.4.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import jwt

from coplink.lti.sandbox.school import School, Seat
from coplink.lti.sandbox.tokens import tool_key
from coplink.sandbox.district import ISSUER
from coplink.sandbox.wire import Refuse

CORE = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
COLLABORATION = "https://canvas.instructure.com/lti/collaboration"
LIFE = 3600
LONGEST_ANSWER = 300
SKEW = 60
SHORTEST_NONCE = 22


@dataclass(frozen=True, slots=True)
class Placement:
    """One place in a course from which the tool can be asked for content. ``students``: they may ask there too."""

    title: str
    accepts: tuple[str, ...]
    multiple: bool
    auto_create: bool
    targets: tuple[str, ...] = ("iframe", "window")
    students: bool = False


PLACEMENTS: Mapping[str, Placement] = {
    "link_selection": Placement("Module: add a link", ("ltiResourceLink",), True, False),
    "module_index_menu_modal": Placement("Modules: add at once", ("ltiResourceLink",), True, True),
    "editor_button": Placement(
        "Editor of a page",
        ("link", "file", "html", "ltiResourceLink", "image"),
        True,
        False,
        ("embed", "frame", "iframe", "window"),
        True,
    ),
    "collaboration": Placement("Collaborations", ("ltiResourceLink",), False, True, students=True),
    "conference_selection": Placement("Conferences", ("link", "html"), False, True, ("window",)),
    "homework_submission": Placement("Hand in homework", ("file", "image"), False, False, students=True),
}


def allowed(seat: Seat, placement: str) -> bool:
    """Whether the platform shows this placement to somebody."""
    return placement in PLACEMENTS and (
        seat.role in ("teacher", "ta", "designer") or PLACEMENTS[placement].students
    )


def request(school: School, seat: Seat, name: str) -> dict[str, Any]:
    """The claims that make a launch a request for content; the answer to it is expected from now on."""
    placement, ticket = PLACEMENTS[name], secrets.token_urlsafe(24)
    data = f"{name} & <{secrets.token_hex(8)}>"
    asked = {"course": seat.course.id, "person": seat.person.key, "placement": name, "data": data}
    school.store.put("lti.asked", ticket, {**asked, "expires": school.clock() + LIFE})
    address = f"{school.base_url()}/courses/{seat.course.id}/deep_linking_response"
    return {
        CORE + "message_type": "LtiDeepLinkingRequest",
        CORE + "resource_link": None,
        DL + "deep_linking_settings": {
            "deep_link_return_url": f"{address}?data={quote(ticket)}%2B&modal=true",
            "accept_types": list(placement.accepts),
            "accept_presentation_document_targets": list(placement.targets),
            "accept_multiple": placement.multiple,
            "auto_create": placement.auto_create,
            "data": data,
            "validation_context": None,
            "errors": {"errors": {}},
        },
        "https://www.instructure.com/placement": name,
    }


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was accepted: to whose request, what it brings, what it says."""

    seat: Seat
    placement: str
    contents: tuple[Mapping[str, Any], ...]
    message: str


def accept(school: School, course_id: str, query: Mapping[str, str], form: Mapping[str, str]) -> Answered:
    """Check an answer completely and take it, once; raises ``Refuse``."""
    ticket = query.get("data", "")
    asked = school.store.get("lti.asked", ticket.removesuffix("+"))
    if asked is None or not ticket.endswith("+") or query.get("modal") != "true":
        raise Refuse(400, "invalid_request", "nobody asked for this, or the return address was changed")
    if asked["course"] != course_id or asked["expires"] < school.clock():
        raise Refuse(400, "invalid_request", "another course, or too late")
    if set(form) != {"JWT"}:
        raise Refuse(400, "invalid_request", f"unexpected parameters: {sorted(form)}")
    course = school.courses[course_id]
    seat = school.seat(course, asked["person"])
    if seat is None:
        raise Refuse(403, "unauthorized", "not in the course any more")
    claims = _verified(school, course.district, form["JWT"])
    placement = PLACEMENTS[asked["placement"]]
    if claims.get(DL + "data") != asked["data"]:
        raise Refuse(400, "invalid_request", "data is not what was sent")
    contents = _contents(school, placement, asked["placement"], claims.get(DL + "content_items", []))
    with school.store.change():
        if school.store.get("lti.answers", claims["nonce"]) is not None:
            raise Refuse(400, "invalid_request", "nonce was used before")
        school.store.put("lti.answers", claims["nonce"], {"expires": claims["exp"]})
    message = claims.get(DL + "errormsg") or claims.get(DL + "msg") or ""
    return Answered(seat, asked["placement"], contents, message)


def _verified(school: School, district_key: str, token: str) -> dict[str, Any]:
    district, now = school.region.districts[district_key], school.clock()
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256" or not header.get("kid"):
            raise Refuse(400, "invalid_request", "RS256 and a kid, please")
        claims: dict[str, Any] = jwt.decode(
            token,
            tool_key(school, header["kid"]),  # type: ignore[arg-type]  # what RSAAlgorithm made of a key set
            algorithms=["RS256"],
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
                "require": ["iss", "aud", "iat", "exp", "nonce"],
            },
        )
    except jwt.InvalidTokenError as error:
        raise Refuse(400, "invalid_request", type(error).__name__) from error
    wrong = [
        name
        for name, right in (
            ("iss", claims["iss"] == district.client_id),
            ("aud", claims["aud"] in (ISSUER, [ISSUER])),
            ("azp", claims.get("azp", district.client_id) == district.client_id),
            ("exp", now - SKEW < claims["exp"] <= claims["iat"] + LONGEST_ANSWER),
            ("iat", now - LONGEST_ANSWER < claims["iat"] <= now + SKEW),
            ("nonce", isinstance(claims["nonce"], str) and len(claims["nonce"]) >= SHORTEST_NONCE),
            ("message_type", claims.get(CORE + "message_type") == "LtiDeepLinkingResponse"),
            ("version", claims.get(CORE + "version") == "1.3.0"),
            ("deployment_id", claims.get(CORE + "deployment_id") == district.deployment_id),
        )
        if not right
    ]
    if wrong:
        raise Refuse(400, "invalid_request", f"wrong: {wrong}")
    return claims


def _contents(school: School, placement: Placement, name: str, given: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise Refuse(400, "invalid_request", "content_items is no list of objects")
    if len(given) > 1 and not placement.multiple:
        raise Refuse(400, "invalid_request", "one thing only")
    tool = urlsplit(school.region.tool_url)
    for one in given:
        if one.get("type") not in placement.accepts or "lineItem" in one:
            raise Refuse(400, "invalid_request", f"not accepted here: {one.get('type')}")
        if not isinstance(one.get("title"), str) or not one["title"] or len(one["title"]) > 255:
            raise Refuse(400, "invalid_request", "title")
        where = urlsplit(one.get("url", school.region.tool_url))
        if (where.scheme, where.netloc) != (tool.scheme, tool.netloc):
            raise Refuse(400, "invalid_request", "url is not of the tool")
        shown_in = {"iframe", "window", "embed"} & set(one)
        if not shown_in <= set(placement.targets) or len(shown_in) > 1:
            raise Refuse(400, "invalid_request", f"not shown so here: {sorted(shown_in)}")
        if (COLLABORATION in one) != (name == "collaboration"):
            raise Refuse(400, "invalid_request", "the extension is for collaborations, and they need it")
        if not all(isinstance(value, str) for value in one.get("custom", {}).values()):
            raise Refuse(400, "invalid_request", "custom values are texts")
    return tuple(given)

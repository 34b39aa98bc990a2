"""Copying a course as Canvas does it, and the notice that tells tools of it, once, unless it gets lost.

A copy is a course of its own: new opaque ids, its links copied under new ids, nobody in it but who made it. Source: LTI
handbook 4.9 (Platform Notification Service): one address for each kind of notice and tool, never sent twice.
"""

from __future__ import annotations

import json
import secrets
import uuid
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

import jwt
import requests
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox.pages import hidden, refused_page
from coplink.lti.sandbox.placing import Placing
from coplink.lti.sandbox.school import CORE, NOTICE_TYPES, School, Seat
from coplink.lti.sandbox.tokens import NOTICES, Tokens
from coplink.sandbox.district import ISSUER, Course, District
from coplink.sandbox.wire import Refuse

COPY = "Copy this course"
MAY_COPY = ("teacher", "designer", "ta")


class Copying(Placing):
    """The page that copies a course."""

    def copy_page(self, request: Request, course_id: str) -> Response:
        """A button; and a switch, because platforms do lose notices."""
        seat = self._visitor(request, course_id)
        if isinstance(seat, Response):
            return seat
        if seat.role not in MAY_COPY:
            return refused_page("This person cannot copy the course.", 403)
        main = (
            f"<h2>{COPY}</h2><p>The copy has the content of this course and nobody in it but you.</p>"
            f'<form method="post" action="/courses/{course_id}/copy">{hidden({"as": seat.person.key})}'
            '<p><label>Name of the copy <input name="name" required maxlength="100" size="40"'
            f' value="{escape(seat.course.name)} (copy)"></label></p>'
            '<p><label><input type="checkbox" name="lose" value="yes"> Lose the notice that tells coplink of it'
            "</label></p><button>Copy</button></form>"
        )
        return self._in_course(seat, COPY, main)

    def copy(self, request: Request, course_id: str) -> Response:
        """Make the copy, tell the tool unless the notice is to be lost, and go there."""
        course = self._school.courses.get(course_id)
        seat = self._school.seat(course, request.form.get("as", "")) if course else None
        if course is None or seat is None or seat.role not in MAY_COPY:
            return refused_page("There is no such course here, or this person cannot copy it.", 403)
        name = request.form.get("name", "").strip()[:100] or f"{course.name} (copy)"
        made = copy_course(self._school, seat, name)
        if "lose" not in request.form:
            send(self._school, course.district, "LtiContextCopyNotice", about_copy(made, course))
        return redirect(f"/courses/{made.id}/people?as={quote(seat.person.key)}", 303)


class NoticeBoard:
    """Where a tool says which address wants which notices."""

    def __init__(self, school: School, tokens: Tokens) -> None:
        self._school, self._tokens = school, tokens

    def show(self, request: Request, tool: str) -> Response:
        """What a tool has ordered."""
        district = self._district(request, tool)
        listed = [
            {"notice_type": kind, "handler": wanted(self._school, district.key, kind)}
            for kind in NOTICE_TYPES
        ]
        body = {"client_id": district.client_id, "deployment_id": district.deployment_id}
        return Response(json.dumps({**body, "notice_handlers": listed}), mimetype="application/json")

    def order(self, request: Request, tool: str) -> Response:
        """Take an order: one address for each kind; an empty one ends it."""
        district = self._district(request, tool)
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict) or set(asked) - {"max_batch_size"} != {"notice_type", "handler"}:
            raise Refuse(400, "bad_request", "notice_type and handler, please")
        kind, address = asked["notice_type"], asked["handler"]
        if kind not in NOTICE_TYPES:
            raise Refuse(400, "bad_request", f"unknown notice type {kind}")
        if address and not str(address).startswith(f"{self._school.region.tool_url}/"):
            raise Refuse(400, "bad_request", "the address is not on the tool's domain")
        self._school.store.put("lti.orders", f"{district.key}/{kind}", {"kind": kind, "handler": address})
        if kind == "LtiHelloWorldNotice" and address:
            send(
                self._school,
                district.key,
                kind,
                {"https://www.instructure.com/hello_world": {"title": "Hello"}},
            )
        return Response(json.dumps({"notice_type": kind, "handler": address}), mimetype="application/json")

    def _district(self, request: Request, tool: str) -> District:
        district = self._school.region.districts[self._tokens.district(request, NOTICES)]
        if district.deployment_id.partition(":")[0] != tool:
            raise Refuse(404, "not_found", "no such tool for this key")
        return district


def copy_course(school: School, seat: Seat, name: str) -> Course:
    """A new course with the links of the old one and its maker as the only person."""
    with school.store.change():
        number = str(9000 + school.store.serial("lti.copies"))
        kept = {
            "id": number,
            "district": seat.course.district,
            "name": name,
            "code": f"{seat.course.code}-{number}",
            "people": {seat.person.key: seat.role},
            "origin": seat.course.id,
        }
        school.store.put("lti.copies", number, kept)
    made = school.courses[number]
    school.enrol(made, seat.person.key, seat.role)  # where the district's Canvas looks as well
    for link in school.links(seat.course):
        school.add_link(made, link.title, link.custom, link.url)
    return made


def about_copy(made: Course, origin: Course) -> dict[str, Any]:
    """What a notice says of a copied course."""
    return {
        CORE + "context": {
            "id": made.lti_id,
            "label": made.code,
            "title": made.name,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
        },
        CORE + "origin_contexts": [origin.lti_id],
    }


def wanted(school: School, district: str, kind: str) -> str:
    """The address that wants notices of this kind; empty where nobody ordered any."""
    kept = school.store.get("lti.orders", f"{district}/{kind}")
    return str(kept["handler"]) if kept else ""


def signed(school: School, district: District, kind: str, claims: dict[str, Any]) -> str:
    """A notice as a token."""
    now = int(school.clock())
    kid, private = school.signing_key()
    about = {
        "iss": ISSUER,
        "aud": district.client_id,
        "azp": district.client_id,
        "iat": now,
        "exp": now + 3600,
        "nonce": secrets.token_hex(16),
        CORE + "version": "1.3.0",
        CORE + "deployment_id": district.deployment_id,
        CORE + "notice": {
            "id": str(uuid.uuid4()),
            "timestamp": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "type": kind,
        },
        **claims,
    }
    return jwt.encode(about, private, algorithm="RS256", headers={"kid": kid})


def send(school: School, district: str, kind: str, claims: dict[str, Any]) -> None:
    """Send a notice to who ordered it; what does not arrive is lost, as it is at Canvas."""
    address = wanted(school, district, kind)
    if not address:
        return
    token = signed(school, school.region.districts[district], kind, claims)
    try:
        answer = requests.post(address, json={"notices": [{"jwt": token}]}, timeout=5, allow_redirects=False)
        status = answer.status_code
    except requests.RequestException:
        status = 0
    number = school.store.serial("lti.sent")
    school.store.put("lti.sent", f"{number}", {"kind": kind, "district": district, "status": status})

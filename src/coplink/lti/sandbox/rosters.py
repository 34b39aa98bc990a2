"""Names and Roles as Canvas serves them: 50 to a page, several relations in one ``Link``, custom values per member.

Source: LTI handbook 4.5.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox.school import IN_COURSE, ContentLink, School, Seat, custom
from coplink.lti.sandbox.tokens import NAMES_AND_ROLES, Tokens
from coplink.sandbox.district import Course, guid
from coplink.sandbox.wire import Refuse, Wire

CORE = "https://purl.imsglobal.org/spec/lti/claim/"
PAGE = 50
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
KNOWN = frozenset({"limit", "page", "rlid", "role"})


class Rosters:
    """The names and roles service of courses."""

    def __init__(self, school: School, tokens: Tokens, wire: Wire) -> None:
        self._school, self._tokens, self._wire = school, tokens, wire

    def names_and_roles(self, request: Request, course_id: str) -> Response:
        """One page of a course's roster."""
        district = self._tokens.district(request, NAMES_AND_ROLES)
        course = self._school.courses.get(course_id)
        if course is None or course.district != district:
            raise Refuse(404, "not_found", "no such course for this key")
        if set(request.args) - KNOWN:
            raise Refuse(400, "bad_request", f"unknown parameters: {sorted(set(request.args) - KNOWN)}")
        if MEDIA_TYPE not in request.headers.get("Accept", ""):
            raise Refuse(406, "not_acceptable", MEDIA_TYPE)
        rlid = request.args.get("rlid")
        link = self._school.link(course, rlid) if rlid is not None else None
        if rlid is not None and rlid != course.lti_id and link is None:
            raise Refuse(400, "bad_request", "no such resource link in this course")
        seats = self._school.seats(course)
        role = request.args.get("role")
        if role is not None:
            seats = [seat for seat in seats if role in IN_COURSE[seat.role]]
        size, start = self._size(request), self._start(request)
        shown = seats[start : start + size]
        if start + size >= len(seats):
            self._wire.read_completely("roster", course.id)
        body = {
            "id": request.base_url,
            "context": {"id": course.lti_id, "label": course.code, "title": course.name},
            "members": [self._member(seat, rlid is not None, link) for seat in shown],
        }
        links = self._links(request, course, start, size, len(seats))
        return Response(json.dumps(body), headers={"Link": links}, content_type=MEDIA_TYPE)

    def _size(self, request: Request) -> int:
        limit = request.args.get("limit", str(PAGE))
        if not limit.isdigit() or int(limit) < 1:
            raise Refuse(400, "bad_request", "limit")
        return min(int(limit), PAGE, self._wire.most_per_page)

    def _start(self, request: Request) -> int:
        """A page is named by a cursor whose letters' case matters."""
        page = request.args.get("page")
        if page is None:
            return 0
        try:
            kind, number = base64.b64decode(page.removeprefix("bookmark:"), validate=True).decode().split(" ")
            if kind != "From" or not page.startswith("bookmark:"):
                raise ValueError(kind)
            return int(number)
        except (binascii.Error, ValueError) as error:
            raise Refuse(400, "bad_request", "no such page") from error

    def _links(self, request: Request, course: Course, start: int, size: int, total: int) -> str:
        last = (total - 1) // size * size if total else 0
        places = {
            "current": start,
            "next": start + size if start + size < total else None,
            "first": 0,
            "last": last,
        }
        kept = {name: value for name, value in request.args.items() if name != "page"}
        base = f"{self._school.base_url()}/api/lti/courses/{course.id}/names_and_roles"
        links = []
        for relation, place in places.items():
            if place is not None:
                cursor = "bookmark:" + base64.b64encode(f"From {place}".encode()).decode()
                links.append(f'<{base}?{urlencode({**kept, "page": cursor})}>; rel="{relation}"')
        return ",".join(links)

    def _member(self, seat: Seat, with_message: bool, link: ContentLink | None) -> dict[str, Any]:
        person = seat.person
        member: dict[str, Any] = {
            "status": "Active",
            "user_id": person.subject,
            "name": person.name,
            "given_name": person.name.split(" ")[0],
            "family_name": person.name.split(" ")[-1],
            "lti11_legacy_user_id": guid("legacy", person.key).replace("-", ""),
            "roles": list(IN_COURSE[seat.role]),
        }
        if person.email:
            member["email"] = person.email
        if with_message:
            member["message"] = [
                {
                    CORE + "message_type": "LtiResourceLinkRequest",
                    "locale": "en",
                    CORE + "custom": custom(seat, link),
                    CORE + "lti11_legacy_user_id": member["lti11_legacy_user_id"],
                }
            ]
        return member

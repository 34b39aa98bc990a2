"""The platform as a sandbox: its routes, what a district registers with, its doors for visitors, its state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox.copying import Copying, NoticeBoard
from coplink.lti.sandbox.rosters import Rosters
from coplink.lti.sandbox.school import School
from coplink.lti.sandbox.signin import SignIn
from coplink.lti.sandbox.storage_frame import PATH as STORAGE_FRAME
from coplink.lti.sandbox.storage_frame import StorageFrame
from coplink.lti.sandbox.tokens import AUDIENCE, Tokens
from coplink.sandbox.district import ISSUER, Region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import DoorLink, Refuse, Wire

AUTHORIZE = "/api/lti/authorize_redirect"
KEY_SET = "/api/lti/security/jwks"
TOKEN = "/login/oauth2/token"  # noqa: S105  a path
NOTICE_ORDERS = "/api/lti/notice-handlers/<tool>"
MEMBERS_SHOWN = 6


class LtiSandbox(Wire):
    """An LTI 1.3 platform with Canvas' behaviour; roster reads are counted, tokens and pages for people are not."""

    key = "lti"

    def __init__(self, region: Region, store: Store, clock: Callable[[], float]) -> None:
        super().__init__(region, store, clock)
        self.school = School(region, store, clock, lambda: self.base_url)
        tokens = Tokens(self.school)
        storage, notices = StorageFrame(self.school), NoticeBoard(self.school, tokens)
        pages, signin, rosters = (
            Copying(self.school),
            SignIn(self.school),
            Rosters(self.school, tokens, self),
        )
        for methods, path, view in (
            ("GET", "/", pages.start),
            ("GET", "/courses/<course_id>", pages.course),
            ("GET", "/courses/<course_id>/links/<link_id>", pages.content_link),
            ("GET", "/courses/<course_id>/placements", pages.overview),
            ("GET", "/courses/<course_id>/placements/<placement>", pages.choose),
            ("POST", "/courses/<course_id>/deep_linking_response", pages.answered),
            ("GET", "/courses/<course_id>/copy", pages.copy_page),
            ("POST", "/courses/<course_id>/copy", pages.copy),
            ("GET", "/courses/<course_id>/people", pages.people),
            ("POST", "/courses/<course_id>/people", pages.change_people),
            ("GET POST", AUTHORIZE, signin.authorize),
            ("GET", KEY_SET, self._key_set),
            ("POST", TOKEN, tokens.grant),
            ("GET", NOTICE_ORDERS, notices.show),
            ("PUT", NOTICE_ORDERS, notices.order),
            ("GET", STORAGE_FRAME, storage.show),
            ("POST", "/_sandbox/profile", storage.choose),
        ):
            self.route(methods, path, view, counted=False)
        self.route("GET", "/api/lti/courses/<course_id>/names_and_roles", rosters.names_and_roles)

    def settings(self, district: str) -> Mapping[str, Any]:
        """What an administrator enters to register this district's platform."""
        found = self.region.districts[district]
        return {
            "issuer": ISSUER,
            "client_id": found.client_id,
            "deployment_id": found.deployment_id,
            "authorization_url": self.base_url + AUTHORIZE,
            "token_url": self.base_url + TOKEN,
            "jwks_url": self.base_url + KEY_SET,
            "audience": AUDIENCE,
            "claims": {
                "account:canvas": "canvas_user_id",
                "asked:course": "canvas_course_id",
                "asked:previous_contexts": "previous_contexts",
            },
        }

    def doors(self) -> Iterable[DoorLink]:
        for district in self.region.districts.values():
            for course in self.school.courses.values():
                seats = self.school.seats(course) if course.district == district.key else []
                leading = [seat for seat in seats if seat.role == "teacher"]
                others = [seat for seat in seats if seat.role != "teacher"][:MEMBERS_SHOWN]
                if not leading or course.id not in ("101", "202"):
                    continue
                for seat in [*leading, *others]:
                    what = "the facilitator" if seat.role == "teacher" else "a member"
                    title = f"Open the course as {what} ({seat.person.name})"
                    url = f"{self.school.page_url()}/courses/{course.id}?as={seat.person.key}"
                    yield DoorLink(title, url, f"Canvas, {district.name}")

    def state(self) -> Mapping[str, Any]:
        return {
            "courses": {
                course.id: {
                    "name": course.name,
                    "district": course.district,
                    "context": course.lti_id,
                    "people": self.school.enrolled(course),
                }
                for course in self.school.courses.values()
            },
            "orders": self.store.all("lti.orders"),
            "sent": self.store.all("lti.sent"),
        }

    def refusal(self, refused: Refuse) -> Response:
        """Canvas answers OAuth errors as OAuth does, and others with a list."""
        body = {
            "error": refused.code,
            "error_description": refused.message,
            "errors": [{"message": refused.message}],
        }
        return self.json(body, refused.status, refused.headers)

    def _key_set(self, request: Request) -> Response:
        return self.json(self.school.public_keys())

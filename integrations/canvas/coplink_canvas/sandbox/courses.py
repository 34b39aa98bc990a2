"""Users, courses and enrolments of the pretended Canvas.

Enrolments lie in the store under ``canvas.enrolments`` so that they can change; the id is ``<course>/<canvas user>``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink_canvas.sandbox.api import Api, absent, forbidden, one_of, take


def seed(region: Region, store: Store) -> None:
    """Put the region's courses and enrolments into an empty store; a resumed one is left alone."""
    with store.change():
        for course in region.courses.values():
            if store.get("canvas.courses", course.id) is not None:
                continue
            document = {
                "id": int(course.id),
                "district": course.district,
                "name": course.name,
                "course_code": course.code,
                "workflow_state": "available",
                "pages": True,
            }
            store.put("canvas.courses", course.id, document)
            for key, role in course.enrolments.items():
                user = region.residents[key].canvas_id
                enrolment = {
                    "course": course.id,
                    "user": user,
                    "resident": key,
                    "type": role,
                    "state": "active",
                }
                store.put("canvas.enrolments", f"{course.id}/{user}", enrolment)


class Courses(Api):
    """``/users/self``, ``/courses/:id`` and ``/courses/:id/users/:id``."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.api("GET", "/users/self", self._self)
        self.api("GET", "/courses/<int:course>", self._course)
        self.api("GET", "/courses/<int:course>/users/<int:user>", self._course_user)

    def course(self, district: District, course: int | str) -> Document:
        """A course that this district's token reaches."""
        document = self.store.get("canvas.courses", str(course)) or self._copied(str(course))
        if (
            document is None
            or document["district"] != district.key
            or document["workflow_state"] == "deleted"
        ):
            raise absent()
        return document

    def _copied(self, course: str) -> Document | None:
        """A course that was copied on the LTI platform, the other face of the same Canvas."""
        copied = self.store.get("lti.copies", course)
        if copied is None:
            return None
        return {
            "id": int(course),
            "district": copied["district"],
            "name": copied["name"],
            "course_code": copied["code"],
            "workflow_state": "available",
            "pages": True,
        }

    def going_on(self, district: District, course: int | str) -> Document:
        """A course that can still be changed: an ended one is read-only."""
        document = self.course(district, course)
        if document["workflow_state"] != "available":
            raise forbidden(role=False)
        return document

    def enrolled(self, course: int | str, user: int | str) -> bool:
        """Whether this person is in this course in any way."""
        if self.store.get("lti.enrolments", str(course)) is not None:
            return str(user) in self.enrolments(course)
        return self.store.get("canvas.enrolments", f"{course}/{user}") is not None

    def enrol(self, course: int | str, user: str, role: str = "student") -> None:
        """Put an account into a course; one of nobody in the region gets a name of its own."""
        enrolment = {"course": str(course), "user": user, "resident": "", "type": role, "state": "active"}
        self.store.put("canvas.enrolments", f"{course}/{user}", enrolment)
        if self.region.by_canvas_id(user) is None:
            self.store.put("canvas.people", user, {"name": f"Person {user}"})

    def enrolments(self, course: int | str) -> dict[str, str]:
        """Canvas user id to role. The LTI platform is another face of the same Canvas: what changed there counts."""
        changed = self.store.get("lti.enrolments", str(course))
        if changed is not None:
            return {
                self.region.residents[key].canvas_id: str(role) for key, role in changed["people"].items()
            }
        kept = self.store.all("canvas.enrolments")
        return {str(e["user"]): str(e["type"]) for e in kept if e["course"] == str(course)}

    def person(self, user: int | str) -> dict[str, Any] | None:
        """Somebody as Canvas shows them; accounts are shared by everybody on the server."""
        resident = self.region.by_canvas_id(str(user))
        added = None if resident else self.store.get("canvas.people", str(user))
        if resident is None and added is None:
            return None
        name = resident.name if resident else str((added or {})["name"])
        return {"id": int(user), "name": name, "short_name": name.partition(" ")[0]}

    def _self(self, district: District, request: Request) -> Any:
        asked = take(request, include__=one_of("uuid", "last_login"))
        told = {"uuid": f"uuid-{district.key}", "last_login": None}
        more = {name: value for name, value in told.items() if name in asked.get("include__", ())}
        return more | {
            "id": self.service_account(district),
            "name": "coplink service account",
            "short_name": "coplink",
        }

    def _course(self, district: District, request: Request, course: int) -> Any:
        asked = take(request, include__=one_of("concluded", "term", "permissions"))
        found = self.course(district, course)
        body = {name: found[name] for name in ("id", "name", "course_code", "workflow_state")}
        if "concluded" in asked.get("include__", ()):
            body["concluded"] = found["workflow_state"] == "completed"
        return body

    def _course_user(self, district: District, request: Request, course: int, user: int) -> Any | Response:
        take(request)
        self.course(district, course)
        self.need(district, "read_roster")
        person = self.person(user)
        if person is None or not self.enrolled(course, user):
            raise absent()
        return person

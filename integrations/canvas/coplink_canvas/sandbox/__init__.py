"""The Canvas REST API, pretended: one server for all districts, a token for each, strict about every parameter.

    api       tokens, scopes, permissions, typed parameters, ``Link`` paging, the vendor's forms of refusal
    budget    the throttle: a bucket for each token, filled by what calls cost
    keys      developer keys and the tokens given out for them
    signin    the page that asks for consent, codes, and tokens that live an hour
    courses   users, courses and enrolments
    groups    group sets, groups and memberships
    pages     the pages of groups and courses
    files     their files
    modules   the modules of courses and the links in them
    announced  what is said to everybody in groups and courses
    events    the calendar
    look      pages for people: see the course, remove somebody by hand, end the course

May import: ``coplink.sandbox``, ``coplink.ports`` and ``coplink.core``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import DoorLink
from coplink_canvas.sandbox.courses import seed
from coplink_canvas.sandbox.groups import MARKER
from coplink_canvas.sandbox.look import Look


class CanvasSandbox(Look):
    """Canvas for every district of the region."""

    key = "canvas"

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        seed(region, store)
        self.route("POST", "/_sandbox/lag", self._set_lag, counted=False)

    def settings(self, district: str) -> Mapping[str, str]:
        """What ``connect`` takes for this district."""
        return {"base_url": self.base_url, "token": self.region.districts[district].canvas_token}

    def doors(self) -> Iterable[DoorLink]:
        """A look into each district's main course."""
        for district in self.region.districts.values():
            course = next((c for c in self.region.courses.values() if c.district == district.key), None)
            if course is not None:
                yield DoorLink(
                    f"Look into the course “{course.name}”",
                    f"{self.base_url}/look/courses/{course.id}",
                    district.name,
                )

    def state(self) -> Mapping[str, Any]:
        """Every group set, group, page and event there is."""
        members = self.store.all("canvas.memberships")
        groups = []
        for group in self.store.all("canvas.groups"):
            sitting = [
                m for m in members if m["group_id"] == group["id"] and m["workflow_state"] == "accepted"
            ]
            marker = MARKER.search(group["description"] or "")
            groups.append(
                {
                    "id": str(group["id"]),
                    "course": str(group["course_id"]),
                    "category": str(group["group_category_id"]),
                    "name": group["name"],
                    "marker": marker[0] if marker else "",
                    "members": [str(m["user_id"]) for m in sitting],
                    "moderators": [str(m["user_id"]) for m in sitting if m["moderator"]],
                }
            )
        return {
            "groups": groups,
            "categories": [
                {"id": str(c["id"]), "course": str(c["course_id"]), "name": c["name"]}
                for c in self.store.all("canvas.categories")
            ],
            "pages": [
                {
                    "id": str(p["page_id"]),
                    "group": str(p.get("group", "")),
                    "course": str(p.get("course", "")),
                    "title": p["title"],
                    "url": p["url"],
                    "body": p["body"],
                }
                for p in self.store.all("canvas.pages")
            ],
            "links": [
                {"id": str(one["id"]), "title": one["title"], "url": one["external_url"]}
                for one in self.store.all("canvas.links")
            ],
            "announcements": [
                {"id": str(one["id"]), "place": f"{one['kind']}/{one['home']}", "title": one["title"]}
                for one in self.store.all("canvas.announcements")
            ],
            "events": [self.summary(event) for event in self.store.all("canvas.events")],
        }

    def _set_lag(self, request: Request) -> Response:
        self.lag_seconds = float(request.get_json()["seconds"])
        return Response(status=204)


def make(region: Region, store: Store, clock: Callable[[], float] = time.time) -> CanvasSandbox:
    """The Canvas of this region; everything it knows lies in ``store``."""
    return CanvasSandbox(region, store, clock)

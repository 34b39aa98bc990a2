"""The announcements of groups and courses of the pretended Canvas. No create key: asked twice, it makes two."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Store
from coplink_canvas.sandbox.api import invalid, take, text, yes_or_no
from coplink_canvas.sandbox.groups import LONGEST, MANAGE, bare
from coplink_canvas.sandbox.modules import Modules
from coplink_canvas.sandbox.pages import tidy

SEE, MODERATE = "read_announcements", "moderate_forum"


class Announced(Modules):
    """``/groups/:id/discussion_topics`` and ``/courses/:id/discussion_topics``, announcements only."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        for kind in ("group", "course"):
            path = f"/{kind}s/<int:{kind}>/discussion_topics"
            self.api("GET", path, self._topics)
            self.api("POST", path, self._make_topic)

    def _topics(self, district: District, request: Request, **where: int) -> Response:
        asked = take(request, only_announcements=yes_or_no)
        ((kind, home),) = where.items()
        self._within(district, kind, home, SEE)
        if not asked.get("only_announcements"):
            raise invalid("only_announcements", "the sandbox knows announcements only")
        rows = [
            topic
            for topic in self.store.all("canvas.announcements")
            if (topic["kind"], topic["home"]) == (kind, home) and self.visible(topic)
        ]
        rows.sort(key=lambda topic: (topic["posted_at"], topic["id"]), reverse=True)
        return self.page(request, [_shown(topic) for topic in rows])

    def _make_topic(self, district: District, request: Request, **where: int) -> Any:
        asked = take(request, title=text, message=text, is_announcement=yes_or_no)
        ((kind, home),) = where.items()
        course = self._within(district, kind, home, MODERATE)
        self.going_on(district, course)
        if not asked.get("is_announcement"):
            raise invalid("is_announcement", "the sandbox makes announcements only")
        title = asked.get("title", "")
        if len(title) > LONGEST:
            raise invalid("title", "is too long (maximum is 255 characters)")
        made = {
            "id": 8000 + self.store.serial("canvas.announcements"),
            "kind": kind,
            "home": home,
            "title": title or "No Title",
            "message": tidy(asked.get("message", "")),
            "is_announcement": True,
            "published": True,
            "posted_at": self.now(),
            "html_url": f"{self.base_url}/{kind}s/{home}/discussion_topics",
            "made": self.clock(),
        }
        self.store.put("canvas.announcements", str(made["id"]), made)
        return _shown(made)

    def _within(self, district: District, kind: str, home: int, permission: str) -> int:
        """The course; refuses whom the role does not allow: in a group who manages groups may do everything."""
        if kind == "group":
            course = int(self.shown(self.group(district, home))["course_id"])
            self.need(district, MANAGE)
            return course
        self.course(district, home)
        self.need(district, permission)
        return home


def _shown(topic: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in bare(topic).items() if name not in ("kind", "home")}

"""The calendar of the pretended Canvas: events of groups. Canvas has no create key: asked twice, it makes two."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink_canvas.sandbox.announcements import Announced
from coplink_canvas.sandbox.api import absent, invalid, moment, one_of, take, text, yes_or_no
from coplink_canvas.sandbox.groups import LONGEST, MANAGE
from coplink_canvas.sandbox.pages import tidy

_MARK = re.compile(r"coplink:([0-9a-f]{24})/\d+/(\d{4}-\d{2}-\d{2})")


def group_code(value: str) -> int:
    """The group that a context code names; the sandbox has no other calendars."""
    found = re.fullmatch(r"group_([1-9]\d*)", value)
    if found is None:
        raise invalid("context_code", f"no group: {value!r}")
    return int(found[1])


class Events(Announced):
    """``/calendar_events``."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.api("GET", "/calendar_events", self._events)
        self.api("POST", "/calendar_events", self._make_event)
        self.api("GET", "/calendar_events/<int:event>", self._show_event)
        self.api("PUT", "/calendar_events/<int:event>", self._change_event)
        self.api("DELETE", "/calendar_events/<int:event>", self._drop_event)

    def summary(self, event: Document) -> dict[str, str]:
        """An event as the sandbox's state shows it."""
        mark = _MARK.search(event["description"])
        return {
            "id": str(event["id"]),
            "group": str(event["group"]),
            "title": event["title"],
            "key": mark[1] if mark else "",
            "date": mark[2] if mark else "",
            "start": event["start_at"],
            "end": event["end_at"],
        }

    def write_event(self, event: Document, **fields: Any) -> None:
        """Change an event, whoever does it."""
        event.update(fields, updated_at=self.now())
        self.store.put("canvas.events", str(event["id"]), event)

    def _events(self, district: District, request: Request) -> Response:
        asked = take(
            request,
            context_codes__=group_code,
            all_events=yes_or_no,
            undated=yes_or_no,
            start_date=moment,
            end_date=moment,
            type=one_of("event"),
            excludes__=one_of("description", "child_events", "assignment"),
        )
        codes = asked.get("context_codes__", [])
        for code in codes[:10]:
            self.shown(self.group(district, code))
            self.need(district, MANAGE)
        rows = [e for e in self.store.all("canvas.events") if e["group"] in codes[:10] and self.visible(e)]
        everything = asked.get("all_events", False)
        if not everything:  # without dates Canvas shows today
            first = asked.get("start_date", self.now()[:10] + "T00:00:00Z")
            last = max(asked.get("end_date", first), first)[:10] + "T23:59:59Z"
            rows = [e for e in rows if first <= e["start_at"] <= last]
        rows.sort(key=lambda event: (event["start_at"], event["id"]))
        done = ("calendar", str(codes[0])) if everything and len(codes) == 1 else None
        return self.page(request, [self._row(e) for e in rows], done)

    def _make_event(self, district: District, request: Request) -> Any:
        asked = take(
            request,
            calendar_event__context_code=group_code,
            calendar_event__title=text,
            calendar_event__description=text,
            calendar_event__start_at=moment,
            calendar_event__end_at=moment,
            calendar_event__location_name=text,
        )
        if "calendar_event__context_code" not in asked:
            raise invalid("context_code", "context_code is required")
        group = self.group(district, asked["calendar_event__context_code"])
        self.going_on(district, group["course_id"])
        self.need(district, MANAGE)
        made = {
            "id": 80000 + self.store.serial("canvas.events"),
            "group": group["id"],
            "created_at": self.now(),
            "made": self.clock(),
            **_checked(
                asked, {"title": "", "description": "", "start_at": "", "end_at": "", "location_name": ""}
            ),
        }
        self.write_event(made)
        return self.json(self._row(made), 201)

    def _show_event(self, district: District, request: Request, event: int) -> Any:
        take(request)
        return self._row(self.shown(self._event(district, event)))

    def _change_event(self, district: District, request: Request, event: int) -> Any:
        asked = take(
            request,
            calendar_event__title=text,
            calendar_event__description=text,
            calendar_event__start_at=moment,
            calendar_event__end_at=moment,
            calendar_event__location_name=text,
        )
        there = self._writable_event(district, event)
        self.write_event(there, **_checked(asked, there))
        return self._row(there)

    def _drop_event(self, district: District, request: Request, event: int) -> Any:
        take(request, cancel_reason=text)
        there = self._writable_event(district, event)
        self.store.drop("canvas.events", str(event))
        return {**self._row(there), "workflow_state": "deleted"}

    def _event(self, district: District, event: int) -> Document:
        there = self.store.get("canvas.events", str(event))
        if there is None:
            raise absent()
        self.group(district, there["group"])
        self.need(district, MANAGE)
        return there

    def _writable_event(self, district: District, event: int) -> Document:
        there = self._event(district, event)
        self.going_on(district, self.group(district, there["group"])["course_id"])
        return there

    def _row(self, event: Document) -> dict[str, Any]:
        code = f"group_{event['group']}"
        shown = {name: value for name, value in event.items() if name not in ("made", "group")}
        return {
            **shown,
            "context_code": code,
            "all_context_codes": code,
            "effective_context_code": None,
            "workflow_state": "active",
            "hidden": False,
            "all_day": False,
            "parent_event_id": None,
            "child_events": [],
            "child_events_count": 0,
            "url": f"{self.base_url}/api/v1/calendar_events/{event['id']}",
            "html_url": f"{self.base_url}/calendar?event_id={event['id']}&include_contexts={code}",
        }


def _checked(asked: dict[str, Any], before: Document) -> dict[str, str]:
    """The fields of an event after this request, if Canvas takes them."""
    names = ("title", "description", "start_at", "end_at", "location_name")
    event: dict[str, str] = {name: str(asked.get(f"calendar_event__{name}", before[name])) for name in names}
    if len(event["title"]) > LONGEST:
        raise invalid("title", "is too long (maximum is 255 characters)")
    if not event["start_at"] or event["end_at"] < event["start_at"]:
        raise invalid("end_at", "an event ends after it starts")
    event["description"] = tidy(event["description"])
    return event

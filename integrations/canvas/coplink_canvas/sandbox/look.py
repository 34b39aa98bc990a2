"""Pages for people: what the communities look like in the course, and the acts that people do by hand over there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Region
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import Refuse
from coplink_canvas.sandbox.page import document
from coplink_canvas.sandbox.signin import SignIn

_SMALL_PRINT = re.compile(r"\n*coplink:\S+")


class Look(SignIn):
    """``/look/courses/<id>``: counted nowhere, open to every visitor of the demo."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.route("GET", "/look/courses/<int:course>", self._look, counted=False)
        self.route("POST", "/look/courses/<int:course>/remove", self._remove, counted=False)
        self.route("POST", "/look/courses/<int:course>/conclude", self._conclude, counted=False)
        self.route("POST", "/look/courses/<int:course>/later", self._later, counted=False)
        self.route("GET", "/groups/<int:group>", self._front_door, counted=False)

    # --- the page ---------------------------------------------------------------------------------------------------

    def _look(self, request: Request, course: int) -> Response:
        found = self._found(course)
        over = found["workflow_state"] != "available"
        groups = [g for g in self.store.all("canvas.groups") if g["course_id"] == course]
        people = self.enrolments(course)
        parts = [
            f"<header><p>Canvas · {escape(self.region.districts[found['district']].name)}</p>"
            f"<h1>{escape(found['name'])}</h1><p>{escape(found['course_code'])} · {len(people)} people"
            f"{' · <strong>this course has ended</strong>' if over else ''}</p></header>"
        ]
        parts += [self._group_part(found, group) for group in groups]
        if not groups:
            parts.append("<section><p>No community has a group in this course yet.</p></section>")
        parts.append(self._people_part(people))
        word = "Open the course again" if over else "Conclude the course"
        parts.append(
            f'<section><h2>Course</h2><form method="post" action="/look/courses/{course}/conclude">'
            f"<button>{word}</button></form></section>"
        )
        return document(str(found["name"]), "".join(parts))

    def _group_part(self, course: Document, group: Document) -> str:
        about = _SMALL_PRINT.sub("", group["description"] or "")
        return (
            f'<section id="group-{group["id"]}"><h2>{escape(group["name"])}</h2>'
            f'<p class="about">{escape(about)}</p>'
            f"<h3>Members</h3>{self._members(course, group)}"
            f"<h3>Announcements</h3>{self._announced_part(group)}"
            f"<h3>Calendar</h3>{self._calendar(course, group)}"
            f"<h3>Pages</h3>{self._pages_part(group)}</section>"
        )

    def _announced_part(self, group: Document) -> str:
        told = [
            f"<article><h4>{escape(one['title'])}</h4>{one['message']}</article>"
            for one in self.store.all("canvas.announcements")
            if (one["kind"], one["home"]) == ("group", group["id"])
        ]
        return "".join(reversed(told)) or "<p>None yet.</p>"

    def _members(self, course: Document, group: Document) -> str:
        lines = []
        for seat in self.sitting(group["id"]):
            name = (self.person(seat["user_id"]) or {"name": "coplink service account"})["name"]
            leads = " <small>moderator</small>" if seat["moderator"] else ""
            lines.append(
                f"<li><span>{escape(name)}{leads}</span>"
                + _button(
                    course,
                    "remove",
                    {"group": group["id"], "user": seat["user_id"]},
                    f"Remove {name}",
                    "Remove",
                )
                + "</li>"
            )
        return f'<ul class="rows">{"".join(lines)}</ul>' if lines else "<p>Nobody sits here yet.</p>"

    def _calendar(self, course: Document, group: Document) -> str:
        zone = ZoneInfo(self.region.districts[course["district"]].zone)
        events = [e for e in self.store.all("canvas.events") if e["group"] == group["id"]]
        lines = []
        for event in sorted(events, key=lambda e: str(e["start_at"])):
            local = _read(event["start_at"]).astimezone(zone)
            when = f"{local:%a %d %b %Y, %H:%M}"
            lines.append(
                f"<li><span>{when} · {escape(event['title'])}</span>"
                + _button(
                    course, "later", {"event": event["id"]}, f"Move {when} an hour later", "An hour later"
                )
                + "</li>"
            )
        return f'<ol class="rows">{"".join(lines)}</ol>' if lines else "<p>Nothing on the calendar yet.</p>"

    def _pages_part(self, group: Document) -> str:
        pages = self.pages_in("group", int(group["id"]))
        bodies = [
            f"<details><summary>{escape(page['title'])}</summary>{_plain(page['body'])}</details>"
            for page in pages
        ]
        return "".join(bodies) or "<p>No pages.</p>"

    def _people_part(self, people: Mapping[str, str]) -> str:
        lines = []
        for user, role in people.items():
            name = (self.person(user) or {"name": "Somebody"})["name"]
            lines.append(f"<li><span>{escape(name)}</span><small>{escape(role)}</small></li>")
        return (
            f"<section><h2>People</h2><details><summary>{len(people)} people are in this course</summary>"
            f'<ul class="rows">{"".join(lines)}</ul></details></section>'
        )

    # --- what people do ---------------------------------------------------------------------------------------------

    def _remove(self, request: Request, course: int) -> Response:
        """A teacher takes somebody out of a group by hand."""
        with self.store.change():
            group = self.store.get("canvas.groups", request.form["group"])
            if group is None or group["course_id"] != course:
                raise Refuse(404, "not_found", "no such group in this course")
            self.store.drop("canvas.memberships", f"{group['id']}/{request.form['user']}")
        return redirect(f"/look/courses/{course}#group-{group['id']}", 303)

    def _conclude(self, request: Request, course: int) -> Response:
        """An administrator ends the course, or opens it again."""
        with self.store.change():
            found = self._found(course)
            over = found["workflow_state"] != "available"
            self.store.put(
                "canvas.courses",
                str(course),
                {**found, "workflow_state": "available" if over else "completed"},
            )
        return redirect(f"/look/courses/{course}", 303)

    def _later(self, request: Request, course: int) -> Response:
        """A teacher moves a meeting by an hour on the calendar."""
        with self.store.change():
            event = self.store.get("canvas.events", request.form["event"])
            if event is None:
                raise Refuse(404, "not_found", "no such event")
            moved = {
                name: (_read(event[name]) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
                for name in ("start_at", "end_at")
            }
            self.write_event(event, **moved)
        return redirect(f"/look/courses/{course}#group-{event['group']}", 303)

    def _front_door(self, request: Request, group: int) -> Response:
        """The address that Canvas gives a group leads to the look into its course."""
        found = self.store.get("canvas.groups", str(group))
        if found is None:
            raise Refuse(404, "not_found", "no such group")
        return redirect(f"/look/courses/{found['course_id']}#group-{group}", 303)

    def _found(self, course: int) -> Document:
        found = self.store.get("canvas.courses", str(course))
        if found is None:
            raise Refuse(404, "not_found", "no such course")
        return found


def _button(course: Document, act: str, hidden: Mapping[str, Any], label: str, word: str) -> str:
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(str(v))}">' for name, v in hidden.items()
    )
    return (
        f'<form method="post" action="/look/courses/{course["id"]}/{act}">{fields}'
        f'<button aria-label="{escape(label)}">{word}</button></form>'
    )


def _plain(html: str) -> str:
    """A page's text and links without its markup: what others wrote is never markup of ours."""
    lines = [re.sub(r"<[^>]+>", "", line).strip() for line in html.split("</p>")]
    return "".join(f"<p>{line}</p>" for line in lines if line and not line.startswith("coplink:"))


def _read(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)

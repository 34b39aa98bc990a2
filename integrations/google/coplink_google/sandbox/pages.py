"""The page “look into the shared drive”: what exists over here, and what people do there by hand.

They add a file, put one into the bin, take somebody out of the group, and move a meeting.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.calendar import Calendars
from coplink_google.sandbox.directory import Directory
from coplink_google.sandbox.drive import FOLDER, Drive
from coplink_google.sandbox.events import Events
from coplink_google.sandbox.frame import Frame
from coplink_google.sandbox.look import page


class Pages:
    """The pages for people; none of them counts as a call of coplink."""

    def __init__(
        self, wire: Frame, directory: Directory, drive: Drive, calendars: Calendars, events: Events
    ) -> None:
        self._wire, self._directory, self._drive = wire, directory, drive
        self._calendars, self._events = calendars, events
        wire.route("GET", "/look/drive", self._look, counted=False)
        wire.route("POST", "/look/drive/<drive>/file", self._add_file, counted=False)
        wire.route("POST", "/look/bin/<file>", self._delete_file, counted=False)
        wire.route("POST", "/look/group/<group>/remove", self._remove_member, counted=False)
        wire.route("POST", "/look/event/<event>/move", self._move, counted=False)

    def _look(self, request: Request) -> Response:
        drives = self._wire.store.all("google.drive")
        if not drives:
            return page("Shared drives", "<p>There is no shared drive yet.</p>")
        return page("Shared drives", "".join(self._card(drive) for drive in drives))

    def _card(self, drive: Document) -> str:
        addresses = {one["emailAddress"] for one in drive["permissions"]}
        groups = [one for one in self._directory.groups() if one["email"] in addresses]
        of_groups = {one["email"] for one in groups}
        calendars = [
            one
            for one in self._calendars.all()
            if any(rule["scope"]["value"] in of_groups for rule in one["rules"])
        ]
        return (
            f'<section class="card"><h2>{escape(drive["name"])}</h2>'
            + "".join(self._members(group) for group in groups)
            + self._files(drive, groups)
            + "".join(self._calendar(one) for one in calendars)
            + "</section>"
        )

    def _members(self, group: Document) -> str:
        rows = "".join(
            f"<li>{escape(self._name(group, one))} <span class=dim>{escape(one['email'])}, {one['role'].lower()}</span>"
            f'<form method="post" action="/look/group/{group["id"]}/remove">'
            f'<input type="hidden" name="member" value="{escape(one["id"])}">'
            f"<button>Remove {escape(self._name(group, one))}</button></form></li>"
            for one in self._directory.members(group)
        )
        about = f"<h3>Members</h3><p class=dim>Group {escape(group['email'])}</p>"
        return f"{about}<ul>{rows or '<li>Nobody yet</li>'}</ul>"

    def _files(self, drive: Document, groups: list[Document]) -> str:
        rows = "".join(
            f'<li id="{one["id"]}">{escape(one["name"])} <span class=dim>by {escape(one["by"]["displayName"])}, '
            f"{escape(one['modifiedTime'][:16].replace('T', ' '))}</span>"
            f'<form method="post" action="/look/bin/{one["id"]}">'
            f"<button>Put {escape(one['name'])} into the bin</button></form></li>"
            for one in self._drive.files(drive["id"])
            if one["mimeType"] != FOLDER and not one["trashed"] and not one["name"].startswith(".")
        )
        people = "".join(
            f'<option value="{escape(one["email"])}">{escape(self._name(group, one))}</option>'
            for group in groups
            for one in self._directory.members(group)
        )
        form = (
            f'<form method="post" action="/look/drive/{drive["id"]}/file">'
            f'<label>Name<input name="name" required maxlength="200" value="Reading log.docx"></label>'
            f'<label>As<select name="as" required>{people}</select></label><button>Add a file</button></form>'
        )
        return f"<h3>Library</h3><ul>{rows or '<li>No files yet</li>'}</ul>{form if people else ''}"

    def _calendar(self, calendar: Document) -> str:
        rows = "".join(
            self._event(event)
            for event in self._events.stored(calendar["id"])
            if event["event"]["status"] != "cancelled"
        )
        return (
            f"<h3>Calendar “{escape(calendar['summary'])}”</h3><ul>{rows or '<li>No meetings yet</li>'}</ul>"
        )

    def _event(self, document: Document) -> str:
        event = document["event"]
        guests = ", ".join(escape(one["email"]) for one in event.get("attendees", [])) or "nobody invited"
        title = f"<strong>{escape(event.get('summary', ''))}</strong> <span class=dim>{guests}</span>"
        rows = self._events.instances(document) if event.get("recurrence") else [event]
        return (
            f'<li id="{event["id"]}">{title}<ul>'
            + "".join(self._instance(one) for one in rows)
            + "</ul></li>"
        )

    def _instance(self, one: Mapping[str, Any]) -> str:
        if one["status"] == "cancelled":
            return f'<li class="off">{_local(one["originalStartTime"]):%a %d %b %Y, %H:%M}</li>'
        start = _local(one["start"])
        return (
            f"<li>{start:%a %d %b %Y, %H:%M}"
            f'<form method="post" action="/look/event/{escape(one["id"])}/move"><label>New start'
            f'<input type="datetime-local" name="start" required value="{start:%Y-%m-%dT%H:%M}"></label>'
            f"<button>Move</button></form></li>"
        )

    def _name(self, group: Document, member: Document) -> str:
        known = self._directory.account(self._wire.districts[group["district"]], member["id"])
        return str((known or member).get("name", member["email"]))

    # --- what people do -------------------------------------------------------------------------------------------

    def _add_file(self, request: Request, drive: str) -> Response:
        found = self._wire.store.get("google.drive", drive)
        if found is None:
            raise Refuse(404, "notFound", "there is no such drive")
        district = self._wire.districts[found["district"]]
        person = self._directory.account(district, request.form.get("as", ""))
        name = request.form.get("name", "").strip()
        if person is None or not name:
            raise Refuse(400, "invalid", "a file needs a name and somebody who makes it")
        folders = [
            one for one in self._drive.files(drive) if one["mimeType"] == FOLDER and one["name"] == "Library"
        ]
        with self._wire.store.change():
            kind = "application/vnd.google-apps.document"
            parents = [folders[0]["id"] if folders else drive]
            self._drive.add(found, person["email"], district, name=name, mimeType=kind, parents=parents)
        return _back()

    def _delete_file(self, request: Request, file: str) -> Response:
        if self._wire.store.get("google.file", file) is None:
            raise Refuse(404, "notFound", "there is no such file")
        with self._wire.store.change():
            self._drive.change(file, trashed=True)
        return _back()

    def _remove_member(self, request: Request, group: str) -> Response:
        with self._wire.store.change():
            found = self._wire.store.get("google.group", group)
            seated = [one["id"] for one in self._directory.members(found)] if found else []
            if found is None or request.form.get("member") not in seated:
                raise Refuse(404, "notFound", "there is no such member")
            self._directory.unseat(found, request.form["member"])
        return _back()

    def _move(self, request: Request, event: str) -> Response:
        name, _, stamp = event.partition("_")
        with self._wire.store.change():
            for document in self._wire.store.all("google.event"):
                if document["event"]["id"] == name:
                    self._move_one(document, stamp, request.form.get("start", ""))
                    return _back()
        raise Refuse(404, "notFound", "there is no such meeting")

    def _move_one(self, document: Document, stamp: str, text: str) -> None:
        base = document["event"]
        zone = ZoneInfo(base["start"]["timeZone"])
        try:
            start = datetime.fromisoformat(text).replace(tzinfo=zone)
        except ValueError:
            raise Refuse(400, "invalid", "the new start is no time") from None
        length = _local(base["end"]).astimezone(UTC) - _local(base["start"]).astimezone(UTC)
        starts = self._events.starts(document) if stamp else []
        regular = next((one for one in starts if f"{one:%Y%m%dT%H%M%SZ}" == stamp), None)
        if stamp and regular is None:
            raise Refuse(404, "notFound", "there is no such meeting")
        ends = start.astimezone(UTC) + max(length, timedelta(minutes=1))
        change = {
            "start": {"dateTime": start.isoformat(), "timeZone": zone.key},
            "end": {"dateTime": ends.astimezone(zone).isoformat(), "timeZone": zone.key},
        }
        self._events.change(document, regular, change, None)


def _local(value: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(value["dateTime"]).astimezone(ZoneInfo(value["timeZone"]))


def _back() -> Response:
    return Response(status=303, headers={"Location": "/look/drive"})

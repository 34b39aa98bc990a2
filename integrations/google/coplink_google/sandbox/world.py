"""The Google sandbox put together: its parts, its settings, its doors and what it holds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from coplink.sandbox.district import Region
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import DoorLink
from coplink_google.sandbox.batch import Batch
from coplink_google.sandbox.calendar import Calendars
from coplink_google.sandbox.chat import Chat
from coplink_google.sandbox.chooser import Chooser
from coplink_google.sandbox.directory import Directory
from coplink_google.sandbox.drive import Drive
from coplink_google.sandbox.events import Events
from coplink_google.sandbox.frame import Frame
from coplink_google.sandbox.pages import Pages
from coplink_google.sandbox.signin import CHAT_SCOPES, FOLDER_SCOPES, ROBOT_SCOPES, SignIn

MARKER = re.compile(r"(coplink:[0-9a-f]{32})\s*$")


class GoogleSandbox(Frame):
    """Google Workspace for every district of the region that lives in it."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.directory = Directory(self)
        self.batch = Batch(self)
        self.drive = Drive(self, self.directory)
        self.calendars = Calendars(self, self.directory)
        self.events = Events(self, self.calendars)
        self.signin = SignIn(self)
        self.chooser = Chooser(self, self.directory)
        self.chat = Chat(self, self.directory)
        self.pages = Pages(self, self.directory, self.drive, self.calendars, self.events)

    def settings(self, district: str) -> Mapping[str, str]:
        if district not in self.districts:
            raise LookupError(district)
        return self.signin.settings(self.districts[district])

    def settings_of(self, mode: str, district: str) -> Mapping[str, str]:
        """What a connection of this mode takes; what an admin does for it beforehand is done."""
        settings = dict(self.settings(district))
        if mode == "delegation":
            self.signin.delegate(district)
            return {**settings, "mode": mode, "robot_refresh_token": ""}
        if mode == "folder":
            self.signin.consent(district, FOLDER_SCOPES)
            _, folder = self.drive.bring(self.districts[district])
            return {**settings, "mode": mode, "folder": folder, "service_account": ""}
        return settings

    def with_chat(self, district: str) -> Mapping[str, str]:
        """What a connection takes beside the rest to make Chat spaces; the robot account grants what that needs."""
        self.signin.consent(district, ROBOT_SCOPES + CHAT_SCOPES)
        return {"chat": "yes"}

    def doors(self) -> Iterable[DoorLink]:
        names = ", ".join(one.name for one in self.districts.values())
        yield DoorLink(
            "look into the shared drive", f"{self.base_url}/look/drive", f"Google Workspace of {names}"
        )

    def state(self) -> Mapping[str, Any]:
        return {
            "groups": [
                {
                    "id": one["id"],
                    "name": one["name"],
                    "email": one["email"],
                    "marker": _marker(one["description"]),
                    "members": sorted(member["id"] for member in self.directory.members(one)),
                }
                for one in self.directory.groups()
            ],
            "drives": [self._drive_state(one) for one in self.store.all("google.drive")],
            "calendars": [
                {
                    "id": one["id"],
                    "name": one["summary"],
                    "marker": _marker(one["description"]),
                    "rules": one["rules"],
                }
                for one in self.calendars.all()
            ],
            "series": [self._series(event) for event in self._standing() if event["event"].get("recurrence")],
            "events": [
                self._single(event) for event in self._standing() if not event["event"].get("recurrence")
            ],
            "mails": self.store.all("google.mail"),
            "chats": [
                {
                    "id": one["name"],
                    "name": one["title"],
                    "marker": _marker(one["about"]),
                    "groups": one["groups"],
                    "messages": self.chat.messages(one["name"]),
                }
                for one in self.chat.spaces()
            ],
        }

    def _drive_state(self, drive: Document) -> Mapping[str, Any]:
        files = self.drive.files(drive["id"])
        marks = [one["appProperties"]["coplink"] for one in files if "coplink" in one["appProperties"]]
        return {
            "id": drive["id"],
            "name": drive["name"],
            "marker": f"coplink:{marks[0]}" if marks else "",
            "files": [
                {"id": one["id"], "name": one["name"], "mimeType": one["mimeType"], "trashed": one["trashed"]}
                for one in files
            ],
            "permissions": [
                {"id": one["id"], "role": one["role"], "address": one["emailAddress"]}
                for one in drive["permissions"]
            ],
        }

    def _standing(self) -> list[Document]:
        return [one for one in self.store.all("google.event") if one["event"]["status"] != "cancelled"]

    def _series(self, document: Document) -> Mapping[str, Any]:
        rows = self.events.instances(document)
        cancelled = [
            row["originalStartTime"]["dateTime"][:10] for row in rows if row["status"] == "cancelled"
        ]
        starts = [_utc(row["start"]["dateTime"]) for row in rows if row["status"] != "cancelled"]
        return {**self._single(document), "instances": starts, "cancelled": cancelled}

    def _single(self, document: Document) -> Mapping[str, Any]:
        event = document["event"]
        return {
            "id": event["id"],
            "calendar": document["calendar"],
            "title": event.get("summary", ""),
            "attendees": [one["email"] for one in event.get("attendees", [])],
            "start": _utc(event["start"]["dateTime"]),
        }


def _marker(text: str) -> str:
    found = MARKER.search(text)
    return found[1] if found else ""


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()

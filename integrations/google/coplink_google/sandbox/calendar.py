"""Calendars and who may see them, pretended. A calendar belongs to the account that made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.directory import Directory
from coplink_google.sandbox.frame import Asked, Frame


class Calendars:
    """The calendars, the caller's list of them, and their access rules."""

    def __init__(self, wire: Frame, directory: Directory) -> None:
        self._wire, self._store, self._directory = wire, wire.store, directory
        wire.api("calendar.calendars.insert", self._insert)
        wire.api("calendar.calendars.get", lambda asked: self._view(self.calendar(asked)))
        wire.api("calendar.calendars.patch", self._patch)
        wire.api("calendar.calendarList.list", self._list)
        wire.api("calendar.acl.list", self._list_rules)
        wire.api("calendar.acl.insert", self._insert_rule)

    def all(self) -> list[Document]:
        """Every calendar made here."""
        return self._store.all("google.calendar")

    def calendar(self, asked: Asked) -> Document:
        """A calendar of the caller's own."""
        found = self._store.get("google.calendar", asked.path["calendarId"])
        if found is None or found["owner"] != asked.caller:
            raise Refuse(404, "notFound", "Not Found")
        return found

    def _insert(self, asked: Asked) -> Mapping[str, Any]:
        if asked.caller.endswith(".gserviceaccount.com"):
            raise Refuse(403, "forbidden", "A service account's calendar could never be handed over.")
        number = self._wire.fresh_id("calendar", "c_", 32)
        calendar = {
            "id": f"{number}@group.calendar.google.com",
            "district": asked.district.key,
            "owner": asked.caller,
            "summary": asked.body["summary"],
            "description": asked.body.get("description", ""),
            "timeZone": asked.body.get("timeZone", "UTC"),
            "etag": self._wire.etag(),
            "rules": [
                {
                    "id": f"user:{asked.caller}",
                    "role": "owner",
                    "scope": {"type": "user", "value": asked.caller},
                }
            ],
        }
        self._store.put("google.calendar", calendar["id"], calendar)
        return self._view(calendar)

    def _patch(self, asked: Asked) -> Mapping[str, Any]:
        if set(asked.body) - {"summary", "description"}:
            raise Refuse(400, "invalid", "the sandbox changes title and description of a calendar only")
        calendar = {**self.calendar(asked), **asked.body, "etag": self._wire.etag()}
        self._store.put("google.calendar", calendar["id"], calendar)
        return self._view(calendar)

    def _view(self, calendar: Document) -> Mapping[str, Any]:
        names = ("id", "etag", "summary", "description", "timeZone")
        shown = {name: calendar[name] for name in names}
        return {"kind": "calendar#calendar", "dataOwner": calendar["owner"], **shown}

    def _list(self, asked: Asked) -> Mapping[str, Any]:
        rows = [one for one in self.all() if one["owner"] == asked.caller]
        size = min(asked.query.get("maxResults", 100), 250)
        some, onward = self._wire.page(rows, size, asked.query.get("pageToken"), ["calendars", asked.caller])
        names = ("id", "etag", "summary", "description", "timeZone")
        kind = {"kind": "calendar#calendarListEntry", "accessRole": "owner"}
        entries = [{**kind, **{name: one[name] for name in names}} for one in some]
        found = {"kind": "calendar#calendarList", "items": entries}
        return {**found, "nextPageToken": onward} if onward else found

    def _list_rules(self, asked: Asked) -> Mapping[str, Any]:
        calendar = self.calendar(asked)
        size = min(asked.query.get("maxResults", 100), 250)
        about = ["acl", calendar["id"]]
        some, onward = self._wire.page(calendar["rules"], size, asked.query.get("pageToken"), about)
        found = {"kind": "calendar#acl", "items": [{"kind": "calendar#aclRule", **one} for one in some]}
        return {**found, "nextPageToken": onward} if onward else found

    def _insert_rule(self, asked: Asked) -> Mapping[str, Any]:
        calendar, scope = self.calendar(asked), dict(asked.body["scope"])
        value = str(scope.get("value", "")).casefold()
        if scope.get("type") == "group":
            group = self._directory.find_group(asked.district, value)
            if group is None or not self._wire.visible(group):
                raise Refuse(404, "notFound", "The group was not found.")
        elif scope.get("type") != "user":
            raise Refuse(400, "invalid", "Invalid scope")
        if asked.query.get("sendNotifications", True):
            self._store.put(
                "google.mail", str(self._store.serial("google.mail")), {"to": value, "about": "calendar"}
            )
        rule = {"id": f"{scope['type']}:{value}", "role": asked.body["role"], "scope": scope}
        calendar["rules"] = [one for one in calendar["rules"] if one["id"] != rule["id"]] + [rule]
        self._store.put("google.calendar", calendar["id"], calendar)
        return {"kind": "calendar#aclRule", **rule}

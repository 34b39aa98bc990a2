"""Events, pretended: recurring ones with instances, single ones, and ids that are never freed.

A changed instance is an override of its series, kept by its regular start. A cancelled one shows nothing but its ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.calendar import Calendars
from coplink_google.sandbox.frame import Asked, Frame, opaque
from coplink_google.sandbox.recurrence import expand

LISTED_BY = {
    "alt", "prettyPrint", "fields", "maxResults", "pageToken",
    "privateExtendedProperty", "showDeleted", "singleEvents",
}  # fmt: skip


class Events:
    """The Calendar API's events. A stored event holds ``event`` and, for a series, ``overrides`` by regular start."""

    def __init__(self, wire: Frame, calendars: Calendars) -> None:
        self._wire, self._store, self._calendars = wire, wire.store, calendars
        self.meet = "success"  # what becomes of a room that was asked for: success, failure or still pending
        wire.api("calendar.events.insert", self._insert)
        wire.api("calendar.events.get", self._get)
        wire.api("calendar.events.list", self._list)
        wire.api("calendar.events.instances", self._instances)
        wire.api("calendar.events.patch", self._patch)
        wire.api("calendar.events.delete", self._delete)

    # --- what is there --------------------------------------------------------------------------------------------

    def stored(self, calendar: str) -> list[Document]:
        """Every event of a calendar, cancelled ones included."""
        return [one for one in self._store.all("google.event") if one["calendar"] == calendar]

    def starts(self, event: Document) -> list[datetime]:
        """The regular starts of a series."""
        zone = ZoneInfo(event["event"]["start"]["timeZone"])
        return expand(event["event"]["recurrence"], _moment(event["event"]["start"]), zone)

    def instances(self, event: Document) -> list[dict[str, Any]]:
        """Every instance of a series as Google shows it, cancelled ones with their ids only."""
        return [self._instance(event, start) for start in self.starts(event)]

    def _instance(self, event: Document, start: datetime) -> dict[str, Any]:
        base, stamp = event["event"], f"{start:%Y%m%dT%H%M%SZ}"
        zone = base["start"]["timeZone"]
        over = event["overrides"].get(stamp, {})
        ids = {
            "kind": "calendar#event",
            "id": f"{base['id']}_{stamp}",
            "etag": over.get("etag", f'"{opaque("", 8, base["etag"], stamp)}"'),
            "recurringEventId": base["id"],
            "originalStartTime": _when(start, zone),
            "status": over.get("status", "confirmed"),
        }
        if ids["status"] == "cancelled":
            return ids
        length = _moment(base["end"]) - _moment(base["start"])
        regular = {"start": _when(start, zone), "end": _when(start + length, zone)}
        inherited = {name: value for name, value in base.items() if name != "recurrence"}
        return {**inherited, **regular, **over, **ids}

    def _find(self, asked: Asked) -> tuple[Document, datetime | None]:
        """The event a call names, and the regular start where it is an instance."""
        calendar, key = self._calendars.calendar(asked), asked.path["eventId"]
        name, _, stamp = key.partition("_")
        event = self._store.get("google.event", f"{calendar['id']}/{name}")
        if event is None:
            raise Refuse(404, "notFound", "Not Found")
        if not stamp:
            return event, None
        found = [start for start in self._regular(event) if f"{start:%Y%m%dT%H%M%SZ}" == stamp]
        if not found:
            raise Refuse(404, "notFound", "Not Found")
        return event, found[0]

    def _regular(self, event: Document) -> list[datetime]:
        return self.starts(event) if event["event"].get("recurrence") else []

    # --- reading --------------------------------------------------------------------------------------------------

    def _get(self, asked: Asked) -> Mapping[str, Any]:
        event, start = self._find(asked)
        if start is not None:
            return self._instance(event, start)
        return self._shown(event)

    def _shown(self, event: Document) -> dict[str, Any]:
        found = dict(event["event"])
        request = found.get("conferenceData", {}).get("createRequest")
        if request and request["status"]["statusCode"] == "pending":  # Google makes the room in its own time
            found["conferenceData"] = _room(found["conferenceData"], found["id"], self.meet)
        return found

    def _list(self, asked: Asked) -> Mapping[str, Any]:
        calendar, query = self._calendars.calendar(asked), asked.query
        unknown = query.keys() - LISTED_BY
        if unknown:
            raise Refuse(400, "invalidParameter", f"the sandbox lists without {sorted(unknown)[0]}")
        rows: list[dict[str, Any]] = []
        for event in self.stored(calendar["id"]):
            series = bool(event["event"].get("recurrence"))
            if query.get("singleEvents") and series and event["event"]["status"] != "cancelled":
                rows += self.instances(event)
                continue
            rows.append(self._shown(event))
            if series:
                rows += [one for one in self.instances(event) if _stamp(one) in event["overrides"]]
        wanted = [one.partition("=")[::2] for one in query.get("privateExtendedProperty", [])]
        rows = [row for row in rows if all(_private(row).get(name) == value for name, value in wanted)]
        if not query.get("showDeleted"):
            rows = [row for row in rows if row["status"] != "cancelled" or "recurringEventId" in row]
        about = ["events", calendar["id"], sorted(str(one) for one in query.items() if one[0] != "pageToken")]
        return self._page(asked, calendar, rows, about)

    def _instances(self, asked: Asked) -> Mapping[str, Any]:
        event, start = self._find(asked)
        if start is not None or not event["event"].get("recurrence"):
            raise Refuse(400, "invalid", "not a recurring event")
        rows = [] if event["event"]["status"] == "cancelled" else self.instances(event)
        if not asked.query.get("showDeleted"):
            rows = [row for row in rows if row["status"] != "cancelled"]
        return self._page(asked, self._calendars.calendar(asked), rows, ["instances", event["event"]["id"]])

    def _page(
        self, asked: Asked, calendar: Document, rows: list[dict[str, Any]], about: Any
    ) -> Mapping[str, Any]:
        size = min(asked.query.get("maxResults", 250), 2500)
        some, onward = self._wire.page(rows, size, asked.query.get("pageToken"), about)
        head = {"kind": "calendar#events", "summary": calendar["summary"], "timeZone": calendar["timeZone"]}
        if onward:
            return {**head, "items": some, "nextPageToken": onward}
        self._wire.read_completely("calendar", calendar["id"])
        return {**head, "items": some}

    # --- writing --------------------------------------------------------------------------------------------------

    def _insert(self, asked: Asked) -> Mapping[str, Any]:
        calendar, body = self._calendars.calendar(asked), dict(asked.body)
        name = body.get("id") or opaque("", 26, "event", self._store.serial("google.event")).translate(
            _TO_HEX
        )
        if not re.fullmatch(r"[a-v0-9]{5,1024}", name):
            raise Refuse(400, "invalid", "Invalid resource id value.")
        if self._store.get("google.event", f"{calendar['id']}/{name}"):
            raise Refuse(409, "duplicate", "The requested identifier already exists.")
        head = {"kind": "calendar#event", "status": "confirmed", "id": name, "iCalUID": f"{name}@google.com"}
        times = {"created": self._wire.moment(), "updated": self._wire.moment(), "etag": self._wire.etag()}
        organizer = {"email": calendar["id"], "displayName": calendar["summary"], "self": True}
        event = {**head, **times, **body, "id": name, "sequence": 0, "organizer": organizer}
        event["htmlLink"] = f"{self._wire.base_url}/look/drive#{name}"
        self._settle(event, asked)
        document = {"calendar": calendar["id"], "event": event, "overrides": {}}
        self._check(document)
        self._store.put("google.event", f"{calendar['id']}/{name}", document)
        self._mail(asked, event)
        return event

    def _patch(self, asked: Asked) -> Mapping[str, Any]:
        event, start = self._find(asked)
        if event["event"]["status"] == "cancelled":
            raise Refuse(403, "forbidden", "Forbidden")
        changed = self.change(event, start, dict(asked.body), asked)
        self._mail(asked, event["event"])
        return changed

    def change(
        self, event: Document, start: datetime | None, body: Mapping[str, Any], asked: Asked | None
    ) -> dict[str, Any]:
        """Change an event or one instance, for the API or for a person (``asked`` None)."""
        if start is None:
            _merge(event["event"], body)
            event["event"].update(etag=self._wire.etag(), updated=self._wire.moment())
            event["event"]["sequence"] += 1
            if asked:
                self._settle(event["event"], asked)
            self._check(event)
            regular = {f"{one:%Y%m%dT%H%M%SZ}" for one in self._regular(event)}
            event["overrides"] = {
                stamp: over for stamp, over in event["overrides"].items() if stamp in regular
            }
            shown: dict[str, Any] = event["event"]
        else:
            over = event["overrides"].setdefault(f"{start:%Y%m%dT%H%M%SZ}", {})
            before = _private(self._instance(event, start))
            _merge(over, body)
            if "extendedProperties" in over:
                over["extendedProperties"]["private"] = {
                    **before,
                    **over["extendedProperties"].get("private", {}),
                }
            over["etag"] = self._wire.etag()
            shown = self._instance(event, start)
        self._store.put("google.event", f"{event['calendar']}/{event['event']['id']}", event)
        return shown

    def _delete(self, asked: Asked) -> None:
        event, start = self._find(asked)
        if event["event"]["status"] == "cancelled":
            raise Refuse(410, "deleted", "Resource has been deleted")
        self._mail(asked, event["event"])
        self.change(event, start, {"status": "cancelled"}, None)

    def _settle(self, event: dict[str, Any], asked: Asked) -> None:
        """What Google adds to an event that is written."""
        for guest in event.get("attendees", []):
            guest.setdefault("responseStatus", "needsAction")
        conference = event.get("conferenceData")
        if conference and asked.query.get("conferenceDataVersion") != 1:
            event.pop("conferenceData")
        elif conference and "createRequest" in conference:
            conference["createRequest"].setdefault("status", {"statusCode": "pending"})

    def _check(self, document: Document) -> None:
        event = document["event"]
        start, end = _moment(event.get("start")), _moment(event.get("end"))
        if not start < end <= start + timedelta(days=1):
            raise Refuse(400, "timeRangeEmpty", "The specified time range is empty.")
        if event.get("recurrence") and "timeZone" not in event["start"]:
            raise Refuse(400, "required", "Missing time zone definition for start time.")
        addresses = [guest.get("email", "") for guest in event.get("attendees", [])]
        if any("@" not in address for address in addresses) or len(set(addresses)) != len(addresses):
            raise Refuse(400, "invalid", "Invalid attendee email.")
        self._regular(document)

    def _mail(self, asked: Asked, event: Mapping[str, Any]) -> None:
        told = asked.query.get("sendUpdates", "none")
        for guest in event.get("attendees", []) if told == "all" else []:
            number = str(self._store.serial("google.mail"))
            self._store.put("google.mail", number, {"to": guest["email"], "about": event["id"]})


_TO_HEX = str.maketrans("wxyz", "0123")


def _merge(target: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, dict) and isinstance(target.get(name), dict) and name not in ("start", "end"):
            _merge(target[name], value)
        else:
            target[name] = value


def _private(row: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = row.get("extendedProperties", {}).get("private", {})
    return found


def _stamp(instance: Mapping[str, Any]) -> str:
    return str(instance["id"]).partition("_")[2]


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value["dateTime"])
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(value["timeZone"]))
    except (TypeError, KeyError, ValueError):
        raise Refuse(400, "required", "Missing or wrong start or end time.") from None
    return found.astimezone(UTC)


def _when(moment: datetime, zone: str) -> dict[str, str]:
    return {"dateTime": moment.astimezone(ZoneInfo(zone)).isoformat(), "timeZone": zone}


def _room(conference: Mapping[str, Any], name: str, status: str) -> dict[str, Any]:
    request = {**conference["createRequest"], "status": {"statusCode": status}}
    if status != "success":
        return {**conference, "createRequest": request}
    letters = opaque("", 10, "meet", name).translate(str.maketrans("234567", "uvwxyz"))
    code = f"{letters[:3]}-{letters[3:7]}-{letters[7:]}"
    entry = {
        "entryPointType": "video",
        "uri": f"https://meet.google.com/{code}",
        "label": f"meet.google.com/{code}",
    }
    return {**conference, "createRequest": request, "entryPoints": [entry], "conferenceId": code}

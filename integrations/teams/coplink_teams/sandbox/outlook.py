"""The service mailbox's calendar: series, occurrences, exceptions, cancellations, transaction ids, change keys."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox import expand
from coplink_teams.sandbox.frame import GraphWire
from coplink_teams.sandbox.moments import closed, in_zone, opened, plain, times, utc

KIND, PERMISSION = "teams.event", "Calendars.ReadWrite"
WRITABLE = (
    "subject", "body", "location", "start", "end", "attendees", "recurrence", "transactionId", "isOnlineMeeting",
    "onlineMeetingProvider", "allowNewTimeProposals", "singleValueExtendedProperties",
)  # fmt: skip
FILTER = re.compile(r"singleValueExtendedProperties/Any\(ep: ep/id eq '([^']+)' and ep/value eq '([^']+)'\)")


class Outlook:
    """``/users/{mailbox}/events`` of the one mailbox the app may use."""

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire
        events = "/users/<mailbox>/events"
        wire.api("GET", events, self.listing, PERMISSION, ("$filter", "$select", "$top", "$skiptoken"))
        wire.api("POST", events, self.create, PERMISSION)
        wire.api("GET", f"{events}/<event>", self.one, PERMISSION, ("$select",))
        wire.api("PATCH", f"{events}/<event>", self.change, PERMISSION)
        wire.api("DELETE", f"{events}/<event>", self.delete, PERMISSION)
        wire.api("POST", f"{events}/<event>/cancel", self.cancel, PERMISSION)
        span = ("startDateTime", "endDateTime", "$select", "$top", "$skiptoken")
        wire.api("GET", f"{events}/<event>/instances", self.instances, PERMISSION, span)

    # --- for people and tests -------------------------------------------------------------------------------------

    def occurrences(self, master: Document) -> Iterator[tuple[str, datetime, datetime]]:
        """Original local date, start and end (UTC) of what is still on the calendar."""
        for day in expand.dates(master["recurrence"]) if master["recurrence"] else ():
            name = day.isoformat()
            if name not in master["cancelled"]:
                moved = master["exceptions"].get(name)
                start, end = (moved["start"], moved["end"]) if moved else plain(master, day)
                yield name, datetime.fromisoformat(start), datetime.fromisoformat(end)

    def move(self, master_id: str, day: str, minutes: int) -> None:
        """Somebody moves one meeting in Outlook."""
        with self._wire.store.change():
            master = self._wire.document(KIND, master_id)
            start, end = next((s, e) for name, s, e in self.occurrences(master) if name == day)
            by = timedelta(minutes=minutes)
            self._except(master, day, (start + by).isoformat(), (end + by).isoformat())

    # --- routes ---------------------------------------------------------------------------------------------------

    def listing(self, request: Request, mailbox: str) -> Response:
        """Masters and single events; the one filter is by an extended property."""
        self._mailbox(mailbox)
        events = self._wire.store.all(KIND)
        if (text := request.args.get("$filter")) is not None:
            match = FILTER.fullmatch(text)
            if not match:
                raise Refuse(400, "ErrorInvalidUrlQueryFilter", "The filter is not supported")
            events = [e for e in events if [match[1], match[2]] in e["properties"]]
        return self._wire.page(request, [self._shown(request, e) for e in events])

    def create(self, request: Request, mailbox: str) -> Response:
        """A new event; the same ``transactionId`` gives the event it made before."""
        self._mailbox(mailbox)
        wire = self._wire
        body = wire.body(request, WRITABLE, ("subject", "start", "end"))
        start, end, zone = times(body)
        recurrence = expand.checked(body["recurrence"], start) if body.get("recurrence") else None
        with wire.store.change():
            again = [
                e
                for e in wire.store.all(KIND)
                if e["transaction"] and e["transaction"] == body.get("transactionId")
            ]
            if again:
                return wire.json(self._shown(request, again[0]), 201)
            kept: Document = {
                "id": f"AAMk{secrets.token_hex(20)}", "subject": body["subject"], "body": body.get("body"),
                "location": body.get("location"), "start": start, "end": end, "zone": zone, "recurrence": recurrence,
                "attendees": list(body.get("attendees") or ()), "transaction": body.get("transactionId"),
                "properties": [[p["id"], p["value"]] for p in body.get("singleValueExtendedProperties") or ()],
                "exceptions": {}, "cancelled": [], "key": self._key(), "online": bool(body.get("isOnlineMeeting")),
            }  # fmt: skip
            wire.store.put(KIND, kept["id"], kept)
        return wire.json(self._shown(request, kept), 201)

    def one(self, request: Request, mailbox: str, event: str) -> Response:
        """A master, a single event or one occurrence."""
        master, day = self._found(mailbox, event)
        if day is None:
            if master["recurrence"] is None:
                self._wire.read_completely("calendar", event)
            return self._wire.json(self._wire.selected(request, self._shown(request, master)))
        for name, start, end in self.occurrences(master):
            if name == day:
                return self._wire.json(
                    self._wire.selected(request, self._occurrence(request, master, name, start, end))
                )
        raise Refuse(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    def instances(self, request: Request, mailbox: str, event: str) -> Response:
        """Occurrences and exceptions between two moments; cancelled ones are not told."""
        master, day = self._found(mailbox, event)
        if day is not None or not master["recurrence"]:
            raise Refuse(400, "ErrorInvalidRequest", "Only a series has instances")
        if not {"startDateTime", "endDateTime"} <= set(request.args):
            raise Refuse(400, "ErrorInvalidParameter", "This request requires a time window")
        first, last = (datetime.fromisoformat(request.args[n]) for n in ("startDateTime", "endDateTime"))
        shown = [
            self._occurrence(request, master, name, start, end)
            for name, start, end in self.occurrences(master)
            if first <= start <= last
        ]
        return self._wire.page(request, shown, lambda: self._wire.read_completely("calendar", event))

    def change(self, request: Request, mailbox: str, event: str) -> Response:
        """Change a master or an event; changing one occurrence makes it an exception."""
        with self._wire.store.change():
            master, day = self._found(mailbox, event)
            body = self._wire.body(request, ("subject", "body", "location", "start", "end", "attendees"))
            if day is not None:
                if set(body) - {"@odata.type"} != {"start", "end"}:
                    raise Refuse(
                        400, "ErrorInvalidRequest", "The sandbox changes only the times of an occurrence"
                    )
                if day not in {name for name, _, _ in self.occurrences(master)}:
                    raise Refuse(404, "ErrorItemNotFound", "The specified object was not found in the store.")
                start, end, zone = times(body)
                self._except(master, day, utc(start, zone), utc(end, zone))
                return self.one(request, mailbox, event)
            if "start" in body or "end" in body:
                start, end, zone = times(body)
                master |= {"start": start, "end": end, "zone": zone}
            master |= {n: body[n] for n in ("subject", "body", "location", "attendees") if n in body}
            master["key"] = self._key()
            for exception in master["exceptions"].values():  # a change of the series reaches its exceptions
                exception["key"] = self._key()
            self._wire.store.put(KIND, master["id"], master)
        return self._wire.json(self._shown(request, master))

    def cancel(self, request: Request, mailbox: str, event: str) -> Response:
        """The organiser calls an event or one occurrence off; attendees are told."""
        self._wire.body(request, ("Comment",))
        master, _ = self._found(mailbox, event)
        if not master["attendees"]:
            raise Refuse(400, "ErrorInvalidRequest", "Your request can't be completed: this is not a meeting")
        self._take_out(mailbox, event)
        return Response(status=202)

    def delete(self, request: Request, mailbox: str, event: str) -> Response:
        """Delete an event, a series or one occurrence."""
        self._take_out(mailbox, event)
        return Response(status=204)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _mailbox(self, mailbox: str) -> None:
        if mailbox.casefold() != self._wire.district.service_mailbox.casefold():
            raise Refuse(
                403, "ErrorAccessDenied", "Access to this mailbox is denied by an application access policy"
            )

    def _found(self, mailbox: str, event: str) -> tuple[Document, str | None]:
        self._mailbox(mailbox)
        master_id, day = opened(event)
        kept = self._wire.store.get(KIND, master_id)
        if kept is None:
            raise Refuse(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return kept, day

    def _take_out(self, mailbox: str, event: str) -> None:
        with self._wire.store.change():
            master, day = self._found(mailbox, event)
            if day is None:
                self._wire.store.drop(KIND, master["id"])
                return
            if day in master["cancelled"]:
                raise Refuse(404, "ErrorItemNotFound", "The specified object was not found in the store.")
            master["cancelled"].append(day)
            master["exceptions"].pop(day, None)
            self._wire.store.put(KIND, master["id"], master)

    def _except(self, master: Document, day: str, start: str, end: str) -> None:
        master["exceptions"][day] = {"start": start, "end": end, "key": self._key()}
        self._wire.store.put(KIND, master["id"], master)

    def _key(self) -> str:
        return base64.b64encode(f"change-{self._wire.store.serial(KIND)}".encode()).decode()

    def _shown(self, request: Request, e: Document) -> Document:
        start, end = utc(e["start"], e["zone"]), utc(e["end"], e["zone"])
        shown = self._common(request, e, e["id"], e["key"], start, end)
        shown |= {
            "type": "seriesMaster" if e["recurrence"] else "singleInstance",
            "transactionId": e["transaction"],
        }
        return shown | {"recurrence": e["recurrence"]} if e["recurrence"] else shown

    def _occurrence(
        self, request: Request, master: Document, day: str, start: datetime, end: datetime
    ) -> Document:
        exception = master["exceptions"].get(day)
        key = exception["key"] if exception else master["key"]
        shown = self._common(
            request, master, closed(master["id"], day), key, start.isoformat(), end.isoformat()
        )
        original = plain(master, date.fromisoformat(day))[0]
        return shown | {
            "type": "exception" if exception else "occurrence",
            "seriesMasterId": master["id"],
            "originalStart": datetime.fromisoformat(original).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _common(
        self, request: Request, e: Document, event_id: str, key: str, start: str, end: str
    ) -> Document:
        match = re.search(r'outlook\.timezone="([^"]+)"', request.headers.get("Prefer", ""))
        zone = match[1] if match else "UTC"
        return {
            "id": event_id,
            "changeKey": key,
            "subject": e["subject"],
            "isCancelled": False,
            "isOrganizer": True,
            "start": in_zone(start, zone),
            "end": in_zone(end, zone),
            "attendees": e["attendees"],
            "isOnlineMeeting": e["online"],
            "organizer": {"emailAddress": {"address": self._wire.district.service_mailbox}},
        }

"""The service mailbox’s calendar, call by call: what it holds of a series, and the few writes coplink makes.

Times are asked for in UTC and ids as immutable ones (Graph’s ``Prefer`` header). An event that is cancelled counts as
not there.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from coplink.core.rhythm import Series, zone_of
from coplink.ports.errors import Gone, IntegrationError
from coplink_teams.calls import Graph
from coplink_teams.replies import accepted, made, strange
from coplink_teams.settings import Settings

PROPERTY = "String {3f0b6d3e-6b0f-4f3e-9a44-2c7a0d0f6b11} Name coplink"
SERIES = "series"
AGAIN = "/again"  # a second event for a date must not look like a repetition of the first
_PREFER = 'outlook.timezone="UTC", IdType="ImmutableId"'
_NAMESPACE = uuid.UUID("b1e7b0f2-1e36-4d53-8f3e-0d6f5b0c9a77")
_FIELDS = "id,changeKey,type,start,end,originalStart,isCancelled,subject"
_MARGIN = timedelta(days=31)  # how far a person may have moved the first or last meeting and still be found


@dataclass(slots=True)
class Held:
    """What the mailbox holds: one entry for each original date, and the master of a series."""

    master: dict[str, Any] | None = None
    dates: dict[date, dict[str, Any]] = field(default_factory=dict)
    complete: bool = True


class Mailbox:
    """One mailbox’s events."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph, self._address = graph, settings.mailbox

    # --- reading --------------------------------------------------------------------------------------------------

    def look(self, series: Series, key: str) -> dict[str, str]:
        """What an earlier call with this key made, by its extended property and transaction ids."""
        query = {
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{_value(key)}')",
            "$select": "id,transactionId",
            "$top": "50",
        }
        listed = self._graph.listed(self._events, service="outlook", query=query, prefer=_PREFER)
        by_transaction = {str(event.get("transactionId")): str(event["id"]) for event in listed}
        names = [SERIES, *(meeting.original.isoformat() for meeting in series.meetings)]
        return {
            name: by_transaction[transaction]
            for name in names
            for transaction in (_transaction(key, name), _transaction(key, name + AGAIN))
            if transaction in by_transaction
        }

    def holds(self, series: Series, remote: Mapping[str, str], half: bool = False) -> Held:
        """Everything that is there; with ``half``, a reading that breaks off is told as incomplete."""
        held = Held()
        try:
            if SERIES in remote:
                self._read_series(series, remote[SERIES], held)
            for name, event_id in remote.items():
                if name != SERIES and (event := self.event(event_id)):
                    held.dates[date.fromisoformat(name)] = event
        except IntegrationError:
            if not half or not held.dates:
                raise
            held.complete = False
        return held

    def _read_series(self, series: Series, master: str, held: Held) -> None:
        held.master = self.event(master)
        if held.master is None:
            return
        days = [day for m in series.meetings for day in (m.original, m.starts.date())]
        span = {
            "startDateTime": f"{min(days) - _MARGIN}T00:00:00Z",
            "endDateTime": f"{max(days) + _MARGIN}T00:00:00Z",
            "$select": _FIELDS,
            "$top": "100",
        }
        zone = zone_of(series.rhythm.zone)
        pages = self._graph.pages(
            lambda g: self._events(g).by_event_id(master).instances,
            service="outlook",
            query=span,
            prefer=_PREFER,
        )
        for page in pages:
            for event in page["value"]:
                if not event.get("isCancelled"):
                    original = event.get("originalStart") or f"{event['start']['dateTime']}Z"
                    held.dates[_instant(original).astimezone(zone).date()] = event

    def event(self, event_id: str) -> dict[str, Any] | None:
        """One event with its attendees; None where it is not there any more."""
        query = {"$select": f"{_FIELDS},attendees"}
        try:
            event = self._graph.get(
                lambda g: self._events(g).by_event_id(event_id),
                service="outlook",
                query=query,
                prefer=_PREFER,
            )
        except Gone:
            return None
        return None if event.get("isCancelled") else event

    # --- writing --------------------------------------------------------------------------------------------------

    def create(self, key: str, name: str, body: Mapping[str, Any]) -> str:
        """A new event; the same key and name never make a second one."""
        identified = {
            **body,
            "transactionId": _transaction(key, name),
            "isOnlineMeeting": True,
            "onlineMeetingProvider": "teamsForBusiness",
            "allowNewTimeProposals": False,
            "singleValueExtendedProperties": [{"id": PROPERTY, "value": _value(key)}],
        }
        answer = self._graph.send("POST", self._events, service="outlook", body=identified, prefer=_PREFER)
        return str(made(answer, 201).json()["id"])

    def change(self, event_id: str, body: Mapping[str, Any]) -> None:
        """Change a series, an event or one occurrence."""
        answer = self._graph.send(
            "PATCH",
            lambda g: self._events(g).by_event_id(event_id),
            service="outlook",
            body=body,
            prefer=_PREFER,
        )
        accepted(answer, 200)

    def take_out(self, event_id: str, tell: bool) -> None:
        """Cancel one occurrence; before anybody was invited it is simply deleted, so that nobody gets mail about it."""
        if tell:
            answer = self._graph.send(
                "POST",
                lambda g: self._events(g).by_event_id(event_id).cancel,
                service="outlook",
                body={"Comment": ""},
            )
            if answer.status != 400:  # 400: no attendees are left to be told
                if answer.status != 404:
                    accepted(answer, 202)
                return
        answer = self._graph.send(
            "DELETE", lambda g: self._events(g).by_event_id(event_id), service="outlook"
        )
        if answer.status != 404:
            accepted(answer, 204)

    def _events(self, kit: Any) -> Any:
        return kit.users.by_user_id(self._address).events


def moment(value: Mapping[str, Any]) -> datetime:
    """A ``dateTimeTimeZone`` we asked for in UTC."""
    if value.get("timeZone") not in ("UTC", "Etc/UTC", "tzone://Microsoft/Utc"):
        raise strange("an event in another zone than asked for")
    return _instant(str(value["dateTime"]) + "Z")


def invited(event: Mapping[str, Any]) -> list[str]:
    """Who is invited to an event: addresses, folded and sorted."""
    return addresses(
        [str((a.get("emailAddress") or {}).get("address") or "") for a in event.get("attendees") or ()]
    )


def addresses(some: Sequence[str]) -> list[str]:
    """Addresses, folded and sorted, each once."""
    return sorted({address.strip().casefold() for address in some if "@" in address})


def attendees(wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Addresses as Graph takes them."""
    return [{"emailAddress": {"address": address}, "type": "required"} for address in wanted]


def _value(key: str) -> str:
    """What the extended property holds: nothing that would need quoting in a filter."""
    return str(uuid.uuid5(_NAMESPACE, key))


def _transaction(key: str, name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{key}/{name}"))


def _instant(text: str) -> datetime:
    # Graph writes seven decimals, Python reads six
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}" if rest else whole).replace(tzinfo=UTC)

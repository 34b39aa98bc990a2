"""A community's meetings in the service mailbox: one recurring series, with the members as attendees.

An app without a person cannot write a group's calendar, hence a mailbox of its own. The series is made first without
attendees, breaks are taken out and moved meetings moved, and only then are people invited: so they get one invitation
that is right, not one for each change. A list of dates becomes single events.

Idempotence: every event carries ``transactionId`` and an extended property made from the caller's key; with nothing
remembered the property finds what an interrupted call made. What a person moved over there is left alone: an
occurrence that differs from what we wrote and from the series is theirs.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from coplink.core.rhythm import Meeting, Series, zone_of
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.errors import Gone, IntegrationError
from coplink_teams.graph import Graph
from coplink_teams.recurrence import recurrence, utc_times, wall_times
from coplink_teams.replies import accepted, careful, strange
from coplink_teams.settings import Settings

PROPERTY = "String {3f0b6d3e-6b0f-4f3e-9a44-2c7a0d0f6b11} Name coplink"
SERIES = "series"
CANCELLED = "cancelled"
AGAIN = "/again"
_PREFER = 'outlook.timezone="UTC", IdType="ImmutableId"'
_NAMESPACE = uuid.UUID("b1e7b0f2-1e36-4d53-8f3e-0d6f5b0c9a77")
_FIELDS = "id,changeKey,type,start,end,originalStart,isCancelled,subject"


@dataclass(slots=True)
class _Held:
    """What the mailbox holds: one entry for each original date, and the master of a series."""

    master: dict[str, Any] | None = None
    dates: dict[date, dict[str, Any]] = field(default_factory=dict)
    complete: bool = True


class MailboxCalendar:
    """Places series in one service mailbox."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph, self._mailbox = graph, settings.mailbox

    @careful
    def put(
        self,
        parts: Mapping[str, str],
        series: Series,
        attendees: tuple[str, ...],
        known: SeriesLink | None,
        key: str,
    ) -> SeriesLink:
        """Make the mailbox show ``series``; writes only what differs."""
        wanted, digest = _addresses(attendees), _digest(series, attendees)
        remote, found = (dict(known.remote), 0) if known else self._look(series, key)
        held = self._holds(series, remote)
        if known and remote and not held.master and not held.dates:  # all we remembered is gone: made anew
            remote, found = self._look(series, key)
            held = self._holds(series, remote)
        before = remote.copy()
        self._make_missing(series, remote, held, known, key, wanted)
        if remote != before:
            held = self._holds(series, remote)
        wrote = self._match(series, remote, held, known, bool(wanted))
        wrote |= self._match_heads(series, wanted, remote, held, known, digest)
        if wrote:
            held = self._holds(series, remote)
        return SeriesLink(remote, _seen(series, held, known), digest, found)

    @careful
    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        """Start by original date; a date that is not there any more is ``None``."""
        held = self._holds(series, link.remote, half=True)
        starts: dict[date, datetime | None] = {}
        for meeting in series.meetings:
            event = held.dates.get(meeting.original)
            if event is not None:
                starts[meeting.original] = _moment(event["start"])
            elif held.complete:
                starts[meeting.original] = None
        return SeriesFacts(starts, _seen(series, held, link), held.complete)

    # --- reading --------------------------------------------------------------------------------------------------

    def _events(self, kit: Any) -> Any:
        return kit.users.by_user_id(self._mailbox).events

    def _look(self, series: Series, key: str) -> tuple[dict[str, str], int]:
        """What an earlier call with this key made, by its extended property and transaction ids."""
        query = {
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{_value(key)}')",
            "$select": "id,transactionId",
            "$top": "50",
        }
        listed = self._graph.listed(self._events, service="outlook", query=query, prefer=_PREFER)
        by_transaction = {str(event.get("transactionId")): str(event["id"]) for event in listed}
        names = [SERIES, *(meeting.original.isoformat() for meeting in series.meetings)]
        remote = {
            name: by_transaction[t]
            for name in names
            for t in (_transaction(key, name), _transaction(key, name + AGAIN))
            if t in by_transaction
        }
        return remote, len(remote)

    def _holds(self, series: Series, remote: Mapping[str, str], half: bool = False) -> _Held:
        held = _Held()
        try:
            if SERIES in remote:
                self._read_series(series, remote[SERIES], held)
            for name, event_id in remote.items():
                if name != SERIES and (event := self._event(event_id)):
                    held.dates[date.fromisoformat(name)] = event
        except IntegrationError:
            if not half or not held.dates:
                raise
            held.complete = False
        return held

    def _read_series(self, series: Series, master: str, held: _Held) -> None:
        held.master = self._event(master)
        if held.master is None:
            return
        first, last = series.meetings[0].original, series.meetings[-1].original
        moved = [m.starts.date() for m in series.meetings]
        span = {
            "startDateTime": f"{min([first, *moved]) - timedelta(days=31)}T00:00:00Z",
            "endDateTime": f"{max([last, *moved]) + timedelta(days=31)}T00:00:00Z",
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

    def _event(self, event_id: str) -> dict[str, Any] | None:
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

    def _make_missing(
        self,
        series: Series,
        remote: dict[str, str],
        held: _Held,
        known: SeriesLink | None,
        key: str,
        wanted: list[str],
    ) -> None:
        """The series itself, or single events: for a list of dates, and for a date we took out that is held again."""
        pattern = recurrence(series)
        if pattern is not None and held.master is None:
            start, end = wall_times(series.rhythm, series.meetings[0].original)
            remote.clear()  # single events beside a lost master are of no use
            plain = not any(meeting.cancelled or meeting.moved for meeting in series.meetings)
            when = {"start": start, "end": end, "recurrence": pattern}
            remote[SERIES] = self._create(series, key, SERIES, when, wanted if plain else [])
            return
        taken_out = {name for name, seen in (known.seen if known else {}).items() if seen == CANCELLED}
        for meeting in series.held:
            name = meeting.original.isoformat()
            if meeting.original in held.dates or (pattern is not None and name not in taken_out):
                continue
            if pattern is None and known and name in known.remote and name not in taken_out:
                continue  # somebody deleted it over there
            start, end = utc_times(meeting.starts, meeting.ends)
            # a second event for a date must not look like a repetition of the first
            turn = name + AGAIN if name in taken_out else name
            remote[name] = self._create(series, key, turn, {"start": start, "end": end}, wanted)

    def _create(self, series: Series, key: str, name: str, when: Mapping[str, Any], wanted: list[str]) -> str:
        body = {
            **_content(series),
            **when,
            **({"attendees": _attendees(wanted)} if wanted else {}),
            "transactionId": _transaction(key, name),
            "isOnlineMeeting": True,
            "onlineMeetingProvider": "teamsForBusiness",
            "allowNewTimeProposals": False,
            "singleValueExtendedProperties": [{"id": PROPERTY, "value": _value(key)}],
        }
        answer = self._graph.send("POST", self._events, service="outlook", body=body, prefer=_PREFER)
        return str(accepted(answer, 201).json()["id"])

    def _match(
        self, series: Series, remote: Mapping[str, str], held: _Held, known: SeriesLink | None, invited: bool
    ) -> bool:
        """Take out what is cancelled, move what is moved; leave alone what a person moved."""
        wrote = False
        for meeting in series.meetings:
            event = held.dates.get(meeting.original)
            if event is None:
                continue
            if meeting.cancelled:
                self._take_out(str(event["id"]), invited and bool(known))
                wrote = True
            elif not _as_wanted(event, meeting) and _may_move(event, meeting, known):
                start, end = utc_times(meeting.starts, meeting.ends)
                self._change(str(event["id"]), {"start": start, "end": end})
                wrote = True
        return wrote

    def _match_heads(
        self,
        series: Series,
        wanted: list[str],
        remote: Mapping[str, str],
        held: _Held,
        known: SeriesLink | None,
        digest: str,
    ) -> bool:
        """Words and attendees, where they differ from what was written last and from what is there."""
        content, invited = digest.split(";")
        old = known.digest.split(";") if known and ";" in known.digest else ["", ""]
        wrote = False
        for name in remote:
            event = held.master if name == SERIES else held.dates.get(date.fromisoformat(name))
            if event is None:
                continue
            changes: dict[str, Any] = {}
            if old[0] and old[0] != content:
                changes |= _content(series)
            if old[1] != invited and _invited(event) != wanted:
                changes["attendees"] = _attendees(wanted)
            if changes:
                self._change(str(event["id"]), changes)
                wrote = True
        return wrote

    def _change(self, event_id: str, body: Mapping[str, Any]) -> None:
        answer = self._graph.send(
            "PATCH",
            lambda g: self._events(g).by_event_id(event_id),
            service="outlook",
            body=body,
            prefer=_PREFER,
        )
        accepted(answer, 200)

    def _take_out(self, event_id: str, tell: bool) -> None:
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


def _may_move(event: Mapping[str, Any], meeting: Meeting, known: SeriesLink | None) -> bool:
    """Whether the start that is there is ours: never touched since the series was made, or last written by us."""
    written = (known.seen if known else {}).get(meeting.original.isoformat())
    return event.get("changeKey") == written if written else event.get("type") == "occurrence"


def _as_wanted(event: Mapping[str, Any], meeting: Meeting) -> bool:
    return _moment(event["start"]) == meeting.starts and _moment(event["end"]) == meeting.ends


def _seen(series: Series, held: _Held, known: SeriesLink | None) -> dict[str, str]:
    """Change keys of what we wrote one by one, and which dates we took out.

    A person's move gets no entry, so that the next run still sees it as theirs.
    """
    before = known.seen if known else {}
    seen = {SERIES: str(held.master.get("changeKey") or "")} if held.master else {}
    for meeting in series.meetings:
        name, event = meeting.original.isoformat(), held.dates.get(meeting.original)
        if event is None:
            if meeting.cancelled or before.get(name) == CANCELLED:
                seen[name] = CANCELLED
        elif event.get("type") != "occurrence":
            seen[name] = (
                str(event.get("changeKey") or "") if _as_wanted(event, meeting) else before.get(name, "")
            )
    return {name: value for name, value in seen.items() if value}


def _content(series: Series) -> dict[str, Any]:
    text = "\n".join(part for part in (series.body, series.link) if part)
    content: dict[str, Any] = {"subject": series.title, "body": {"contentType": "text", "content": text}}
    if series.place:
        content["location"] = {"displayName": series.place}
    return content


def _digest(series: Series, attendees: tuple[str, ...]) -> str:
    content = [series.title, series.body, series.place, series.link]
    return ";".join(
        hashlib.sha256(json.dumps(part).encode()).hexdigest()[:16]
        for part in (content, _addresses(attendees))
    )


def _addresses(attendees: tuple[str, ...]) -> list[str]:
    return sorted({address.strip().casefold() for address in attendees if "@" in address})


def _invited(event: Mapping[str, Any]) -> list[str]:
    return _addresses(
        tuple(str((a.get("emailAddress") or {}).get("address") or "") for a in event.get("attendees") or ())
    )


def _attendees(wanted: list[str]) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}, "type": "required"} for address in wanted]


def _value(key: str) -> str:
    """What the extended property holds: nothing that would need quoting in a filter."""
    return str(uuid.uuid5(_NAMESPACE, key))


def _transaction(key: str, name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{key}/{name}"))


def _moment(value: Mapping[str, Any]) -> datetime:
    """A ``dateTimeTimeZone`` we asked for in UTC."""
    if value.get("timeZone") not in ("UTC", "Etc/UTC", "tzone://Microsoft/Utc"):
        raise strange("an event in another zone than asked for")
    return _instant(str(value["dateTime"]) + "Z")


def _instant(text: str) -> datetime:
    # Graph writes seven decimals, Python reads six
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}" if rest else whole).replace(tzinfo=UTC)

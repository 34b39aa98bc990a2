"""The meetings of a community on its group's calendar in Canvas: single events, one for each meeting that is held.

Canvas can repeat events, but expands them in the zone of the token's owner, at most 200 of them, and only where a
feature flag is on; single events make breaks, moves and running again plain. One listing comes before any write; it is
the listing, not our memory, that says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from coplink.core.rhythm import Meeting, Series
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.errors import Gone, UnexpectedReply
from coplink_canvas import marks
from coplink_canvas.client import Client, Row
from coplink_canvas.marks import Mark
from coplink_canvas.spaces import GROUP, group_gone


@dataclass(frozen=True, slots=True)
class Event:
    """An event as Canvas shows it: its start in UTC, when it last changed, and our mark if it bears one."""

    id: str
    starts: datetime | None
    changed: str
    mark: Mark | None


class GroupCalendar:
    """Places single events. Everybody in the group sees them; there are no attendees."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def put(
        self,
        parts: Mapping[str, str],
        series: Series,
        attendees: tuple[str, ...],
        known: SeriesLink | None,
        key: str,
    ) -> SeriesLink:
        """Make the group's calendar show the held meetings. A meeting that a person moved or deleted over there is
        left as it is, for ``read`` to report."""
        group = parts[GROUP]
        there = {event.id: event for event in self._events(group)}
        remembered = dict(known.remote) if known else {}
        whole = marks.series_digest(series, key)
        unchanged = known is not None and known.digest == whole
        remote: dict[str, str] = {}
        seen: dict[str, str] = {}
        found = 0
        for meeting in series.held:
            name = meeting.original.isoformat()
            old = known.seen.get(name, "") if known else ""
            event = self._find(there, remembered.get(name), marks.tag(key), meeting.original)
            if event is None and name in remembered:
                event = self._alone(remembered[name])
                if event is None:  # a person deleted it: an offer to call the meeting off, not ours to undo
                    remote[name], seen[name] = remembered[name], old
                    continue
            if event is not None and remembered.get(name) != event.id:
                found += 1
            mark = marks.of(series, meeting, key)
            if event is None:
                event = _event(self._client.make_event(group, marks.fields(series, meeting, mark)))
            elif _moved_by_a_person(event, meeting, old):
                remote[name], seen[name] = event.id, old
                continue
            elif not _as_wished(event, meeting, mark, unchanged):
                event = _event(self._client.change_event(event.id, marks.fields(series, meeting, mark)))
            remote[name], seen[name] = event.id, event.changed
        for stray in _strays(list(there.values()), set(remembered.values()), remote, marks.tag(key), series):
            self._drop(stray)
        return SeriesLink(remote, seen, whole, found)

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        """The starts as they are over there; a remembered event that was deleted counts as cancelled."""
        listing = self._client.events(parts[GROUP], half=True)
        there = {event.id: event for event in map(_event, listing.rows)}
        starts: dict[date, datetime | None] = {}
        seen: dict[str, str] = {}
        for name, remote in link.remote.items():
            event = there.get(remote)
            if event is None and not listing.complete:
                continue
            event = event or self._alone(remote)
            starts[date.fromisoformat(name)] = event.starts if event else None
            if event:
                seen[name] = event.changed
        return SeriesFacts(starts, seen, listing.complete)

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _events(self, group: str) -> list[Event]:
        try:
            return [_event(row) for row in self._client.events(group).rows]
        except Gone as error:
            raise group_gone(error) from error

    def _find(self, there: Mapping[str, Event], remembered: str | None, tag: str, day: date) -> Event | None:
        """The event of a meeting: the remembered one, else the oldest that bears its mark."""
        if remembered is not None and remembered in there:
            return there[remembered]
        marked = [e for e in there.values() if e.mark and e.mark.tag == tag and e.mark.day == day]
        return min(marked, key=lambda event: int(event.id), default=None)

    def _alone(self, remote: str) -> Event | None:
        """An event that the listing lacks: perhaps the listing lags, perhaps it was deleted."""
        try:
            row = self._client.event(remote)
        except Gone:
            return None
        return None if row.get("workflow_state") == "deleted" else _event(row)

    def _drop(self, event: Event) -> None:
        try:
            self._client.drop_event(event.id)
        except Gone:
            return


def _moved_by_a_person(event: Event, meeting: Meeting, seen: str) -> bool:
    """It starts neither when we want it nor when we last wrote it."""
    if event.starts == meeting.starts:
        return False
    if event.mark is not None:
        return event.starts != event.mark.starts
    return event.changed != seen


def _as_wished(event: Event, meeting: Meeting, mark: Mark, unchanged: bool) -> bool:
    """Whether nothing is to be written. Our mark names what we wrote; a description that a person rewrote stays."""
    if event.starts != meeting.starts:
        return False
    return event.mark == mark if event.mark is not None else unchanged


def _strays(
    there: Sequence[Event], remembered: set[str], kept: Mapping[str, str], tag: str, series: Series
) -> list[Event]:
    """Our events that show no held meeting: of a meeting called off, or a twin left by an interrupted call."""
    held = {meeting.original for meeting in series.held}
    ids = set(kept.values())
    shown = {event.mark.day: event.starts for event in there if event.id in ids and event.mark}
    strays = []
    for event in there:
        ours = event.mark is not None and event.mark.tag == tag
        if event.id in ids or not (ours or event.id in remembered):
            continue
        day = event.mark.day if event.mark else None
        if day not in held or event.starts == shown.get(day):
            strays.append(event)
    return strays


def _event(row: Row) -> Event:
    try:
        start = row.get("start_at")
        starts = datetime.fromisoformat(str(start)) if start else None
        if starts is not None and starts.tzinfo is None:
            raise ValueError("a time without a zone")
        starts = starts.astimezone(UTC) if starts else None
        return Event(
            str(int(row["id"])), starts, str(row.get("updated_at") or ""), marks.read(row.get("description"))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnexpectedReply(
            say("Canvas answered something coplink does not understand."),
            "a calendar event without id or readable time",
        ) from error

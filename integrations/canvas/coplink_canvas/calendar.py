"""The meetings of a community on its group's calendar in Canvas: single events, one for each meeting that is held.

Canvas can repeat events, but expands them in the zone of the token's owner, at most 200 of them, and only where a
feature flag is on; single events make breaks, moves and running again plain. One listing comes before any write; it is
the listing, not our memory, that says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from coplink.core.rhythm import Meeting, Series
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone, UnexpectedReply
from coplink_canvas import marks
from coplink_canvas.client import Client
from coplink_canvas.listing import Row
from coplink_canvas.marks import Mark
from coplink_canvas.names import COURSE_PAGE, GROUP
from coplink_canvas.spaces import group_gone


@dataclass(frozen=True, slots=True)
class Event:
    """An event as Canvas shows it: its start in UTC, when it last changed, and our mark if it bears one."""

    id: str
    starts: datetime | None
    changed: str
    mark: Mark | None


class GroupCalendar:
    """Places single events. Everybody in the group sees them; there are no attendees."""

    def __init__(self, client: Client, clock: Clock, lag: timedelta) -> None:
        self._client = client
        self._clock = clock
        self._lag = lag

    def put(
        self,
        parts: Mapping[str, str],
        series: Series,
        attendees: tuple[str, ...],
        known: SeriesLink | None,
        key: str,
    ) -> SeriesLink:
        """Make the group's calendar show the held meetings, and nothing more of an earlier rhythm in the future.

        A meeting that a person moved or deleted over there is left as it is, for ``read`` to report.
        """
        if COURSE_PAGE in parts:  # no group, no calendar: the page leads to the meetings in coplink
            return SeriesLink({}, {}, marks.series_digest(series, key))
        group = parts[GROUP]
        there = There(self._events(group), marks.tag(key), series.rhythm.version)
        known = known or SeriesLink({})
        whole = marks.series_digest(series, key)
        remote: dict[str, str] = {}
        seen: dict[str, str] = {}
        found = 0
        for meeting in series.held:
            name = meeting.original.isoformat()
            before, written = known.remote.get(name), known.seen.get(name, "")
            event = there.showing(meeting.original, before)
            if event is None and before is not None:
                event = self._alone(before)
                if event is None:  # a person deleted it: an offer to call the meeting off, not ours to undo
                    remote[name], seen[name] = before, written
                    continue
            mark = marks.of(series, meeting, key)
            if event is None:
                event = _event(self._client.make_event(group, marks.fields(series, meeting, mark)))
            else:
                found += before != event.id and there.ours(event)
                if _moved_by_a_person(event, meeting, written):
                    remote[name], seen[name] = event.id, written
                    continue
                if not _as_wished(event, meeting, mark, unchanged=known.digest == whole):
                    event = _event(self._client.change_event(event.id, marks.fields(series, meeting, mark)))
            remote[name], seen[name] = event.id, event.changed
        held = {meeting.original for meeting in series.held}
        for stray in there.strays(held, set(remote.values()), set(known.remote.values()), self._clock.now()):
            self._drop(stray)
        return SeriesLink(remote, seen, whole, found)

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        """The starts as they are over there; a remembered event that was deleted counts as cancelled. What was written
        within the lag and is not shown yet makes the reading incomplete."""
        if COURSE_PAGE in parts:
            return SeriesFacts(
                {meeting.original: meeting.starts for meeting in series.held}, {}, complete=True
            )
        listing = self._client.events(parts[GROUP], half=True)
        complete = listing.complete
        there = {event.id: event for event in map(_event, listing.rows)}
        starts: dict[date, datetime | None] = {}
        seen: dict[str, str] = {}
        for name, remote in link.remote.items():
            event = there.get(remote)
            if event is None and listing.complete:
                event = self._alone(remote)
            if event is not None:
                starts[date.fromisoformat(name)], seen[name] = event.starts, event.changed
            elif listing.complete and not self._fresh(link.seen.get(name, "")):
                starts[date.fromisoformat(name)] = None
            else:
                complete = False
        return SeriesFacts(starts, seen, complete)

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _events(self, group: str) -> list[Event]:
        try:
            return [_event(row) for row in self._client.events(group).rows]
        except Gone as error:
            raise group_gone(error) from error

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

    def _fresh(self, written: str) -> bool:
        """Whether this was written so recently that Canvas need not show it yet."""
        try:
            return self._clock.now() - datetime.fromisoformat(written) < self._lag
        except (TypeError, ValueError):
            return False


class There:
    """The events on a group's calendar, seen from one version of one rhythm."""

    def __init__(self, events: Sequence[Event], tag: str, version: int) -> None:
        self._events = {event.id: event for event in events}
        self._tag = tag
        self._version = version

    def showing(self, day: date, remembered: str | None) -> Event | None:
        """The event of a meeting: the remembered one, else the oldest with its mark, else one of an earlier rhythm."""
        if remembered is not None and remembered in self._events:
            return self._events[remembered]
        that_day = [event for event in self._events.values() if event.mark and event.mark.day == day]
        mine = [event for event in that_day if self.ours(event)]
        earlier = [event for event in that_day if self._superseded(event)]
        return min(mine or earlier, key=lambda event: int(event.id), default=None)

    def ours(self, event: Event) -> bool:
        """Whether it bears the mark of this version of this rhythm."""
        return event.mark is not None and event.mark.tag == self._tag

    def strays(self, held: set[date], kept: set[str], remembered: set[str], now: datetime) -> list[Event]:
        """Our events that show no held meeting: called off, of an earlier rhythm and still to come, or the twin that
        an interrupted call left. A copy that a person moved elsewhere is theirs."""
        shown = {e.mark.day: e.starts for e in self._events.values() if e.id in kept and e.mark}
        strays = []
        for event in self._events.values():
            day = event.mark.day if event.mark else None
            called_off = (self.ours(event) or event.id in remembered) and day not in held
            twin = self.ours(event) and day in shown and event.starts == shown[day]
            outdated = self._superseded(event) and event.starts is not None and event.starts > now
            if event.id not in kept and (called_off or twin or outdated):
                strays.append(event)
        return strays

    def _superseded(self, event: Event) -> bool:
        return event.mark is not None and event.mark.tag != self._tag and event.mark.version < self._version


def _moved_by_a_person(event: Event, meeting: Meeting, written: str) -> bool:
    """It starts neither when we want it nor when we last wrote it."""
    if event.starts == meeting.starts:
        return False
    if event.mark is not None:
        return event.starts != event.mark.starts
    return event.changed != written


def _as_wished(event: Event, meeting: Meeting, mark: Mark, unchanged: bool) -> bool:
    """Whether nothing is to be written. Our mark names what we wrote; a description that a person rewrote stays."""
    if event.starts != meeting.starts:
        return False
    return event.mark == mark if event.mark is not None else unchanged


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

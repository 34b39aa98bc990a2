"""A plain list of dates as single events, each with an id of our own choosing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from coplink.core.rhythm import Meeting, Series
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.clock import Clock
from coplink.ports.errors import Unavailable, UnexpectedReply
from coplink_google.meetings import Content, Held, event_id, noted, when, without_room
from coplink_google.recurring import GENERATIONS
from coplink_google.replies import AlreadyThere, text_of
from coplink_google.standing import delete, end, is_series, standing
from coplink_google.workspace import Workspace

OFF = "off"  # stands for an etag where coplink itself took the event away


class Singles:
    """``remote`` maps each original date to its event; a date whose event coplink deleted is ``seen`` as "off"."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._google, self._clock = workspace, clock

    def put(
        self, calendar: str, series: Series, content: Content, known: SeriesLink | None, key: str
    ) -> SeriesLink:
        rows, complete = standing(self._google, calendar)
        if not complete:
            raise Unavailable(say("Google did not answer."), "events.list stopped half way")
        for event in rows:
            if is_series(event):
                end(self._google, calendar, event, series, self._clock.now())
        held = {text_of(row, "id"): Held.of(row) for row in rows if not is_series(row)}
        remembered = known if known is not None else SeriesLink({})
        remote: dict[str, str] = {}
        seen: dict[str, str] = {}
        found = 0
        for meeting in series.meetings:
            name = meeting.original.isoformat()
            told = "all" if known is not None and meeting.starts > self._clock.now() else "none"
            here = held.get(remembered.remote.get(name, "")) or _dated(held, name)
            if meeting.cancelled:
                if here is not None:
                    delete(self._google, calendar, here.id, told)
                if here is not None or remembered.seen.get(name) == OFF:
                    remote[name], seen[name] = here.id if here else remembered.remote[name], OFF
                continue
            if here is None:
                if name in remembered.remote and remembered.seen.get(name) != OFF:
                    remote[name], seen[name] = remembered.remote[name], remembered.seen.get(name, "")
                    continue  # a person deleted it: left as it is, and ``read`` tells
                here = self._insert(calendar, series, content, meeting, key)
            elif name not in remembered.remote:
                found += 1
            here = self._align(calendar, series, content, meeting, here, told)
            remote[name], seen[name] = here.id, here.etag
        for one in held.keys() - set(remote.values()):
            delete(self._google, calendar, one, "none")
        return SeriesLink(remote, seen, content.digest, found)

    def read(self, calendar: str, series: Series, link: SeriesLink) -> SeriesFacts:
        rows, complete = standing(self._google, calendar)
        held = {text_of(row, "id"): Held.of(row) for row in rows}
        starts: dict[date, datetime | None] = {}
        seen: dict[str, str] = {}
        for meeting in series.meetings:
            name = meeting.original.isoformat()
            here = held.get(link.remote.get(name, ""))
            if here is not None:
                starts[meeting.original], seen[name] = here.starts, here.etag
            elif complete:
                starts[meeting.original] = None
        return SeriesFacts(starts, seen, complete, without_room(rows))

    def _align(
        self, calendar: str, series: Series, content: Content, meeting: Meeting, here: Held, told: str
    ) -> Held:
        right = here.starts == meeting.starts and here.digest == content.digest
        if here.moved_by_hand or right:
            return here
        answer = self._google.call(
            "calendar.events.patch",
            calendarId=calendar,
            eventId=here.id,
            conferenceDataVersion=1,
            sendUpdates="none" if here.starts == meeting.starts else told,
            body=_body(series, content, meeting, here.body),
        )
        return Held.of(answer)

    def _insert(self, calendar: str, series: Series, content: Content, meeting: Meeting, key: str) -> Held:
        day = meeting.original.isoformat()
        note = {"extendedProperties": {"private": {"coplink": "1", "kind": "meeting", "original": day}}}
        for generation in range(GENERATIONS):
            name = event_id(key, day, generation)
            body = {**_body(series, content, meeting, note), **content.conference(name), "id": name}
            try:
                answer = self._google.call(
                    "calendar.events.insert",
                    calendarId=calendar,
                    conferenceDataVersion=1,
                    sendUpdates="none",
                    body=body,
                )
            except AlreadyThere:  # the id of an event that was deleted
                continue
            return Held.of(answer)
        raise UnexpectedReply(
            say("Google keeps too many earlier versions of this meeting."), "no free event id"
        )


def _dated(held: Mapping[str, Held], name: str) -> Held | None:
    """The event of that original date, whichever go or version made it."""
    return next((one for one in held.values() if noted(one.body).get("original") == name), None)


def _body(series: Series, content: Content, meeting: Meeting, present: Mapping[str, Any]) -> dict[str, Any]:
    note = {**noted(present), "digest": content.digest, "start": meeting.starts.isoformat()}
    return {
        **content.body(present),
        "start": when(meeting.starts, series.rhythm.zone),
        "end": when(meeting.ends, series.rhythm.zone),
        "extendedProperties": {"private": note},
    }

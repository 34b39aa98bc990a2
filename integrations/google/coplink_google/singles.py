"""A plain list of dates as single events, each with an id of our own choosing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from coplink.core.rhythm import Meeting, Series
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone, Transient, Unavailable, UnexpectedReply
from coplink_google.meetings import Content, Held, event_id, noted, when
from coplink_google.recurring import GENERATIONS, SERIES
from coplink_google.replies import AlreadyThere, rows_of, text_of
from coplink_google.workspace import Workspace

OFF = "off"  # stands for an etag where coplink itself took the event away


class Singles:
    """``remote`` maps each original date to its event; a date whose event coplink deleted is ``seen`` as "off"."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._google, self._clock = workspace, clock

    def put(
        self, calendar: str, series: Series, content: Content, known: SeriesLink | None, key: str
    ) -> SeriesLink:
        held, complete = self._held(calendar)
        if not complete:
            raise Unavailable(say("Google did not answer."), "events.list stopped half way")
        news = "all" if known is not None else "none"
        remote: dict[str, str] = {}
        seen: dict[str, str] = {}
        found = 0
        for meeting in series.meetings:
            name = meeting.original.isoformat()
            told = news if meeting.starts > self._clock.now() else "none"
            here = self._here(held, known, key, name)
            if meeting.cancelled:
                if here is not None and here.starts is not None:
                    self._delete(calendar, here.id, told)
                if here is not None or (known is not None and known.seen.get(name) == OFF):
                    remote[name], seen[name] = here.id if here else known.remote[name] if known else "", OFF
                continue
            if here is None:
                if known is not None and name in known.remote and known.seen.get(name) != OFF:
                    remote[name], seen[name] = known.remote[name], known.seen.get(name, "")
                    continue  # a person deleted it: left as it is, and ``read`` tells
                here = self._insert(calendar, series, content, meeting, key)
            elif known is None:
                found += 1
            if not here.moved_by_hand and (here.starts != meeting.starts or here.digest != content.digest):
                quiet = here.starts == meeting.starts
                body = self._body(series, content, meeting, here.body)
                here = self._patch(calendar, here.id, body, "none" if quiet else told)
            remote[name], seen[name] = here.id, here.etag
        wanted = set(remote.values())
        for name, one in (known.remote if known else {}).items():
            if name != SERIES and one not in wanted and one in held:
                self._delete(calendar, one, "none")
        return SeriesLink(remote, seen, content.digest, found)

    def read(self, calendar: str, series: Series, link: SeriesLink) -> SeriesFacts:
        held, complete = self._held(calendar)
        starts: dict[date, datetime | None] = {}
        seen: dict[str, str] = {}
        for meeting in series.meetings:
            name = meeting.original.isoformat()
            here = held.get(link.remote.get(name, ""))
            starts[meeting.original] = here.starts if here else None
            if here:
                seen[name] = here.etag
        return SeriesFacts(starts, seen, complete)

    def end(self, calendar: str, known: SeriesLink | None) -> None:
        """Take the single events of an older series away."""
        for name, one in (known.remote if known else {}).items():
            if name != SERIES and SERIES not in (known.remote if known else {}):
                self._delete(calendar, one, "none")

    def _held(self, calendar: str) -> tuple[dict[str, Held], bool]:
        """Our single events that stand on the calendar, by id."""
        held: dict[str, Held] = {}
        began = False
        pages = self._google.pages(
            "calendar.events.list",
            calendarId=calendar,
            privateExtendedProperty="coplink=meeting",
            maxResults=250,
        )
        try:
            for page in pages:
                began = True
                rows = [row for row in rows_of(page, "items") if row.get("status") != "cancelled"]
                held.update({text_of(row, "id"): Held.of(row) for row in rows})
        except Transient:
            if not began:
                raise
            return held, False
        return held, True

    def _here(self, held: Mapping[str, Held], known: SeriesLink | None, key: str, name: str) -> Held | None:
        remembered = held.get(known.remote.get(name, "")) if known else None
        if remembered is not None:
            return remembered
        ours = (one for one in held.values() if noted(one.body).get("original") == name)
        return next((one for one in ours if noted(one.body).get("key") == event_id(key)), None)

    def _insert(self, calendar: str, series: Series, content: Content, meeting: Meeting, key: str) -> Held:
        day = meeting.original.isoformat()
        for generation in range(GENERATIONS):
            name = event_id(key, day, generation)
            private = {"coplink": "meeting", "original": day, "key": event_id(key)}
            blank = {"extendedProperties": {"private": private}}
            body = {**self._body(series, content, meeting, blank), **content.conference(name), "id": name}
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

    def _body(
        self, series: Series, content: Content, meeting: Meeting, present: Mapping[str, Any]
    ) -> dict[str, Any]:
        note = {**noted(present), "digest": content.digest, "start": meeting.starts.isoformat()}
        return {
            **content.body(present),
            "start": when(meeting.starts, series.rhythm.zone),
            "end": when(meeting.ends, series.rhythm.zone),
            "extendedProperties": {"private": note},
        }

    def _patch(self, calendar: str, name: str, body: dict[str, Any], told: str) -> Held:
        answer = self._google.call(
            "calendar.events.patch",
            calendarId=calendar,
            eventId=name,
            conferenceDataVersion=1,
            sendUpdates=told,
            body=body,
        )
        return Held.of(answer)

    def _delete(self, calendar: str, name: str, told: str) -> None:
        try:
            self._google.call("calendar.events.delete", calendarId=calendar, eventId=name, sendUpdates=told)
        except Gone:
            return

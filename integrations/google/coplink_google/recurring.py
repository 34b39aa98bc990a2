"""A series as one recurring event: the rule with the known breaks left out, moved and later cancelled instances.

An instance that is cancelled shows nothing but its ids, so the recurring event itself notes which dates coplink called
off (``off``): only those are ever brought back; what a person deleted stays deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from coplink.core.rhythm import Meeting, Series, instant, zone_of
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone, Transient, Unavailable, UnexpectedReply
from coplink_google.meetings import (
    Content,
    Held,
    event_id,
    exdates,
    left_out,
    moment_of,
    noted,
    rrule,
    rule_tag,
    when,
    without_room,
)
from coplink_google.replies import AlreadyThere, rows_of, text_of
from coplink_google.standing import end, is_series, standing
from coplink_google.workspace import Workspace

GENERATIONS = 50
SERIES = "series"
NOTES = 110  # dates; a private property holds 1,024 characters


class Recurring:
    """``remote["series"]`` is the recurring event; dates name the instances that coplink moved or cancelled."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._google, self._clock = workspace, clock

    def put(
        self, calendar: str, series: Series, content: Content, known: SeriesLink | None, key: str
    ) -> SeriesLink:
        master, found = self._master(calendar, series, content, known, key)
        moved = any(meeting.moved and not meeting.cancelled for meeting in series.meetings)
        exceptions: dict[str, Held] = {}
        if found != -1 or moved:  # one made just now, without a moved meeting, is as it should be
            held, complete = self._instances(calendar, text_of(master, "id"), series)
            if not complete:
                raise Unavailable(say("Google did not answer."), "events.instances stopped half way")
            news = "all" if known is not None else "none"
            master, exceptions = self._align(calendar, series, content, master, held, news)
        remote = {SERIES: text_of(master, "id"), **{name: one.id for name, one in exceptions.items()}}
        seen = {SERIES: str(master.get("etag", "")), **{name: one.etag for name, one in exceptions.items()}}
        return SeriesLink(remote, seen, content.digest, max(found, 0))

    def read(self, calendar: str, series: Series, link: SeriesLink) -> SeriesFacts:
        nothing: dict[date, datetime | None] = {meeting.original: None for meeting in series.meetings}
        master = self._get(calendar, link.remote.get(SERIES, ""))
        if master is None:
            return SeriesFacts(nothing, {}, complete=True)
        held, complete = self._instances(calendar, text_of(master, "id"), series)
        there = {day: one.starts for day, one in held.items() if day in nothing}
        seen = {SERIES: str(master.get("etag", ""))}
        seen.update({name: held[day].etag for name, day in _dates(link) if day in held})
        starts = {**nothing, **there} if complete else there
        return SeriesFacts(starts, seen, complete, without_room([master]))

    # --- the recurring event --------------------------------------------------------------------------------------

    def _master(
        self, calendar: str, series: Series, content: Content, known: SeriesLink | None, key: str
    ) -> tuple[Mapping[str, Any], int]:
        """The event of this rule and whether it was remembered (0), found (1) or made just now (-1)."""
        rule = rule_tag(series.rhythm, series.meetings[0].original)
        remembered = self._get(calendar, known.remote.get(SERIES, "")) if known else None
        if remembered is not None and noted(remembered).get("rule") == rule:
            return remembered, 0
        chosen = None
        rows, complete = standing(self._google, calendar)
        if not complete:
            raise Unavailable(say("Google did not answer."), "events.list stopped half way")
        for event in rows:
            if chosen is None and is_series(event) and noted(event).get("rule") == rule:
                chosen = event
            else:
                end(self._google, calendar, event, series, self._clock.now())
        if chosen is not None:
            return chosen, 1
        for generation in range(GENERATIONS):
            name = event_id(key, generation)
            try:
                return self._insert(calendar, series, content, name, rule), -1
            except AlreadyThere:  # the id of a deleted event; or another go made it a moment ago
                there = self._get(calendar, name)
                if there is not None and noted(there).get("rule") == rule:
                    return there, 1
        raise UnexpectedReply(
            say("Google keeps too many earlier versions of this series."), "no free event id"
        )

    def _insert(
        self, calendar: str, series: Series, content: Content, name: str, rule: str
    ) -> Mapping[str, Any]:
        rhythm, first = series.rhythm, series.meetings[0]
        starts = instant(datetime.combine(first.original, rhythm.start), zone_of(rhythm.zone))
        off = exdates(rhythm, (meeting.original for meeting in series.meetings if meeting.cancelled))
        note = {"coplink": "1", "kind": "series", "rule": rule, "digest": content.digest}
        body = {
            **content.body(),
            **content.conference(name),
            "id": name,
            "start": when(starts, rhythm.zone),
            "end": when(starts + (first.ends - first.starts), rhythm.zone),
            "recurrence": [rrule(rhythm), *off],
            "extendedProperties": {"private": note},
        }
        return self._google.call(
            "calendar.events.insert",
            calendarId=calendar,
            conferenceDataVersion=1,
            sendUpdates="none",
            body=body,
        )

    # --- making it as it should be --------------------------------------------------------------------------------

    def _align(
        self,
        calendar: str,
        series: Series,
        content: Content,
        master: Mapping[str, Any],
        held: Mapping[date, Held],
        news: str,
    ) -> tuple[Mapping[str, Any], dict[str, Held]]:
        """Write what differs: the series' content first, then single instances; returns coplink's own exceptions."""
        by_hand = self._rescheduled_by_hand(series, master)
        off = _off(master)
        stay = {m.original for m in series.meetings if m.cancelled and m.original in held}
        if not by_hand:
            calling = {day for day in stay if held[day].starts is not None}
            master = self._write_master(calendar, series, content, master, off | calling)
        else:
            master = self._write_master(calendar, series, content, master, off)
        exceptions: dict[str, Held] = {}
        for meeting in () if by_hand else series.meetings:
            here = held.get(meeting.original)
            if here is None:  # left out by the rule, or split off by a person: both are as they should be
                continue
            told = news if meeting.starts > self._clock.now() else "none"
            after = self._instance(calendar, series, content, meeting, here, meeting.original in off, told)
            if after is not None:
                exceptions[meeting.original.isoformat()] = after
        if not by_hand and (kept := _off(master) & stay) != _off(master):
            master = self._write_master(calendar, series, content, master, kept)
        return master, exceptions

    def _write_master(
        self, calendar: str, series: Series, content: Content, master: Mapping[str, Any], off: set[date]
    ) -> Mapping[str, Any]:
        """Content that changed, dates that were left out and are meetings again, and the note of dates called off."""
        body: dict[str, Any] = {}
        note = {
            **noted(master),
            "digest": content.digest,
            "off": ",".join(f"{day:%Y%m%d}" for day in sorted(off)[-NOTES:]),
        }
        if noted(master).get("digest") != content.digest:
            body.update(content.body(master))
        if noted(master).get("digest") != content.digest or noted(master).get("off", "") != note["off"]:
            body["extendedProperties"] = {"private": note}
        lines = [line for line in master.get("recurrence", ()) if isinstance(line, str)]
        out = left_out(lines, zone_of(series.rhythm.zone))
        back = out & {meeting.original for meeting in series.held}
        if back:
            kept = [line for line in lines if not line.upper().startswith("EXDATE")]
            body["recurrence"] = kept + exdates(series.rhythm, out - back)
        return self._patch(calendar, text_of(master, "id"), body, "none") if body else master

    def _instance(
        self,
        calendar: str,
        series: Series,
        content: Content,
        meeting: Meeting,
        here: Held,
        called_off_by_us: bool,
        told: str,
    ) -> Held | None:
        """Make one instance as it should be; the instance where it is coplink's own exception, else None."""
        if meeting.cancelled:
            if here.starts is None:
                return here if called_off_by_us else None
            return Held.of({"id": here.id, **self._patch(calendar, here.id, {"status": "cancelled"}, told)})
        note = {"digest": content.digest, "start": meeting.starts.isoformat()}
        wanted = {
            **content.body(here.body),
            "status": "confirmed",
            "start": when(meeting.starts, series.rhythm.zone),
            "end": when(meeting.ends, series.rhythm.zone),
            "extendedProperties": {"private": {**noted(here.body), **note}},
        }
        if here.starts is None:
            if not called_off_by_us:
                return None
        elif here.moved_by_hand or (
            here.starts == meeting.starts and not (here.ours and here.digest != content.digest)
        ):
            return here if here.ours else None
        quiet = here.starts == meeting.starts
        return Held.of({"id": here.id, **self._patch(calendar, here.id, wanted, "none" if quiet else told)})

    def _rescheduled_by_hand(self, series: Series, master: Mapping[str, Any]) -> bool:
        """Whether a person gave the whole series another time; then it is left as it is, and ``read`` tells."""
        first = series.meetings[0].original
        wanted = instant(datetime.combine(first, series.rhythm.start), zone_of(series.rhythm.zone))
        return moment_of(master.get("start")) != wanted

    # --- calls ----------------------------------------------------------------------------------------------------

    def _instances(self, calendar: str, master: str, series: Series) -> tuple[dict[date, Held], bool]:
        """Every instance by its original local date, cancelled ones included; False when reading stopped half way."""
        zone = zone_of(series.rhythm.zone)
        held: dict[date, Held] = {}
        began = False
        pages = self._google.pages(
            "calendar.events.instances", calendarId=calendar, eventId=master, showDeleted=True, maxResults=250
        )
        try:
            for page in pages:
                began = True
                found = [Held.of(row) for row in rows_of(page, "items")]
                held.update(
                    {one.regular.astimezone(zone).date(): one for one in found if one.regular is not None}
                )
        except Transient:
            if not began:
                raise
            return held, False
        return held, True

    def _patch(self, calendar: str, name: str, body: Mapping[str, Any], told: str) -> Mapping[str, Any]:
        return self._google.call(
            "calendar.events.patch",
            calendarId=calendar,
            eventId=name,
            conferenceDataVersion=1,
            sendUpdates=told,
            body=dict(body),
        )

    def _get(self, calendar: str, name: str) -> Mapping[str, Any] | None:
        if not name:
            return None
        try:
            event = self._google.call("calendar.events.get", calendarId=calendar, eventId=name)
        except Gone:
            return None
        return None if event.get("status") == "cancelled" else event


def _off(master: Mapping[str, Any]) -> set[date]:
    """The dates that the recurring event notes as called off by coplink."""
    stamps = [stamp for stamp in noted(master).get("off", "").split(",") if stamp]
    return {date.fromisoformat(stamp) for stamp in stamps if len(stamp) == 8 and stamp.isdigit()}


def _dates(link: SeriesLink) -> list[tuple[str, date]]:
    return [(name, date.fromisoformat(name)) for name in link.remote if name != SERIES]

"""A series as one recurring event: the rule with the known breaks left out, moved and later cancelled instances."""

from __future__ import annotations

import re
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
)
from coplink_google.replies import AlreadyThere, rows_of, text_of
from coplink_google.workspace import Workspace

GENERATIONS = 50
SERIES = "series"


class Recurring:
    """``remote["series"]`` is the recurring event; dates name the instances that coplink moved or cancelled."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._google, self._clock = workspace, clock

    def put(
        self, calendar: str, series: Series, content: Content, known: SeriesLink | None, key: str
    ) -> SeriesLink:
        if not series.meetings:
            self.end(calendar, series, known)
            return SeriesLink({}, {}, content.digest)
        master, found = self._master(calendar, series, content, known, key)
        remote, seen = {SERIES: text_of(master, "id")}, {SERIES: str(master.get("etag", ""))}
        if found != -1:  # not made just now: what is there may differ
            news = "all" if known is not None else "none"
            master = self._align_master(calendar, series, content, master)
            seen[SERIES] = str(master.get("etag", ""))
            held = self._all_instances(calendar, remote[SERIES], series)
        elif any(meeting.moved and not meeting.cancelled for meeting in series.meetings):
            news, held = "none", self._all_instances(calendar, remote[SERIES], series)
        else:
            news, held = "none", {}
        if not self._rescheduled_by_hand(series, master):
            for meeting in series.meetings if held else ():
                here = held.get(meeting.original)
                told = news if meeting.starts > self._clock.now() else "none"
                after = self._align(calendar, series, content, meeting, here, known, told)
                name = meeting.original.isoformat()
                if after is not None:
                    remote[name], seen[name] = after.id, after.etag
        return SeriesLink(remote, seen, content.digest, max(found, 0))

    def read(self, calendar: str, series: Series, link: SeriesLink) -> SeriesFacts:
        starts: dict[date, datetime | None] = {meeting.original: None for meeting in series.meetings}
        master = self._get(calendar, link.remote.get(SERIES, ""))
        if master is None:
            return SeriesFacts(starts, {}, complete=True)
        held, complete = self._instances(calendar, text_of(master, "id"), series)
        starts.update({day: one.starts for day, one in held.items() if day in starts})
        seen = {SERIES: str(master.get("etag", ""))}
        seen.update({name: held[day].etag for name, day in _dates(link) if day in held})
        return SeriesFacts(starts, seen, complete)

    def end(self, calendar: str, series: Series, known: SeriesLink | None) -> None:
        """Take an older series away; one that has begun keeps its past when the new one lies ahead altogether."""
        old = self._get(calendar, known.remote.get(SERIES, "")) if known else None
        if old is None:
            return
        now = self._clock.now()
        began, ahead = moment_of(old.get("start")), series.meetings and series.meetings[0].starts > now
        event = {"calendarId": calendar, "eventId": text_of(old, "id"), "sendUpdates": "none"}
        if began is not None and began < now and ahead:
            lines = [
                re.sub(r"UNTIL=[^;]*", f"UNTIL={now:%Y%m%dT%H%M%SZ}", line)
                for line in old.get("recurrence", ())
            ]
            if lines != old.get("recurrence"):
                self._google.call(
                    "calendar.events.patch", **event, conferenceDataVersion=1, body={"recurrence": lines}
                )
            return
        self._google.call("calendar.events.delete", **event)

    # --- the recurring event --------------------------------------------------------------------------------------

    def _master(
        self, calendar: str, series: Series, content: Content, known: SeriesLink | None, key: str
    ) -> tuple[Mapping[str, Any], int]:
        """The event of this rule and whether it was found (1), remembered (0) or made just now (-1)."""
        rule = rule_tag(series.rhythm, series.meetings[0].original)
        remembered = self._get(calendar, known.remote.get(SERIES, "")) if known else None
        if remembered is not None and noted(remembered).get("rule") == rule:
            return remembered, 0
        if remembered is not None:
            self.end(calendar, series, known)
        for generation in range(GENERATIONS):
            name = event_id(key, generation)
            there = self._get(calendar, name, even_cancelled=True)
            if there is not None and there.get("status") != "cancelled" and noted(there).get("rule") == rule:
                return there, 1
            if there is not None:
                continue
            try:
                return self._insert(calendar, series, content, name, rule, key), -1
            except AlreadyThere:  # the id of a deleted event, or an earlier go whose answer was lost
                there = self._get(calendar, name)
                if there is not None and noted(there).get("rule") == rule:
                    return there, 1
        raise UnexpectedReply(
            say("Google keeps too many earlier versions of this series."), "no free event id"
        )

    def _insert(
        self, calendar: str, series: Series, content: Content, name: str, rule: str, key: str
    ) -> Mapping[str, Any]:
        rhythm, first = series.rhythm, series.meetings[0]
        starts = instant(datetime.combine(first.original, rhythm.start), zone_of(rhythm.zone))
        ends = starts + (first.ends - first.starts)
        off = exdates(rhythm, (meeting.original for meeting in series.meetings if meeting.cancelled))
        body = {
            **content.body(),
            **content.conference(name),
            "id": name,
            "start": when(starts, rhythm.zone),
            "end": when(ends, rhythm.zone),
            "recurrence": [rrule(rhythm), *off],
            "extendedProperties": {"private": {"coplink": "series", "rule": rule, "digest": content.digest}},
        }
        return self._google.call(
            "calendar.events.insert",
            calendarId=calendar,
            conferenceDataVersion=1,
            sendUpdates="none",
            body=body,
        )

    def _align_master(
        self, calendar: str, series: Series, content: Content, master: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Write content that changed, and bring back dates that were left out and are meetings again."""
        body: dict[str, Any] = {}
        if noted(master).get("digest") != content.digest:
            body = {
                **content.body(master),
                "extendedProperties": {"private": {**noted(master), "digest": content.digest}},
            }
        lines = [line for line in master.get("recurrence", ()) if isinstance(line, str)]
        out = left_out(lines, zone_of(series.rhythm.zone))
        back = out & {meeting.original for meeting in series.held}
        if back:
            kept = [line for line in lines if not line.upper().startswith("EXDATE")]
            body["recurrence"] = kept + exdates(series.rhythm, out - back)
        if not body:
            return master
        return self._google.call(
            "calendar.events.patch",
            calendarId=calendar,
            eventId=text_of(master, "id"),
            conferenceDataVersion=1,
            sendUpdates="none",
            body=body,
        )

    def _rescheduled_by_hand(self, series: Series, master: Mapping[str, Any]) -> bool:
        """Whether a person gave the whole series another time; then it is left as it is, and ``read`` tells."""
        first = series.meetings[0].original
        wanted = instant(datetime.combine(first, series.rhythm.start), zone_of(series.rhythm.zone))
        return moment_of(master.get("start")) != wanted

    # --- its instances --------------------------------------------------------------------------------------------

    def _instances(self, calendar: str, master: str, series: Series) -> tuple[dict[date, Held], bool]:
        """Every instance by its original local date, cancelled ones included; False when reading stopped half way."""
        zone = zone_of(series.rhythm.zone)
        held: dict[date, Held] = {}
        began = False
        try:
            for page in self._google.pages(
                "calendar.events.instances",
                calendarId=calendar,
                eventId=master,
                showDeleted=True,
                maxResults=250,
            ):
                began = True
                for row in rows_of(page, "items"):
                    one = Held.of(row)
                    if one.regular is not None:
                        held[one.regular.astimezone(zone).date()] = one
        except Transient:
            if not began:
                raise
            return held, False
        return held, True

    def _all_instances(self, calendar: str, master: str, series: Series) -> dict[date, Held]:
        held, complete = self._instances(calendar, master, series)
        if not complete:
            raise Unavailable(say("Google did not answer."), "events.instances stopped half way")
        return held

    def _align(
        self,
        calendar: str,
        series: Series,
        content: Content,
        meeting: Meeting,
        here: Held | None,
        known: SeriesLink | None,
        told: str,
    ) -> Held | None:
        """Make one instance as it should be; the instance where it is coplink's own exception, else None."""
        if here is None:  # left out by the rule, or split off by a person: both are as they should be
            return None
        name = meeting.original.isoformat()
        cancelled_by_us = known is not None and known.seen.get(name) == here.etag and name in known.remote
        if meeting.cancelled:
            if here.starts is None:
                return here if cancelled_by_us else None
            return self._patch(calendar, here, {"status": "cancelled"}, told)
        moved = {
            **content.body(here.body),
            "status": "confirmed",
            "start": when(meeting.starts, series.rhythm.zone),
            "end": when(meeting.ends, series.rhythm.zone),
            "extendedProperties": {
                "private": {**noted(here.body), "digest": content.digest, "start": meeting.starts.isoformat()}
            },
        }
        if here.starts is None:
            return self._patch(calendar, here, moved, told) if cancelled_by_us else None
        if here.moved_by_hand:
            return here if here.ours else None
        if here.starts != meeting.starts:
            return self._patch(calendar, here, moved, told)
        if here.ours and here.digest != content.digest:
            return self._patch(calendar, here, moved, "none")
        return here if here.ours else None

    def _patch(self, calendar: str, here: Held, body: Mapping[str, Any], told: str) -> Held:
        answer = self._google.call(
            "calendar.events.patch",
            calendarId=calendar,
            eventId=here.id,
            conferenceDataVersion=1,
            sendUpdates=told,
            body=dict(body),
        )
        return Held.of({"id": here.id, **answer})

    def _get(self, calendar: str, name: str, even_cancelled: bool = False) -> Mapping[str, Any] | None:
        if not name:
            return None
        try:
            event = self._google.call("calendar.events.get", calendarId=calendar, eventId=name)
        except Gone:
            return None
        return event if even_cancelled or event.get("status") != "cancelled" else None


def _dates(link: SeriesLink) -> list[tuple[str, date]]:
    return [(name, date.fromisoformat(name)) for name in link.remote if name != SERIES]

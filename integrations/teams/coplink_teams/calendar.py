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
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from coplink.core.rhythm import Meeting, Series
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink_teams.calls import Graph
from coplink_teams.mailbox import AGAIN, SERIES, Held, Mailbox, addresses, attendees, invited, moment
from coplink_teams.recurrence import recurrence, utc_times, wall_times
from coplink_teams.replies import careful
from coplink_teams.settings import Settings

CANCELLED = "cancelled"


class MailboxCalendar:
    """Places series in one service mailbox."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._mailbox = Mailbox(graph, settings)

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
        box, wanted = self._mailbox, addresses(attendees)
        digest = _digest(series, wanted)
        remote = dict(known.remote) if known else box.look(series, key)
        found = 0 if known else len(remote)
        held = box.holds(series, remote)
        if known and not held.master and not held.dates:  # all we remembered is gone: made anew
            remote = box.look(series, key)
            held, found = box.holds(series, remote), len(remote)
        before = remote.copy()
        self._make_missing(series, remote, held, known, key, wanted)
        if remote != before:
            held = box.holds(series, remote)
        wrote = self._match(series, held, known, bool(wanted))
        wrote |= self._match_heads(series, wanted, remote, held, known, digest)
        if wrote:
            held = box.holds(series, remote)
        return SeriesLink(remote, _seen(series, held, known), digest, found)

    @careful
    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        """Start by original date; a date that is not there any more is ``None``."""
        held = self._mailbox.holds(series, link.remote, half=True)
        starts: dict[date, datetime | None] = {}
        for meeting in series.meetings:
            event = held.dates.get(meeting.original)
            if event is not None:
                starts[meeting.original] = moment(event["start"])
            elif held.complete:
                starts[meeting.original] = None
        return SeriesFacts(starts, _seen(series, held, link), held.complete)

    @careful
    def uninvite(self, parts: Mapping[str, str], link: SeriesLink, addresses: Collection[str]) -> SeriesLink:
        """Take these addresses off the series, or off each single event."""
        gone = {address.casefold() for address in addresses}
        for event_id in link.remote.values():
            event = self._mailbox.event(event_id)
            there = invited(event) if event else []
            if gone.intersection(there):
                left = [address for address in there if address not in gone]
                self._mailbox.change(event_id, {"attendees": attendees(left)})
        return replace(link, digest=f"{link.digest.partition(';')[0]};")

    def _make_missing(
        self,
        series: Series,
        remote: dict[str, str],
        held: Held,
        known: SeriesLink | None,
        key: str,
        wanted: list[str],
    ) -> None:
        """The series itself, or single events: for a list of dates, and for a date we took out that is held again."""
        pattern, words = recurrence(series), _words(series) | _body(series)
        if pattern is not None and held.master is None:
            start, end = wall_times(series.rhythm, series.meetings[0].original)
            remote.clear()  # single events beside a lost master are of no use
            plain = not any(meeting.cancelled or meeting.moved for meeting in series.meetings)
            body = (
                words
                | {"start": start, "end": end, "recurrence": pattern}
                | _inviting(wanted if plain else [])
            )
            remote[SERIES] = self._mailbox.create(key, SERIES, body)
            return
        taken_out = {name for name, seen in (known.seen if known else {}).items() if seen == CANCELLED}
        for meeting in series.held:
            name = meeting.original.isoformat()
            if meeting.original in held.dates or (pattern is not None and name not in taken_out):
                continue
            if pattern is None and known and name in known.remote and name not in taken_out:
                continue  # somebody deleted it over there
            start, end = utc_times(meeting.starts, meeting.ends)
            turn = name + AGAIN if name in taken_out else name
            remote[name] = self._mailbox.create(
                key, turn, words | {"start": start, "end": end} | _inviting(wanted)
            )

    def _match(self, series: Series, held: Held, known: SeriesLink | None, invites: bool) -> bool:
        """Take out what is cancelled, move what is moved; leave alone what a person moved."""
        wrote = False
        for meeting in series.meetings:
            event = held.dates.get(meeting.original)
            if event is None:
                continue
            if meeting.cancelled:
                self._mailbox.take_out(str(event["id"]), tell=invites and known is not None)
                wrote = True
            elif not _as_wanted(event, meeting) and _may_move(event, meeting, known):
                start, end = utc_times(meeting.starts, meeting.ends)
                self._mailbox.change(str(event["id"]), {"start": start, "end": end})
                wrote = True
        return wrote

    def _match_heads(
        self,
        series: Series,
        wanted: list[str],
        remote: Mapping[str, str],
        held: Held,
        known: SeriesLink | None,
        digest: str,
    ) -> bool:
        """Title, place and attendees, where they differ from what was written last and from what is there.

        The body stays as it was made: Teams keeps the way into the meeting in it; writing it anew would cut that off.
        """
        words, people = digest.split(";")
        old = known.digest.split(";") if known and ";" in known.digest else ["", ""]
        wrote = False
        for name in remote:
            event = held.master if name == SERIES else held.dates.get(date.fromisoformat(name))
            if event is None:
                continue
            changes: dict[str, Any] = {}
            if old[0] and old[0] != words:
                changes |= _words(series)
            if old[1] != people and invited(event) != wanted:
                changes["attendees"] = attendees(wanted)
            if changes:
                self._mailbox.change(str(event["id"]), changes)
                wrote = True
        return wrote


def _may_move(event: Mapping[str, Any], meeting: Meeting, known: SeriesLink | None) -> bool:
    """Whether the start that is there is ours: never touched since the series was made, or last written by us."""
    written = (known.seen if known else {}).get(meeting.original.isoformat())
    return event.get("changeKey") == written if written else event.get("type") == "occurrence"


def _as_wanted(event: Mapping[str, Any], meeting: Meeting) -> bool:
    return moment(event["start"]) == meeting.starts and moment(event["end"]) == meeting.ends


def _seen(series: Series, held: Held, known: SeriesLink | None) -> dict[str, str]:
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
            ours = _as_wanted(event, meeting)
            seen[name] = str(event.get("changeKey") or "") if ours else before.get(name, "")
    return {name: value for name, value in seen.items() if value}


def _words(series: Series) -> dict[str, Any]:
    return {"subject": series.title, "location": {"displayName": series.place}}


def _body(series: Series) -> dict[str, Any]:
    lines = [series.body, series.link if series.link not in series.body else ""]
    return {"body": {"contentType": "text", "content": "\n\n".join(line for line in lines if line)}}


def _inviting(wanted: list[str]) -> dict[str, Any]:
    return {"attendees": attendees(wanted)} if wanted else {}


def _digest(series: Series, wanted: list[str]) -> str:
    parts = ([series.title, series.place], wanted)
    return ";".join(hashlib.sha256(json.dumps(part).encode()).hexdigest()[:16] for part in parts)

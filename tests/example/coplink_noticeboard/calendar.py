"""Dates of a board: one for each meeting that is held, tagged with a word of ours and its original date.

The vendor makes a date once for each tag. Its field ``note`` holds the digest of what coplink wrote: one whose note is
as wanted was left alone by us, so a person may have moved it; that stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime

from coplink.core.rhythm import Meeting, Series
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.errors import Gone, Transient
from coplink_noticeboard.client import Client, Row, text_of

OURS = "coplink"  # a board belongs to one community: whatever carries this word is its series, in any version


class Dates:
    """Puts a series on a board's list of dates."""

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
        """Make what is missing, rewrite what we wrote otherwise, take away what is not held any more."""
        path, found = f"/boards/{parts['board']}/dates", 0
        pages = self._client.pages("list dates", path, "dates", family=OURS)
        there = {text_of(row, "tag").rpartition("/")[2]: row for page in pages for row in page}
        remote: dict[str, str] = {}
        for meeting in series.held:
            name, body = meeting.original.isoformat(), _body(series, meeting)
            row = there.pop(name, None)
            if row is None or row.get("note") != body["note"]:
                row = self._client.call("PUT", "put date", f"{path}/{OURS}/{name}", body)
            elif known is None:
                found += 1
            remote[name] = text_of(row, "id")
        for name in there:
            try:
                self._client.call("DELETE", "drop date", f"{path}/{OURS}/{name}")
            except Gone:
                continue
        return SeriesLink(remote, digest=series.title, found=found)

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        """When the meetings stand on the board; None for those that do not."""
        path = f"/boards/{parts['board']}/dates"
        starts: dict[date, datetime | None] = {}
        complete, began = True, False
        try:
            for page in self._client.pages("list dates", path, "dates", family=OURS):
                began = True
                starts |= {_day(row): _starts(row) for row in page}
        except Transient:
            if not began:
                raise
            complete = False
        absent: dict[date, datetime | None] = {m.original: None for m in series.meetings if complete}
        return SeriesFacts({**absent, **starts}, {}, complete)


def _body(series: Series, meeting: Meeting) -> dict[str, str]:
    said = {
        "title": series.title,
        "about": "\n".join(filter(None, (series.body, series.link))),
        "place": series.place,
        "starts": meeting.starts.isoformat(),
        "ends": meeting.ends.isoformat(),
    }
    return {**said, "note": _digest(*said.values())}


def _day(row: Row) -> date:
    return date.fromisoformat(text_of(row, "tag").rpartition("/")[2])


def _starts(row: Row) -> datetime:
    return datetime.fromisoformat(text_of(row, "starts")).astimezone(UTC)


def _digest(*words: str) -> str:
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:24]

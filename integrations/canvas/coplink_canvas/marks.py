"""What a meeting looks like as a Canvas event, and the mark by which it is known again.

Canvas takes no create key and no hidden property, so the mark stands in small print at the end of the description:
whose series it is and which version of the rhythm, the original date, the start as we wrote it, and a digest of
everything we wrote. With the start in
it, a meeting that a person moved is told from one that we want moved, even if our own row of it is lost.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import Any

from coplink.core.rhythm import Meeting, Series

_STAMP = "%Y%m%dT%H%M%SZ"
_MARK = re.compile(r"coplink:([0-9a-f]{24})/(\d{1,6})/(\d{4}-\d{2}-\d{2})/(\d{8}T\d{6}Z)/([0-9a-f]{12})")
LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class Mark:
    """One meeting of one series as we last wrote it."""

    tag: str
    version: int
    day: date
    starts: datetime
    digest: str

    def __str__(self) -> str:
        return f"coplink:{self.tag}/{self.version}/{self.day.isoformat()}/{self.starts.strftime(_STAMP)}/{self.digest}"


def tag(key: str) -> str:
    """The series as it appears in a mark."""
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def of(series: Series, meeting: Meeting, key: str) -> Mark:
    """The mark of a meeting as it should be now."""
    written = [
        series.title,
        series.body,
        series.place,
        series.link,
        meeting.starts.isoformat(),
        meeting.ends.isoformat(),
    ]
    return Mark(tag(key), series.rhythm.version, meeting.original, meeting.starts, _digest(written))


def read(description: object) -> Mark | None:
    """The mark in a description, wherever a person or Canvas’ own clean-up has moved it; None without one."""
    found = _MARK.search(description) if isinstance(description, str) else None
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[3])
        starts = datetime.strptime(found[4], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Mark(found[1], int(found[2]), day, starts, found[5])


def start_of(row: Mapping[str, Any]) -> datetime | None:
    """When an event begins (UTC); None where it has no readable time."""
    try:
        starts = datetime.fromisoformat(str(row.get("start_at")))
    except ValueError:
        return None
    return starts.astimezone(UTC) if starts.tzinfo is not None else None


def fields(series: Series, meeting: Meeting, mark: Mark) -> dict[str, str]:
    """The event as Canvas takes it: times in UTC, the description in HTML."""
    texts = [f"<p>{escape(text)}</p>" for text in series.body.split("\n\n") if text.strip()]
    if series.link:
        texts.append(f'<p><a href="{escape(series.link)}">Open the community</a></p>')
    title = series.title if len(series.title) <= LONGEST_TITLE else series.title[: LONGEST_TITLE - 1] + "…"
    return {
        "title": title,
        "start_at": _utc(meeting.starts),
        "end_at": _utc(meeting.ends),
        "location_name": series.place[:LONGEST_TITLE],
        "description": "".join([*texts, f"<p><small>{mark}</small></p>"]),
    }


def series_digest(series: Series, key: str) -> str:
    """Names everything that a calendar shows of a series."""
    return _digest([str(of(series, meeting, key)) for meeting in series.held])


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(written: list[str]) -> str:
    return hashlib.sha256(json.dumps(written, ensure_ascii=True).encode()).hexdigest()[:12]

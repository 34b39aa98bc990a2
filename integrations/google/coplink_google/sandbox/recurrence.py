"""Recurrence rules, read and expanded anew: written from RFC 5545, not from coplink's own expansion, to compare both.

Known are weekly and monthly rules with INTERVAL, BYDAY, BYMONTHDAY, WKST and UNTIL, and dates left out (EXDATE).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from coplink.sandbox.wire import Refuse

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KNOWN = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "WKST", "UNTIL"}


def expand(recurrence: Iterable[str], first: datetime, zone: ZoneInfo) -> list[datetime]:
    """The starts of every instance in UTC; ``first`` is the local start of the event, aware."""
    rules = [line[6:] for line in recurrence if line.startswith("RRULE:")]
    if len(rules) != 1:
        raise Refuse(400, "invalid", "exactly one RRULE is needed")
    parts = dict(part.partition("=")[::2] for part in rules[0].split(";"))
    if not parts.keys() <= KNOWN or "UNTIL" not in parts:
        raise Refuse(400, "invalid", f"Invalid recurrence rule: {rules[0]}")
    if not re.fullmatch(r"\d{8}T\d{6}Z", parts["UNTIL"]):
        raise Refuse(400, "invalid", "UNTIL must be in UTC where the start has a time")
    until = _stamp(parts["UNTIL"], UTC)
    left_out = {
        moment for line in recurrence if line.startswith("EXDATE") for moment in _excluded(line, zone)
    }
    local = first.astimezone(zone)
    starts = []
    for day in _days(parts, local.date(), until.astimezone(zone).date()):
        start = datetime.combine(day, local.timetz().replace(tzinfo=None), zone).astimezone(UTC)
        if first <= start <= until:
            starts.append(start)
    if first.astimezone(UTC) not in starts:
        starts.insert(
            0, first.astimezone(UTC)
        )  # an engine counts the start even where the rule does not meet it
    return [start for start in starts if start not in left_out]


def _excluded(line: str, zone: ZoneInfo) -> Iterable[datetime]:
    found = re.fullmatch(r"EXDATE(?:;TZID=([\w/+-]+))?:([\dTZ,]+)", line)
    if found is None:
        raise Refuse(400, "invalid", f"Invalid recurrence line: {line}")
    where = ZoneInfo(found[1]) if found[1] else zone
    for stamp in found[2].split(","):
        yield _stamp(stamp, UTC if stamp.endswith("Z") else where).astimezone(UTC)


def _stamp(text: str, zone: tzinfo) -> datetime:
    naive = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  the zone follows
    return naive.replace(tzinfo=zone)


def _days(parts: dict[str, str], first: date, last: date) -> Iterable[date]:
    every = int(parts.get("INTERVAL", "1"))
    if parts.get("FREQ") == "WEEKLY":
        begins = DAYS.index(parts.get("WKST", "MO"))
        wanted = {DAYS.index(day) for day in parts.get("BYDAY", DAYS[first.weekday()]).split(",")}
        start_of_week = first - timedelta(days=(first.weekday() - begins) % 7)
        day = first
        while day <= last:
            week = (day - start_of_week).days // 7
            if day.weekday() in wanted and week % every == 0:
                yield day
            day += timedelta(days=1)
    elif parts.get("FREQ") == "MONTHLY":
        month = 0
        while True:
            year, number = divmod(first.year * 12 + first.month - 1 + month * every, 12)
            chosen = _in_month(parts, year, number + 1, first)
            if date(year, number + 1, 1) > last:
                return
            if first <= chosen <= last:
                yield chosen
            month += 1
    else:
        raise Refuse(400, "invalid", "Invalid recurrence rule: FREQ")


def _in_month(parts: dict[str, str], year: int, month: int, first: date) -> date:
    if "BYDAY" in parts:
        found = re.fullmatch(r"(-?\d)([A-Z]{2})", parts["BYDAY"])
        if found is None:
            raise Refuse(400, "invalid", "Invalid recurrence rule: BYDAY")
        length = calendar.monthrange(year, month)[1]
        days = [date(year, month, n) for n in range(1, length + 1)]
        fitting = [day for day in days if day.weekday() == DAYS.index(found[2])]
        return fitting[int(found[1]) - 1] if int(found[1]) > 0 else fitting[int(found[1])]
    return date(year, month, int(parts.get("BYMONTHDAY", first.day)))

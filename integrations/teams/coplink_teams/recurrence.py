"""A rhythm in Graph's words (Graph, ``patternedRecurrence``; RFC 5545 on the left):

    FREQ=WEEKLY;INTERVAL=n;BYDAY=..;WKST=MO     weekly, daysOfWeek, firstDayOfWeek (Graph's default would be Sunday)
    FREQ=MONTHLY;INTERVAL=n;BYDAY=2WE or -1WE   relativeMonthly, one day, index first to fourth or last
    FREQ=MONTHLY;INTERVAL=n;BYMONTHDAY=d        absoluteMonthly
    a list of dates                             no recurrence: single events

Times are wall time with the IANA name of the zone; the end is a date in that zone, never a count.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from coplink.core.rhythm import WEEKDAYS, Dates, MonthlyDay, MonthlyWeekday, Rhythm, Series, Weekly

_INDEX = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}


def recurrence(series: Series) -> dict[str, Any] | None:
    """Pattern and range of a series; None for a list of dates."""
    rhythm = series.rhythm
    pattern = _pattern(rhythm)
    if pattern is None:
        return None
    return {
        "pattern": pattern,
        "range": {
            "type": "endDate",
            "startDate": series.meetings[0].original.isoformat(),
            "endDate": series.meetings[-1].original.isoformat(),
            "recurrenceTimeZone": rhythm.zone,
        },
    }


def wall_times(rhythm: Rhythm, day: date) -> tuple[dict[str, str], dict[str, str]]:
    """Start and end of the meeting of one day as the rhythm says it, in wall time."""
    start = datetime.combine(day, rhythm.start)
    return _wall(start, rhythm.zone), _wall(start + timedelta(minutes=rhythm.minutes), rhythm.zone)


def utc_times(start: datetime, end: datetime) -> tuple[dict[str, str], dict[str, str]]:
    """Start and end as instants, for a single occurrence."""
    return _wall(start.replace(tzinfo=None), "UTC"), _wall(end.replace(tzinfo=None), "UTC")


def _pattern(rhythm: Rhythm) -> dict[str, Any] | None:
    match rhythm.pattern:
        case Weekly(every, days):
            return {
                "type": "weekly",
                "interval": every,
                "daysOfWeek": [WEEKDAYS[day] for day in sorted(set(days))],
                "firstDayOfWeek": "monday",
            }
        case MonthlyWeekday(every, nth, day):
            return {
                "type": "relativeMonthly",
                "interval": every,
                "daysOfWeek": [WEEKDAYS[day]],
                "index": _INDEX[nth],
            }
        case MonthlyDay(every, day):
            return {"type": "absoluteMonthly", "interval": every, "dayOfMonth": day}
        case Dates():
            return None


def _wall(moment: datetime, zone: str) -> dict[str, str]:
    return {"dateTime": moment.isoformat(timespec="seconds"), "timeZone": zone}

"""The pattern of meeting, and its expansion into dated meetings, right across clock changes and school breaks.

A ``Rhythm`` is wall time plus IANA zone; a ``Series`` is one version of it with every occurrence. Only patterns that
every recurrence engine agrees on are offered (RFC 5545 subset that Microsoft Graph can express). The first date moves
to the first matching one, the week starts on Monday and says so, and the end is a date, never a count, so that a break
does not shorten the year.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coplink.core.errors import DomainError
from coplink.core.words import say

LONGEST = timedelta(days=550)
FORTNIGHT = timedelta(days=14)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every ``every`` weeks on ``days`` (0 is Monday); weeks are counted from the Monday of the first date."""

    every: int
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MonthlyWeekday:
    """The ``nth`` (1 to 4, or -1 for the last) ``day`` (0 is Monday) every ``every`` months."""

    every: int
    nth: int
    day: int


@dataclass(frozen=True, slots=True)
class MonthlyDay:
    """Day ``day`` (1 to 28) every ``every`` months."""

    every: int
    day: int


@dataclass(frozen=True, slots=True)
class Dates:
    """A plain list of local dates."""

    dates: tuple[date, ...]


Pattern = Weekly | MonthlyWeekday | MonthlyDay | Dates


@dataclass(frozen=True, slots=True)
class Break:
    """Days without meetings, both ends included: a school break or a holiday."""

    first: date
    last: date
    name: str = ""

    def covers(self, day: date) -> bool:
        """Whether ``day`` falls into the break."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Wall time, zone, length and pattern of a community's meetings; ``version`` grows with every change.

    ``moves`` maps an original local date to the new local start; ``called_off`` are original dates without a meeting.
    """

    zone: str
    start: time
    minutes: int
    first: date
    last: date
    pattern: Pattern
    breaks: tuple[Break, ...] = ()
    moves: Mapping[date, datetime] = field(default_factory=dict)
    called_off: frozenset[date] = frozenset()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Meeting:
    """One occurrence, keyed by its original local date; ``starts`` and ``ends`` in UTC.

    A cancelled one stays in the series so that every calendar can be told.
    """

    original: date
    starts: datetime
    ends: datetime
    cancelled: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One version of a rhythm with all its occurrences, and how it is called on calendars."""

    rhythm: Rhythm
    title: str
    meetings: tuple[Meeting, ...]
    body: str = ""
    place: str = ""
    link: str = ""

    @property
    def held(self) -> tuple[Meeting, ...]:
        """The meetings that take place."""
        return tuple(meeting for meeting in self.meetings if not meeting.cancelled)


def cycle(rhythm: Rhythm | None) -> timedelta:
    """From one meeting to the next, at the most; a fortnight where that is not said."""
    match rhythm.pattern if rhythm is not None else None:
        case Weekly(every, _):
            return timedelta(weeks=every)
        case MonthlyWeekday(every, _, _) | MonthlyDay(every, _):
            return timedelta(days=31 * every)
        case _:
            return FORTNIGHT


def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name; raises ``DomainError`` for anything else."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DomainError(say("The time zone “{zone}” is not known.", zone=name)) from error


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """A wall time in UTC. A time the clocks skip moves forward by the gap; of a doubled time the first is taken."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def check(rhythm: Rhythm) -> Rhythm:
    """The rhythm with its first date moved to the first matching one; raises ``DomainError`` in plain words."""
    zone_of(rhythm.zone)
    if not 5 <= rhythm.minutes <= 24 * 60:
        raise DomainError(say("A meeting takes between 5 minutes and a day."))
    if rhythm.last < rhythm.first:
        raise DomainError(say("The last date lies before the first."))
    if rhythm.last - rhythm.first > LONGEST:
        raise DomainError(say("Plan at most 18 months ahead; you can continue the rhythm later."))
    match rhythm.pattern:
        case Weekly(every, days) if not 1 <= every <= 26 or not days or not set(days) <= set(range(7)):
            raise DomainError(say("Choose at least one weekday and how many weeks lie between meetings."))
        case MonthlyWeekday(every, nth, day) if (
            not 1 <= every <= 12 or nth not in (1, 2, 3, 4, -1) or day not in range(7)
        ):
            raise DomainError(say("Choose first to fourth or last, and a weekday."))
        case MonthlyDay(every, day) if not 1 <= every <= 12 or not 1 <= day <= 28:
            raise DomainError(say("Choose a day of the month from 1 to 28."))
        case Dates(dates) if not dates:
            raise DomainError(say("Name at least one date."))
        case _:
            pass
    days_ahead = occurrences(rhythm)
    first = next(days_ahead, None)
    if first is None:
        raise DomainError(say("No meeting falls between these dates."))
    return replace(rhythm, first=first)


def occurrences(rhythm: Rhythm) -> Iterator[date]:
    """The local dates of the pattern from first to last date, breaks and moves not yet applied."""
    match rhythm.pattern:
        case Weekly(every, days):
            week = rhythm.first - timedelta(days=rhythm.first.weekday())
            while week <= rhythm.last:
                for day in sorted(set(days)):
                    if rhythm.first <= (when := week + timedelta(days=day)) <= rhythm.last:
                        yield when
                week += timedelta(weeks=every)
        case MonthlyWeekday(every, nth, day):
            yield from _monthly(rhythm, every, lambda year, month: _nth_weekday(year, month, nth, day))
        case MonthlyDay(every, day):
            yield from _monthly(rhythm, every, lambda year, month: date(year, month, day))
        case Dates(dates):
            yield from (when for when in sorted(set(dates)) if rhythm.first <= when <= rhythm.last)


def expand(rhythm: Rhythm) -> tuple[Meeting, ...]:
    """Every meeting of the rhythm in order; meetings in a break or called off are there, marked cancelled."""
    zone = zone_of(rhythm.zone)
    meetings = []
    for day in occurrences(rhythm):
        moved = rhythm.moves.get(day)
        starts = instant(moved or datetime.combine(day, rhythm.start), zone)
        held_on = moved.date() if moved else day
        off = day in rhythm.called_off or any(pause.covers(held_on) for pause in rhythm.breaks)
        meetings.append(
            Meeting(day, starts, starts + timedelta(minutes=rhythm.minutes), off, moved is not None)
        )
    return tuple(meetings)


def _monthly(rhythm: Rhythm, every: int, pick: Callable[[int, int], date]) -> Iterator[date]:
    year, month = rhythm.first.year, rhythm.first.month
    if (
        pick(year, month) < rhythm.first
    ):  # the count of months starts at the first matching one, as engines agree
        year, month = _months_on(year, month, 1)
    while (when := pick(year, month)) <= rhythm.last:
        yield when
        year, month = _months_on(year, month, every)


def _months_on(year: int, month: int, by: int) -> tuple[int, int]:
    ahead = year * 12 + month - 1 + by
    return ahead // 12, ahead % 12 + 1


def _nth_weekday(year: int, month: int, nth: int, day: int) -> date:
    days = [
        d for d in range(1, calendar.monthrange(year, month)[1] + 1) if date(year, month, d).weekday() == day
    ]
    return date(year, month, days[nth - 1] if nth > 0 else days[-1])

"""The rhythm expands to the dates every recurrence engine agrees on, right across clock changes and breaks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from coplink.core.errors import DomainError
from coplink.core.rhythm import (
    Break,
    Dates,
    MonthlyDay,
    MonthlyWeekday,
    Pattern,
    Rhythm,
    Weekly,
    check,
    expand,
    instant,
    occurrences,
)

DAYS = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)
weekly = st.builds(
    Weekly, st.integers(1, 6), st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True).map(tuple)
)
monthly = st.builds(MonthlyWeekday, st.integers(1, 6), st.sampled_from([1, 2, 3, 4, -1]), st.integers(0, 6))
monthly_day = st.builds(MonthlyDay, st.integers(1, 6), st.integers(1, 28))
starts = st.dates(date(2024, 1, 1), date(2027, 12, 31))


def rhythm(pattern: Pattern, first: date, length: int = 300, at: time = time(16), **more: object) -> Rhythm:
    return Rhythm(
        "America/Los_Angeles",
        at,
        60,
        first,
        first + timedelta(days=length),
        pattern,
        **more,  # type: ignore[arg-type]
    )


def as_rule(pattern: Pattern, first: date, last: date) -> list[date]:
    """The same pattern by an independent engine; its start is a matching date, as ours is after ``check``."""
    begin = datetime.combine(first, time())
    until = datetime.combine(last, time())
    match pattern:
        case Weekly(every, days):
            rule = rrule.rrule(
                rrule.WEEKLY, begin, every, rrule.MO, until=until, byweekday=[DAYS[day] for day in days]
            )
        case MonthlyWeekday(every, nth, day):
            rule = rrule.rrule(rrule.MONTHLY, begin, every, until=until, byweekday=DAYS[day](nth))
        case MonthlyDay(every, day):
            rule = rrule.rrule(rrule.MONTHLY, begin, every, until=until, bymonthday=day)
        case _:
            raise AssertionError(pattern)
    return [when.date() for when in rule]


@given(st.one_of(weekly, monthly, monthly_day), starts, st.integers(220, 540))
def test_the_dates_are_those_of_an_independent_engine(pattern: Pattern, first: date, length: int) -> None:
    checked = check(rhythm(pattern, first, length))
    assert list(occurrences(checked)) == as_rule(pattern, checked.first, checked.last)


@given(st.one_of(weekly, monthly, monthly_day), starts)
def test_the_start_moves_to_the_first_matching_date_and_checking_again_changes_nothing(
    pattern: Pattern, first: date
) -> None:
    checked = check(rhythm(pattern, first))
    assert checked.first >= first
    assert next(occurrences(checked)) == checked.first
    assert check(checked) == checked


def test_every_second_week_keeps_its_weeks_when_the_start_is_late_in_a_week() -> None:
    # RFC 5545's own example: every second week, Tuesday and Sunday, weeks beginning on Monday
    found = list(occurrences(rhythm(Weekly(2, (1, 6)), date(1997, 8, 5), 19)))
    assert found == [date(1997, 8, 5), date(1997, 8, 10), date(1997, 8, 19), date(1997, 8, 24)]


def test_a_meeting_keeps_its_wall_time_across_the_change_of_clocks() -> None:
    meetings = expand(rhythm(Weekly(1, (2,)), date(2026, 10, 28), 14))
    assert [m.starts for m in meetings] == [
        datetime(2026, 10, 28, 23, tzinfo=UTC),
        datetime(2026, 11, 5, 0, tzinfo=UTC),
        datetime(2026, 11, 12, 0, tzinfo=UTC),
    ]


def test_a_start_that_the_clocks_skip_moves_forward_and_the_length_stays() -> None:
    (meeting,) = expand(rhythm(Dates((date(2027, 3, 14),)), date(2027, 3, 14), 0, at=time(2, 30)))
    assert meeting.starts == datetime(2027, 3, 14, 10, 30, tzinfo=UTC)
    assert meeting.starts.astimezone(ZoneInfo("America/Los_Angeles")).time() == time(3, 30)
    assert meeting.ends - meeting.starts == timedelta(minutes=60)


def test_a_doubled_wall_time_is_the_first_of_the_two() -> None:
    doubled = datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001  wall time
    assert instant(doubled, ZoneInfo("America/Los_Angeles")) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_a_break_cancels_its_meetings_and_does_not_shorten_the_year() -> None:
    pause = Break(date(2026, 12, 21), date(2027, 1, 1), "Winter break")
    without = expand(rhythm(Weekly(2, (2,)), date(2026, 11, 25), 120))
    with_break = expand(rhythm(Weekly(2, (2,)), date(2026, 11, 25), 120, breaks=(pause,)))
    assert [m.original for m in with_break] == [m.original for m in without]
    assert [m.original for m in with_break if m.cancelled] == [date(2026, 12, 23)]


def test_a_moved_meeting_keeps_its_original_date_as_its_name() -> None:
    first = date(2026, 11, 25)
    moved = {date(2026, 12, 9): datetime(2026, 12, 10, 9, 0)}  # noqa: DTZ001  wall time
    found = {m.original: m for m in expand(rhythm(Weekly(2, (2,)), first, 30, moves=moved))}
    assert found[date(2026, 12, 9)].starts == datetime(2026, 12, 10, 17, tzinfo=UTC)
    assert found[date(2026, 12, 9)].moved
    assert not found[first].moved


def test_a_meeting_moved_out_of_a_break_takes_place() -> None:
    pause = Break(date(2026, 12, 7), date(2026, 12, 11))
    moves = {date(2026, 12, 9): datetime(2026, 12, 14, 16)}  # noqa: DTZ001  wall time
    found = {
        m.original: m
        for m in expand(rhythm(Weekly(2, (2,)), date(2026, 11, 25), 30, breaks=(pause,), moves=moves))
    }
    assert not found[date(2026, 12, 9)].cancelled


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (rhythm(Weekly(1, ()), date(2026, 9, 1)), "weekday"),
        (rhythm(Weekly(0, (1,)), date(2026, 9, 1)), "weeks"),
        (rhythm(MonthlyDay(1, 31), date(2026, 9, 1)), "1 to 28"),
        (rhythm(MonthlyWeekday(1, 5, 2), date(2026, 9, 1)), "fourth or last"),
        (rhythm(Dates(()), date(2026, 9, 1)), "at least one date"),
        (rhythm(Weekly(1, (1,)), date(2026, 9, 1), -1), "before the first"),
        (rhythm(Weekly(1, (1,)), date(2026, 9, 1), 600), "18 months"),
        (rhythm(MonthlyDay(1, 5), date(2026, 9, 6), 10), "No meeting"),
        (
            Rhythm("Mars/Olympus", time(9), 60, date(2026, 9, 1), date(2026, 9, 30), Weekly(1, (1,))),
            "Mars/Olympus",
        ),
        (Rhythm("UTC", time(9), 1, date(2026, 9, 1), date(2026, 9, 30), Weekly(1, (1,))), "5 minutes"),
    ],
)
def test_what_cannot_be_a_rhythm_is_refused_in_plain_words(wrong: Rhythm, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        check(wrong)

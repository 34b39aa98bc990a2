"""How a series is written: the rule means the same to coplink, to the pretend Google and to another library."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from coplink.core.errors import DomainError
from coplink.core.rhythm import (
    Dates,
    MonthlyDay,
    MonthlyWeekday,
    Rhythm,
    Series,
    Weekly,
    check,
    expand,
    instant,
    zone_of,
)
from coplink_google.meetings import Content, event_id, exdates, left_out, rrule, rule_tag
from coplink_google.sandbox import recurrence

ZONES = ("America/Denver", "America/Los_Angeles", "Europe/Berlin", "Pacific/Auckland", "Asia/Kolkata")
PATTERNS = some.one_of(
    some.builds(
        Weekly,
        some.integers(1, 6),
        some.sets(some.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    ),
    some.builds(
        MonthlyWeekday, some.integers(1, 4), some.sampled_from((1, 2, 3, 4, -1)), some.integers(0, 6)
    ),
    some.builds(MonthlyDay, some.integers(1, 4), some.integers(1, 28)),
)


@some.composite
def rhythms(draw):
    first = draw(some.dates(dt.date(2026, 1, 1), dt.date(2028, 12, 31)))
    last = first + dt.timedelta(days=draw(some.integers(0, 400)))
    start = dt.time(
        draw(some.integers(4, 23)), draw(some.sampled_from((0, 15, 59)))
    )  # no hour that clocks skip
    try:
        return check(Rhythm(draw(some.sampled_from(ZONES)), start, 60, first, last, draw(PATTERNS)))
    except DomainError:
        assume(False)


@settings(max_examples=200, deadline=None)
@given(rhythm=rhythms())
def test_three_engines_agree_on_every_rule(rhythm):
    meetings = expand(rhythm)
    zone = zone_of(rhythm.zone)
    first = instant(dt.datetime.combine(meetings[0].original, rhythm.start), zone)
    ours = [meeting.starts for meeting in meetings]
    assert recurrence.expand([rrule(rhythm)], first, zone) == ours
    until = rrule(rhythm).partition("UNTIL=")[2]
    assert until == f"{instant(dt.datetime.combine(rhythm.last, dt.time(23, 59, 59)), zone):%Y%m%dT%H%M%SZ}"
    theirs = rrulestr(rrule(rhythm), dtstart=first.astimezone(zone))
    assert [one.astimezone(dt.UTC) for one in theirs] == ours


@settings(max_examples=50, deadline=None)
@given(rhythm=rhythms(), data=some.data())
def test_dates_left_out_are_read_back(rhythm, data):
    days = {meeting.original for meeting in expand(rhythm)}
    out = data.draw(some.sets(some.sampled_from(sorted(days))))
    lines = exdates(rhythm, out)
    assert left_out([rrule(rhythm), *lines], zone_of(rhythm.zone)) == out
    first = expand(rhythm)[0]
    shown = recurrence.expand([rrule(rhythm), *lines], first.starts, zone_of(rhythm.zone))
    assert shown == [meeting.starts for meeting in expand(rhythm) if meeting.original not in out]


def test_dates_left_out_in_utc_are_understood():
    zone = ZoneInfo("America/Denver")
    assert left_out(["EXDATE:20261125T010000Z,20261202T010000Z"], zone) == {
        dt.date(2026, 11, 24),
        dt.date(2026, 12, 1),
    }


def test_a_list_of_dates_has_no_rule():
    day = dt.date(2026, 9, 1)
    with pytest.raises(ValueError, match="no rule"):
        rrule(Rhythm("UTC", dt.time(9), 60, day, day, Dates((day,))))


def test_an_event_id_is_google_s_kind_of_text_and_never_the_same_twice():
    names = {event_id("key", generation) for generation in range(100)} | {event_id("other", 0)}
    assert len(names) == 101
    assert all(
        set(name) <= set("0123456789abcdefghijklmnopqrstuv") and 5 <= len(name) <= 1024 for name in names
    )
    assert event_id("key", 0) == event_id("key", 0)


def test_another_time_is_another_series_and_another_break_is_not():
    day = dt.date(2026, 9, 1)
    rhythm = Rhythm("UTC", dt.time(9), 60, day, day, Weekly(1, (1,)))
    later = Rhythm("UTC", dt.time(10), 60, day, day, Weekly(1, (1,)))
    moved = Rhythm("UTC", dt.time(9), 60, day, day, Weekly(1, (1,)), called_off=frozenset({day}), version=2)
    assert rule_tag(rhythm, day) != rule_tag(later, day)
    assert rule_tag(rhythm, day) == rule_tag(moved, day)


def test_guests_are_named_once_and_the_link_is_not_repeated():
    rhythm = Rhythm("UTC", dt.time(9), 60, dt.date(2026, 9, 1), dt.date(2026, 9, 1), Weekly(1, (1,)))
    series = Series(rhythm, "T", (), "See http://x/c/1", link="http://x/c/1")
    content = Content.of(series, ("B@x.example", "b@x.example ", "a@x.example", "nobody"))
    assert content.guests == ("a@x.example", "b@x.example")
    assert content.description == "See http://x/c/1"
    assert Content.of(Series(rhythm, "T", (), "B", link="http://x"), ()).description == "B\n\nhttp://x"

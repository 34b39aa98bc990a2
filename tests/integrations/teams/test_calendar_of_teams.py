"""One rhythm on the service mailbox's calendar: once, with breaks and moves, and people's own moves left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from coplink.core.rhythm import (
    Break,
    Dates,
    MonthlyDay,
    MonthlyWeekday,
    Rhythm,
    Series,
    Weekly,
    check,
    expand,
)
from coplink.ports.errors import IntegrationError, OutcomeUnknown, PolicyForbids, Unavailable
from coplink.sandbox.weather import Rule

ATTENDEES = ("ben.okafor@riverbend.example", "Ana.Ruiz@riverbend.example")
PARTS = {"channel": "shared/19:x@thread.tacv2"}
YEAR = Rhythm(
    zone="America/Los_Angeles",
    start=time(15, 30),
    minutes=60,
    first=date(2026, 9, 1),
    last=date(2027, 5, 31),
    pattern=Weekly(2, (1,)),
    breaks=(Break(date(2026, 12, 21), date(2027, 1, 1)), Break(date(2027, 4, 5), date(2027, 4, 9))),
)


def series_of(rhythm: Rhythm = YEAR, **changes) -> Series:
    rhythm = check(replace(rhythm, **changes))
    return Series(
        rhythm,
        "Literacy <b>circle</b>",
        expand(rhythm),
        body="Bring a text",
        link="https://coplink.example/c/1",
    )


def shown(rig) -> list[datetime]:
    starts = [datetime.fromisoformat(s) for s in rig.wire.state()["series"][0]["instances"]]
    return [start.replace(tzinfo=start.tzinfo or UTC) for start in starts]


def held(series: Series) -> list[datetime]:
    return [meeting.starts for meeting in series.held]


def invited_there(rig) -> set[tuple[str, ...]]:
    return {tuple(sorted(one["attendees"])) for one in rig.wire.state()["series"]}


@pytest.mark.parametrize(
    "pattern",
    [
        Weekly(1, (0, 3)),
        Weekly(2, (6, 0)),  # Sunday and Monday every second week: only right if the week begins on Monday
        Weekly(3, (1, 2, 4)),
        MonthlyWeekday(1, 2, 2),
        MonthlyWeekday(2, -1, 4),
        MonthlyDay(1, 15),
        MonthlyDay(3, 28),
    ],
    ids=repr,
)
def test_every_pattern_is_shown_as_it_was_meant(rig, pattern):
    series = series_of(pattern=pattern, breaks=())
    link = rig.connect().calendar.put(PARTS, series, ATTENDEES, None, "key")
    assert shown(rig) == held(series)
    assert list(link.remote) == ["series"]


def test_breaks_are_not_on_the_calendar_and_wall_time_survives_the_clock_change(rig):
    series = series_of()
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series, ATTENDEES, None, "key")
    assert shown(rig) == held(series)
    assert len(series.held) < len(series.meetings)
    assert {start.hour for start in shown(rig)} == {22, 23}
    state = rig.wire.state()["series"]
    assert len(state) == 1
    assert sorted(state[0]["attendees"]) == ["ana.ruiz@riverbend.example", "ben.okafor@riverbend.example"]
    facts = calendar.read(PARTS, series, link)
    assert facts.complete
    assert {day for day, start in facts.starts.items() if start is None} == {
        m.original for m in series.meetings if m.cancelled
    }


def test_people_are_invited_once_everything_is_in_its_place(rig):
    rig.connect().calendar.put(PARTS, series_of(), ATTENDEES, None, "key")
    writes = rig.writes()
    assert writes[0].startswith("POST")
    assert not any(line.endswith("/cancel") for line in writes), (
        "nobody was invited yet, so nobody needs to be told"
    )
    assert writes[-1].startswith("PATCH")


def test_a_second_put_reads_and_writes_nothing(rig):
    series = series_of(moves={date(2026, 9, 15): datetime.fromisoformat("2026-09-16T16:00")})
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series, ATTENDEES, None, "key")
    rig.wire.calls.clear()
    rig.wire.complete_reads.clear()
    again = calendar.put(PARTS, series, tuple(reversed(ATTENDEES)), link, "key")
    assert rig.writes() == []
    assert again == link
    assert rig.wire.complete_reads[0][0] == "calendar"


def test_with_the_row_lost_the_series_is_found_and_nothing_is_written(rig):
    series = series_of(moves={date(2026, 9, 15): datetime.fromisoformat("2026-09-16T16:00")})
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series, ATTENDEES, None, "key")
    rig.wire.calls.clear()
    found = calendar.put(PARTS, series, ATTENDEES, None, "key")
    assert found.remote == link.remote
    assert found.found == 1
    assert rig.writes() == []
    assert len(rig.wire.state()["series"]) == 1


def test_a_moved_meeting_is_moved_and_can_be_moved_again_and_back(rig):
    day = date(2026, 9, 15)
    calendar = rig.connect().calendar
    link = None
    for target in (
        datetime.fromisoformat("2026-09-17T08:00"),
        datetime.fromisoformat("2026-09-18T09:00"),
        datetime.fromisoformat("2026-09-15T15:30"),
    ):
        series = series_of(moves={day: target})
        link = calendar.put(PARTS, series, ATTENDEES, link, "key")
        assert sorted(shown(rig)) == sorted(held(series))


def test_what_a_person_moved_is_left_alone_and_reported(rig):
    series = series_of()
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series, ATTENDEES, None, "key")
    master, day = rig.wire.state()["series"][0]["id"], date(2026, 10, 13)
    rig.wire.outlook.move(master, day.isoformat(), 90)
    rig.wire.calls.clear()
    link = calendar.put(PARTS, series, ATTENDEES, link, "key")
    assert rig.writes() == []
    wanted = next(m.starts for m in series.meetings if m.original == day)
    assert calendar.read(PARTS, series, link).starts[day] == wanted + timedelta(minutes=90)
    link = calendar.put(PARTS, series, ATTENDEES[:1], link, "key")  # other changes do not make it ours
    rig.wire.calls.clear()
    calendar.put(PARTS, series, ATTENDEES[:1], link, "key")
    assert rig.writes() == []
    assert calendar.read(PARTS, series, link).starts[day] == wanted + timedelta(minutes=90)


def test_a_meeting_moved_by_us_and_then_by_a_person_is_theirs(rig):
    day = date(2026, 9, 15)
    calendar = rig.connect().calendar
    link = calendar.put(
        PARTS, series_of(moves={day: datetime.fromisoformat("2026-09-17T08:00")}), ATTENDEES, None, "key"
    )
    rig.wire.outlook.move(link.remote["series"], day.isoformat(), 60)
    rig.wire.calls.clear()
    link = calendar.put(
        PARTS, series_of(moves={day: datetime.fromisoformat("2026-09-18T08:00")}), ATTENDEES, link, "key"
    )
    assert rig.writes() == []


def test_a_meeting_called_off_later_is_cancelled_with_notice_and_can_be_held_again(rig):
    calendar, day = rig.connect().calendar, date(2026, 10, 13)
    link = calendar.put(PARTS, series_of(), ATTENDEES, None, "key")
    rig.wire.calls.clear()
    off = series_of(called_off=frozenset({day}))
    link = calendar.put(PARTS, off, ATTENDEES, link, "key")
    assert [line.rpartition("/")[2] for line in rig.writes()] == ["cancel"]
    assert shown(rig) == held(off)
    link = calendar.put(PARTS, series_of(), ATTENDEES, link, "key")
    assert set(link.remote) == {"series", day.isoformat()}
    assert calendar.read(PARTS, series_of(), link).starts[day] is not None
    rig.wire.calls.clear()
    assert calendar.put(PARTS, series_of(), ATTENDEES, link, "key") == link
    assert rig.writes() == []
    assert calendar.put(PARTS, series_of(), ATTENDEES, None, "key").remote == link.remote


def test_attendees_change_only_the_master_and_only_when_they_differ(rig):
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series_of(), ATTENDEES, None, "key")
    rig.wire.calls.clear()
    link = calendar.put(PARTS, series_of(), (*ATTENDEES, "chloe.park@riverbend.example"), link, "key")
    assert len(rig.writes()) == 1
    assert len(rig.wire.state()["series"][0]["attendees"]) == 3
    calendar.put(PARTS, series_of(), (), link, "key")
    assert rig.wire.state()["series"][0]["attendees"] == []


@pytest.mark.parametrize("pattern", [YEAR.pattern, Dates((date(2026, 9, 8), date(2026, 10, 6)))], ids=repr)
def test_who_is_uninvited_is_taken_off_and_nothing_else_is_written(rig, pattern):
    calendar, series = rig.connect().calendar, series_of(pattern=pattern, breaks=())
    link = calendar.put(PARTS, series, ATTENDEES, None, "key")
    before = len(rig.writes())
    after = calendar.uninvite(PARTS, link, ["ANA.ruiz@riverbend.example", "nobody@riverbend.example"])
    written = rig.writes()[before:]
    assert {line.partition(" ")[0] for line in written} == {"PATCH"}
    assert len(written) == len(link.remote)
    assert invited_there(rig) == {("ben.okafor@riverbend.example",)}
    assert calendar.uninvite(PARTS, link, ["ana.ruiz@riverbend.example"]) == after
    assert calendar.put(PARTS, series, ATTENDEES[:1], after, "key").remote == link.remote
    assert len(rig.writes()) == before + len(written), "and nothing is left to be written later"
    calendar.put(PARTS, series, ATTENDEES, after, "key")
    assert {len(there) for there in invited_there(rig)} == {2}, "who comes back is invited again"


def test_other_words_are_written_once(rig):
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series_of(), ATTENDEES, None, "key")
    rig.wire.calls.clear()
    renamed = replace(series_of(), title="Reading circle")
    link = calendar.put(PARTS, renamed, ATTENDEES, link, "key")
    assert len(rig.writes()) == 1
    assert rig.wire.state()["series"][0]["subject"] == "Reading circle"
    calendar.put(PARTS, renamed, ATTENDEES, link, "key")
    assert len(rig.writes()) == 1


def test_a_list_of_dates_becomes_single_events(rig):
    dates = (date(2026, 9, 3), date(2026, 9, 30), date(2026, 11, 2))
    series = series_of(pattern=Dates(dates), breaks=())
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series, ATTENDEES, None, "key")
    assert set(link.remote) == {day.isoformat() for day in dates}
    facts = calendar.read(PARTS, series, link)
    assert [facts.starts[m.original] for m in series.meetings] == held(series)
    rig.wire.calls.clear()
    assert calendar.put(PARTS, series, ATTENDEES, link, "key") == link
    found = calendar.put(PARTS, series, ATTENDEES, None, "key")
    assert (found.remote, found.found) == (link.remote, 3)
    assert rig.writes() == []
    off = series_of(pattern=Dates(dates), breaks=(), called_off=frozenset({dates[1]}))
    link = calendar.put(PARTS, off, ATTENDEES, link, "key")
    assert calendar.read(PARTS, off, link).starts[dates[1]] is None
    assert len(rig.wire.state()["series"]) == 2


@pytest.mark.parametrize("n", range(1, 7))
def test_an_answer_lost_at_any_write_ends_in_one_right_series(rig, n):
    series = series_of(moves={date(2026, 9, 15): datetime.fromisoformat("2026-09-16T16:00")})
    calendar = rig.connect().calendar
    rig.wire.weather.add(Rule("^(POST|PATCH|DELETE) .*events", "lose", skip=n - 1))
    try:
        calendar.put(PARTS, series, ATTENDEES, None, "key")
        assert n > 3, "the first writes cannot be lost without being noticed"
    except OutcomeUnknown:
        pass
    link = calendar.put(PARTS, series, ATTENDEES, None, "key")
    assert sorted(shown(rig)) == sorted(held(series))
    assert len(rig.wire.state()["series"]) == 1
    assert len(rig.wire.state()["series"][0]["attendees"]) == 2
    rig.wire.calls.clear()
    calendar.put(PARTS, series, ATTENDEES, link, "key")
    assert rig.writes() == []


def test_a_series_that_was_answered_with_slow_down_is_looked_for_before_it_is_made_again(rig):
    series, calendar = series_of(), rig.connect().calendar
    busy = {"error": {"code": "ApplicationThrottled", "message": "Slow down"}}
    rig.wire.weather.add(Rule("^POST .*/events$", "apply", status=429, body=busy))
    with pytest.raises(OutcomeUnknown):
        calendar.put(PARTS, series, ATTENDEES, None, "key")
    rig.wire.calls.clear()
    assert calendar.put(PARTS, series, ATTENDEES, None, "key").found
    assert [call for call in rig.writes() if call.endswith("/events")] == []
    assert len(rig.wire.state()["series"]) == 1


def test_a_series_deleted_over_there_is_made_anew(rig):
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series_of(), ATTENDEES, None, "key")
    rig.wire.store.drop("teams.event", link.remote["series"])
    assert all(start is None for start in calendar.read(PARTS, series_of(), link).starts.values())
    link = calendar.put(PARTS, series_of(), ATTENDEES, link, "key")
    assert shown(rig) == held(series_of())


def test_half_a_page_of_occurrences_is_no_complete_reading(rig):
    calendar = rig.connect().calendar
    link = calendar.put(PARTS, series_of(), ATTENDEES, None, "key")
    rig.wire.page_size = 5
    assert calendar.read(PARTS, series_of(), link).complete
    rig.wire.weather.add(Rule(r"instances\?.*skiptoken=5", "answer", status=503))
    facts = calendar.read(PARTS, series_of(), link)
    assert not facts.complete
    assert None not in facts.starts.values(), "what was not read is not cancelled"
    rig.wire.weather.add(Rule(r"instances\?.*skiptoken=5", "answer", status=503))
    with pytest.raises(Unavailable):
        calendar.put(PARTS, series_of(), ATTENDEES, link, "key")


def test_a_mailbox_that_exchange_keeps_from_us_names_the_setting(rig):
    calendar = rig.connect(mailbox="principal@riverbend.example").calendar
    with pytest.raises(PolicyForbids) as caught:
        calendar.put(PARTS, series_of(), ATTENDEES, None, "key")
    assert caught.value.setting == "RBAC for Applications"
    assert isinstance(caught.value, IntegrationError)

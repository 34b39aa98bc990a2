"""A feed, written by us and read by another library, says what the rhythm says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import icalendar
import recurring_ical_events

from coplink.core.rhythm import Break, Rhythm, Series, Weekly, expand
from coplink.ics.write import write

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
RHYTHM = Rhythm(
    "America/Los_Angeles",
    time(16),
    45,
    date(2026, 9, 2),
    date(2027, 6, 2),
    Weekly(2, (2,)),
    (Break(date(2026, 12, 21), date(2027, 1, 1), "Winter break"),),
)


def feed(rhythm=RHYTHM, title="Literacy", now=NOW):
    series = Series(
        rhythm, title, expand(rhythm), "About reading;\nand, more", link="https://coplink.example/c/k"
    )
    return series, icalendar.Calendar.from_ical(write(series, "k", "coplink.example", now))


def test_another_library_finds_exactly_the_meetings_over_two_clock_changes():
    series, calendar = feed()
    found = recurring_ical_events.of(calendar).between(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    )
    held = [
        (e["DTSTART"].dt.astimezone(UTC), e["DTEND"].dt.astimezone(UTC))
        for e in found
        if e["STATUS"] != "CANCELLED"
    ]
    assert sorted(held) == [(m.starts, m.ends) for m in series.held]
    assert {m.starts.hour for m in series.held} == {23, 0}, "wall time stays, the instant moves"


def test_every_entry_has_an_id_for_ever_and_the_versions_number():
    _, calendar = feed()
    first = calendar.walk("VEVENT")[0]
    assert first["UID"] == "2026-09-02.k@coplink.example"
    assert first["SEQUENCE"] == 1
    assert first["SUMMARY"] == "Literacy"
    assert first["URL"] == "https://coplink.example/c/k"
    assert first["DTSTART"].params["TZID"] == "America/Los_Angeles"
    moved = replace(RHYTHM, version=2, moves={date(2026, 9, 2): datetime(2026, 9, 3, 10, 0)})  # noqa: DTZ001
    _, calendar = feed(moved)
    again = calendar.walk("VEVENT")[0]
    assert again["UID"] == first["UID"]
    assert again["SEQUENCE"] == 2
    assert again["DTSTART"].dt.day == 3


def test_the_zone_is_described_for_the_years_of_the_series_only():
    _, calendar = feed()
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "America/Los_Angeles"
    assert len(zone.to_ical()) < 2_000
    lines = write(*_args()).splitlines()
    assert all(len(line.encode()) <= 75 for line in lines)


def _args():
    series, _ = feed()
    return series, "k", "coplink.example", NOW


def test_a_called_off_meeting_stays_thirty_days_as_cancelled():
    held_and_not = [(m.original, m.cancelled) for m in expand(RHYTHM)]
    off = next(day for day, cancelled in held_and_not if cancelled)
    assert off == date(2026, 12, 23)
    for later, there in ((timedelta(0), True), (timedelta(days=29), True), (timedelta(days=31), False)):
        _, calendar = feed(now=datetime(2026, 12, 24, 2, tzinfo=UTC) + later)
        states = {str(e["UID"])[:10]: str(e["STATUS"]) for e in calendar.walk("VEVENT")}
        assert (states.get("2026-12-23") == "CANCELLED") is there
        assert states["2026-12-09"] == "CONFIRMED"


def test_a_title_that_is_calendar_text_stays_a_title():
    _, calendar = feed(title="Evil\r\nEND:VEVENT\nATTACH:x, y; z")
    assert len(calendar.walk("VEVENT")) == len(expand(RHYTHM))
    assert "ATTACH" not in calendar.walk("VEVENT")[0]


def test_a_rhythm_without_meetings_left_is_still_a_calendar():
    empty = replace(RHYTHM, called_off=frozenset(m.original for m in expand(RHYTHM)))
    _, calendar = feed(empty, now=datetime(2028, 1, 1, tzinfo=UTC))
    assert calendar.walk("VEVENT") == []

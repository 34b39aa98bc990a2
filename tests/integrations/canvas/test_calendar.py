"""The meetings of a community on its group's calendar: single events, written once, moved and called off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

KEY = "space-1:1"


def test_the_calendar_shows_exactly_the_held_meetings(faultless, parts, calendar):
    series = faultless.series()

    link = calendar.put(parts, series, (), None, KEY)

    assert faultless.starts() == faultless.stamps(series)
    assert link.found == 0
    assert set(link.remote) == {meeting.original.isoformat() for meeting in series.held}
    events = faultless.state("events")
    assert {event["group"] for event in events} == {parts["group"]}
    assert {event["date"] for event in events} == set(link.remote)


def test_a_break_is_not_on_the_calendar_and_the_wall_time_stays_when_the_clocks_change(
    faultless, parts, calendar
):
    calendar.put(parts, faultless.series(), (), None, KEY)

    starts = faultless.starts()
    assert not [start for start in starts if start.startswith("2026-10-14")]
    assert "2026-10-28T23:00:00Z" in starts  # 16:00 in Los Angeles, before the clocks go back ...
    assert "2026-11-11T00:00:00Z" not in starts
    assert "2026-11-12T00:00:00Z" in starts  # ... and 16:00 after


def test_the_second_time_nothing_is_written_and_everything_was_read_once(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    faultless.forget_calls()

    again = calendar.put(parts, series, (), link, KEY)

    assert again == link
    assert faultless.writes == []
    assert faultless.reads == ["GET /api/v1/calendar_events"]
    assert faultless.sandbox.complete_reads == [("calendar", parts["group"])]


def test_a_lost_row_finds_every_meeting_again_and_writes_nothing(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    faultless.forget_calls()

    again = calendar.put(parts, series, (), None, KEY)

    assert again.remote == link.remote
    assert again.found == len(series.held)
    assert faultless.writes == []


def test_one_forgotten_meeting_is_found_again_and_counted(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    rest = dict(list(link.remote.items())[1:])

    again = calendar.put(parts, series, (), replace(link, remote=rest), KEY)

    assert (again.remote, again.found) == (link.remote, 1)


def test_what_is_written_says_what_and_where(faultless, parts, calendar):
    calendar.put(parts, faultless.series(), (), None, KEY)

    event = faultless.sandbox.store.all("canvas.events")[0]
    assert (event["title"], event["location_name"]) == ("Reading circle", "Room 7")
    assert 'href="https://c.example/c/1"' in event["description"]
    assert event["end_at"] == "2026-09-03T00:00:00Z"


def test_markup_in_the_words_of_a_community_stays_text(faultless, parts, calendar):
    calendar.put(parts, replace(faultless.series(), body="<script>alert(1)</script>"), (), None, KEY)

    assert "&lt;script&gt;" in faultless.sandbox.store.all("canvas.events")[0]["description"]


def test_a_meeting_moved_here_moves_there(faultless, parts, calendar):
    link = calendar.put(parts, faultless.series(), (), None, KEY)
    moved = faultless.series(moves={date(2026, 9, 16): datetime(2026, 9, 17, 9, 30)})  # noqa: DTZ001  wall time
    faultless.forget_calls()

    again = calendar.put(parts, moved, (), link, KEY)

    assert faultless.starts() == faultless.stamps(moved)
    assert again.remote == link.remote
    assert [write.partition(" ")[0] for write in faultless.writes] == ["PUT"]


def test_a_meeting_called_off_here_goes_and_comes_back_when_it_is_held_after_all(faultless, parts, calendar):
    link = calendar.put(parts, faultless.series(), (), None, KEY)
    off = faultless.series(called_off=frozenset({date(2026, 9, 16)}))

    without = calendar.put(parts, off, (), link, KEY)
    assert faultless.starts() == faultless.stamps(off)
    assert "2026-09-16" not in without.remote

    calendar.put(parts, faultless.series(), (), without, KEY)
    assert faultless.starts() == faultless.stamps(faultless.series())


def test_a_new_title_is_written_everywhere_and_only_once(faultless, parts, calendar):
    link = calendar.put(parts, faultless.series(), (), None, KEY)
    renamed = replace(faultless.series(), title="Writing circle")

    again = calendar.put(parts, renamed, (), link, KEY)
    faultless.forget_calls()
    calendar.put(parts, renamed, (), again, KEY)

    assert {event["title"] for event in faultless.state("events")} == {"Writing circle"}
    assert faultless.writes == []

"""One rhythm on the community's calendar: exactly the meetings that are held, and nothing written twice."""

from __future__ import annotations

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

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
from coplink.ports.errors import OutcomeUnknown, Unavailable

ZONE = "America/Denver"
GUESTS = ("luis.ortega@lakeside.example", "mei.chen@lakeside.example")
KEY = "community/1/google"


def series(pattern=None, title="Reading circle", place="", **changes):
    first = changes.pop("first", dt.date(2026, 9, 1))
    rhythm = Rhythm(ZONE, dt.time(16), 60, first, dt.date(2027, 5, 31), pattern or Weekly(2, (1,)), **changes)
    rhythm = check(rhythm)
    return Series(rhythm, title, expand(rhythm), "What we read.", place, "http://127.0.0.1:8080/c/1")


def held(wanted):
    return [meeting.starts.isoformat() for meeting in wanted.held]


def shown(campus):
    state = campus.wire.state()
    return sorted(start for one in state["series"] for start in one["instances"]) + sorted(
        one["start"] for one in state["events"]
    )


@pytest.fixture
def calendar(connection, parts):
    return connection.calendar


@pytest.fixture
def put(campus, calendar, parts):
    """Put a series; returns the link and what was written for it."""

    def go(wanted, known=None, guests=GUESTS, key=KEY):
        before = len(campus.writes)
        link = calendar.put(parts, wanted, guests, known, key)
        return link, campus.writes[before:]

    return go


PATTERNS = [
    Weekly(1, (1,)),
    Weekly(2, (1, 3)),
    Weekly(3, (0, 6)),
    MonthlyWeekday(1, 2, 2),
    MonthlyWeekday(2, -1, 4),
    MonthlyDay(1, 28),
    MonthlyDay(3, 15),
    Dates((dt.date(2026, 9, 8), dt.date(2026, 10, 6), dt.date(2027, 1, 12))),
]


@pytest.mark.parametrize("pattern", PATTERNS, ids=repr)
def test_every_pattern_shows_exactly_what_is_held_and_the_second_time_nothing_is_written(
    campus, put, pattern
):
    wanted = series(pattern, breaks=(Break(dt.date(2026, 12, 20), dt.date(2027, 1, 10)),))
    link, writes = put(wanted)
    assert shown(campus) == held(wanted)
    assert writes
    again, writes = put(wanted, link)
    assert writes == []
    assert again == dataclasses.replace(link, found=0)
    assert campus.wire.complete_reads[-1][0] == "calendar"
    assert campus.wire.refusals == []


def test_it_is_one_recurring_event_with_its_guests_and_a_place_to_meet(campus, put, parts):
    put(series())
    (one,) = campus.wire.state()["series"]
    assert one["calendar"] == parts["calendar"]
    assert one["attendees"] == list(GUESTS)
    (stored,) = campus.wire.events.stored(parts["calendar"])
    assert stored["event"]["conferenceData"]["createRequest"]["conferenceSolutionKey"] == {
        "type": "hangoutsMeet"
    }
    assert "http://127.0.0.1:8080/c/1" in stored["event"]["description"]
    assert campus.wire.state()["mails"] == [], "a founding mails nobody"


def test_a_meeting_elsewhere_asks_for_no_second_place(campus, put, parts):
    put(series(place="https://meet.example/our-place"))
    (stored,) = campus.wire.events.stored(parts["calendar"])
    assert "conferenceData" not in stored["event"]
    assert stored["event"]["location"] == "https://meet.example/our-place"


def test_a_break_is_not_on_the_calendar_and_a_moved_meeting_is(campus, put):
    moved = dt.datetime(2026, 9, 17, 15, 30)  # noqa: DTZ001  wall time, as in the rhythm
    wanted = series(
        breaks=(Break(dt.date(2026, 10, 12), dt.date(2026, 10, 16)),), moves={dt.date(2026, 9, 15): moved}
    )
    assert dt.date(2026, 10, 13) in {one.original for one in wanted.meetings if one.cancelled}
    link, _ = put(wanted)
    assert shown(campus) == held(wanted)
    assert "2026-09-17T21:30:00+00:00" in shown(campus)
    assert put(wanted, link)[1] == []


def test_the_first_meeting_may_fall_into_a_break(campus, put):
    wanted = series(breaks=(Break(dt.date(2026, 9, 1), dt.date(2026, 9, 5)),))
    link, _ = put(wanted)
    assert shown(campus) == held(wanted)
    assert put(wanted, link)[1] == []


def test_meetings_called_off_moved_and_restored_later(campus, calendar, parts, put):
    plain = series(breaks=(Break(dt.date(2026, 12, 20), dt.date(2027, 1, 10)),))
    link, _ = put(plain)
    day = dt.date(2026, 11, 24)
    moved = dt.datetime(2026, 11, 25, 9)  # noqa: DTZ001
    for version in (
        dataclasses.replace(plain.rhythm, called_off=frozenset({day})),
        dataclasses.replace(plain.rhythm, moves={day: moved}),
        plain.rhythm,
        dataclasses.replace(plain.rhythm, breaks=()),
    ):
        wanted = dataclasses.replace(plain, rhythm=version, meetings=expand(version))
        link, writes = put(wanted, link)
        assert shown(campus) == held(wanted)
        assert 1 <= len(writes) <= 3
        link, writes = put(wanted, link)
        assert writes == []
        facts = calendar.read(parts, wanted, link)
        assert {
            one.original: None if one.cancelled else one.starts for one in wanted.meetings
        } == facts.starts
        assert facts.complete


def test_guests_come_and_go_without_mail_and_keep_their_answers(campus, put, parts):
    link, _ = put(series())
    (stored,) = campus.wire.events.stored(parts["calendar"])
    stored["event"]["attendees"][0]["responseStatus"] = "accepted"
    campus.wire.store.put("google.event", f"{stored['calendar']}/{stored['event']['id']}", stored)
    new = ("noah.feld@lakeside.example", GUESTS[0])
    link, writes = put(series(), link, guests=new)
    assert len(writes) == 1
    (stored,) = campus.wire.events.stored(parts["calendar"])
    assert [(one["email"], one["responseStatus"]) for one in stored["event"]["attendees"]] == [
        (GUESTS[0], "accepted"),
        ("noah.feld@lakeside.example", "needsAction"),
    ]
    assert put(series(), link, guests=new)[1] == []
    assert campus.wire.state()["mails"] == []


def test_a_moved_meeting_gets_new_guests_too(campus, put, parts):
    wanted = series(moves={dt.date(2026, 9, 15): dt.datetime(2026, 9, 17, 15)})  # noqa: DTZ001
    link, _ = put(wanted, guests=GUESTS[:1])
    link, writes = put(wanted, link)
    assert len(writes) == 2
    (stored,) = campus.wire.events.stored(parts["calendar"])
    assert all(len(one["attendees"]) == 2 for one in campus.wire.events.instances(stored))
    assert put(wanted, link)[1] == []


@pytest.mark.parametrize("pattern", [Weekly(2, (1,)), PATTERNS[-1]], ids=repr)
def test_who_is_uninvited_is_taken_off_and_the_others_keep_their_answers(
    campus, calendar, put, parts, pattern
):
    wanted = series(pattern)
    link, _ = put(wanted)
    before = len(campus.writes)
    after = calendar.uninvite(parts, link, ["Mei.Chen@lakeside.example", "nobody@lakeside.example"])
    assert len(campus.writes) - before == len(link.remote)
    state = campus.wire.state()
    assert {tuple(one["attendees"]) for one in state["series"] + state["events"]} == {GUESTS[:1]}
    assert calendar.uninvite(parts, link, GUESTS[1:]) == after
    assert len(campus.writes) - before == len(link.remote), "once is enough"
    put(wanted, after)
    state = campus.wire.state()
    assert {tuple(one["attendees"]) for one in state["series"] + state["events"]} == {GUESTS}, "back again"


def test_guests_are_told_when_an_announced_meeting_moves(campus, put):
    today = campus.clock.now().date()
    wanted = series(Weekly(1, (today.weekday(),)), first=today)
    link, _ = put(wanted)
    day = wanted.meetings[2].original
    rhythm = dataclasses.replace(wanted.rhythm, called_off=frozenset({day}))
    put(dataclasses.replace(wanted, rhythm=rhythm, meetings=expand(rhythm)), link)
    assert sorted(one["to"] for one in campus.wire.state()["mails"]) == sorted(GUESTS)


def move_by_hand(campus, parts, number, hours=26):
    (stored,) = campus.wire.events.stored(parts["calendar"])
    regular = campus.wire.events.starts(stored)[number]
    start, end = (regular + dt.timedelta(hours=hours + n) for n in (0, 1))
    change = {
        "start": {"dateTime": start.isoformat(), "timeZone": ZONE},
        "end": {"dateTime": end.isoformat(), "timeZone": ZONE},
    }
    campus.wire.events.change(stored, regular, change, None)
    return start


def test_a_meeting_moved_by_hand_over_there_is_left_and_reported(campus, calendar, parts, put):
    wanted = series()
    link, _ = put(wanted)
    start = move_by_hand(campus, parts, 3)
    again, writes = put(wanted, link)
    assert writes == []
    facts = calendar.read(parts, wanted, again)
    assert facts.starts[wanted.meetings[3].original] == start
    assert sum(one.starts != facts.starts[one.original] for one in wanted.held) == 1
    assert put(dataclasses.replace(wanted, title="New title"), again)[1], "the rest is still kept"
    assert calendar.read(parts, wanted, again).starts[wanted.meetings[3].original] == start


def test_a_meeting_of_ours_moved_again_by_hand_is_left(campus, parts, put):
    wanted = series(moves={dt.date(2026, 9, 15): dt.datetime(2026, 9, 17, 15)})  # noqa: DTZ001
    link, _ = put(wanted)
    start = move_by_hand(campus, parts, 1, hours=50)
    assert put(wanted, link)[1] == []
    assert start.isoformat() in shown(campus)


def test_a_meeting_deleted_by_hand_is_left_and_reported(campus, calendar, parts, put):
    wanted = series()
    link, _ = put(wanted)
    (stored,) = campus.wire.events.stored(parts["calendar"])
    campus.wire.events.change(stored, campus.wire.events.starts(stored)[2], {"status": "cancelled"}, None)
    again, writes = put(wanted, link)
    assert writes == []
    assert calendar.read(parts, wanted, again).starts[wanted.meetings[2].original] is None


def test_a_whole_series_moved_by_hand_is_left_and_reported(campus, calendar, parts, put):
    wanted = series()
    link, _ = put(wanted)
    (stored,) = campus.wire.events.stored(parts["calendar"])
    day = f"{wanted.meetings[0].original}"
    change = {
        "start": {"dateTime": f"{day}T17:00:00-06:00", "timeZone": ZONE},
        "end": {"dateTime": f"{day}T18:00:00-06:00", "timeZone": ZONE},
    }
    campus.wire.events.change(stored, None, change, None)
    again, writes = put(wanted, link)
    assert writes == []
    starts = calendar.read(parts, wanted, again).starts
    assert all(starts[one.original] == one.starts + dt.timedelta(hours=1) for one in wanted.meetings)


def test_a_series_deleted_by_hand_is_made_anew_under_another_id(campus, parts, put):
    wanted = series()
    link, _ = put(wanted)
    (stored,) = campus.wire.events.stored(parts["calendar"])
    campus.wire.events.change(stored, None, {"status": "cancelled"}, None)
    again, writes = put(wanted, link)
    assert len(writes) == 2, "the old id is refused, the next one is taken"
    assert again.remote["series"] != link.remote["series"]
    assert shown(campus) == held(wanted)
    assert put(wanted, again)[1] == []


@pytest.mark.parametrize("pattern", [Weekly(2, (1,)), PATTERNS[-1]], ids=repr)
def test_a_lost_answer_is_unknown_and_the_next_go_finds_it(campus, put, pattern):
    wanted = series(pattern)
    campus.weather("POST .*/events", "lose")
    with pytest.raises(OutcomeUnknown):
        put(wanted)
    link, writes = put(wanted)
    assert shown(campus) == held(wanted)
    assert link.found == 1
    assert len(writes) == (0 if isinstance(pattern, Weekly) else 2)


def test_an_interrupted_move_is_finished_when_the_row_is_lost(campus, put):
    wanted = series(moves={dt.date(2026, 9, 15): dt.datetime(2026, 9, 17, 15)})  # noqa: DTZ001
    campus.weather("PATCH .*/events", status=503, body={})
    with pytest.raises(OutcomeUnknown):
        put(wanted)
    link, writes = put(wanted)
    assert (link.found, len(writes)) == (1, 1)
    assert shown(campus) == held(wanted)


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("key", [KEY, "community/2/google"])
@pytest.mark.parametrize("after", [Weekly(1, (3,)), PATTERNS[-1]], ids=repr)
@pytest.mark.parametrize("before", [Weekly(2, (1,)), Dates((dt.date(2026, 9, 10),))], ids=repr)
def test_another_rhythm_leaves_nothing_of_the_old_one(campus, put, before, after, key, remembers):
    link = put(series(before))[0] if remembers else put(series(before)) and None
    wanted = series(after, version=2)
    link, _ = put(wanted, link, key=key)
    assert shown(campus) == held(wanted)
    assert put(wanted, link, key=key)[1] == []


@pytest.mark.parametrize("pattern", [Weekly(2, (1,)), PATTERNS[-1]], ids=repr)
def test_another_version_of_the_same_rhythm_goes_on_with_the_same_events(campus, put, pattern):
    plain = series(pattern)
    day = plain.meetings[1].original
    link, _ = put(plain)
    before = campus.wire.state()
    moved = dataclasses.replace(plain.rhythm, version=2, called_off=frozenset({day}))
    second, _ = put(
        dataclasses.replace(plain, rhythm=moved, meetings=expand(moved)), key="community/2/google"
    )
    third = dataclasses.replace(plain.rhythm, version=3)
    wanted = dataclasses.replace(plain, rhythm=third, meetings=expand(third))
    link, _ = put(wanted, key="community/3/google")
    assert shown(campus) == held(wanted)
    assert put(wanted, link, key="community/3/google")[1] == []
    after = campus.wire.state()
    assert [one["id"] for one in before["series"]] == [one["id"] for one in after["series"]]
    assert second.found


def test_a_rhythm_that_begins_later_leaves_the_past_where_it_was(campus, put):
    today = campus.clock.now().date()
    old = series(Weekly(1, (1,)), first=today - dt.timedelta(days=30))
    link, _ = put(old)
    wanted = series(Weekly(1, (3,)), first=today + dt.timedelta(days=2), version=2)
    link, _ = put(wanted, link, key="community/2/google")
    past = [one.starts.isoformat() for one in old.held if one.starts < campus.clock.now()]
    assert len(past) >= 4
    assert shown(campus) == sorted(past + held(wanted))


def test_single_meetings_removed_by_hand_or_called_off(campus, calendar, parts, put):
    wanted = series(PATTERNS[-1])
    link, _ = put(wanted)
    by_hand, off, kept = (one.original for one in wanted.meetings)
    stored = {one["event"]["id"]: one for one in campus.wire.events.stored(parts["calendar"])}
    campus.wire.events.change(stored[link.remote[by_hand.isoformat()]], None, {"status": "cancelled"}, None)
    rhythm = dataclasses.replace(wanted.rhythm, called_off=frozenset({off}))
    less = dataclasses.replace(wanted, rhythm=rhythm, meetings=expand(rhythm))
    link, writes = put(less, link)
    assert len(writes) == 1
    assert put(less, link)[1] == []
    starts = calendar.read(parts, less, link).starts
    assert [day for day, start in starts.items() if start] == [kept]
    link, writes = put(wanted, link)
    assert len(writes) == 2, "the id of the deleted meeting is refused, the next one is taken"
    assert [day for day, start in calendar.read(parts, wanted, link).starts.items() if start] == [off, kept]
    assert put(wanted, link)[1] == []


def test_a_single_meeting_moved_by_hand_is_left(campus, calendar, parts, put):
    wanted = series(PATTERNS[-1])
    link, _ = put(wanted)
    stored = campus.wire.events.stored(parts["calendar"])[1]
    change = {
        "start": {"dateTime": "2026-10-07T16:00:00-06:00", "timeZone": ZONE},
        "end": {"dateTime": "2026-10-07T17:00:00-06:00", "timeZone": ZONE},
    }
    campus.wire.events.change(stored, None, change, None)
    again, writes = put(wanted, link)
    assert writes == []
    assert calendar.read(parts, wanted, again).starts[dt.date(2026, 10, 6)] == dt.datetime(
        2026, 10, 7, 22, tzinfo=dt.UTC
    )


def test_half_a_page_writes_nothing_and_is_not_complete(campus, calendar, parts, put):
    wanted = series(Weekly(1, (0, 1, 2, 3, 4, 5, 6)))
    link, _ = put(wanted)
    assert len(wanted.meetings) > 250
    campus.weather("GET .*/instances.*pageToken", status=503, body={}, times=2)
    half = calendar.read(parts, wanted, link)
    assert (half.complete, len(half.starts)) == (False, 250), "what was not read is not said to be gone"
    with pytest.raises(Unavailable):
        put(wanted, link)
    assert calendar.read(parts, wanted, link).complete


def test_the_clocks_change_and_the_wall_time_stays(campus, put):
    wanted = series(Weekly(1, (1,)))
    put(wanted)
    starts = [dt.datetime.fromisoformat(one) for one in shown(campus)]
    assert {one.hour for one in starts} == {22, 23}
    assert {one.astimezone(ZoneInfo(ZONE)).hour for one in starts} == {16}

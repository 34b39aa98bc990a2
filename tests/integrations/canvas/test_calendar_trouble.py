"""Meetings on the Canvas calendar when calls are interrupted, rhythms change and replies are odd."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from coplink.core.rhythm import Weekly
from coplink.ports.calendar import SeriesLink
from coplink.ports.errors import Gone, OutcomeUnknown, Throttled, Unavailable, UnexpectedReply

KEY = "space-1:1"


@pytest.mark.parametrize("skip", [0, 3])
def test_a_lost_answer_makes_no_second_event(faultless, parts, calendar, skip):
    series = faultless.series()
    faultless.rain("^POST", "lose", skip=skip)

    with pytest.raises(OutcomeUnknown):
        calendar.put(parts, series, (), None, KEY)
    link = calendar.put(parts, series, (), None, KEY)

    assert faultless.starts() == faultless.stamps(series)
    assert link.found == skip + 1


def test_twins_of_an_interrupted_call_are_swept_up_later(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    twin = faultless.sandbox.store.get("canvas.events", link.remote["2026-09-16"])
    faultless.sandbox.store.put("canvas.events", "99999", {**twin, "id": 99999})

    calendar.put(parts, series, (), link, KEY)

    assert faultless.starts() == faultless.stamps(series)
    assert "99999" not in {event["id"] for event in faultless.state("events")}


def test_a_copy_that_a_person_put_elsewhere_is_theirs(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    copy = faultless.sandbox.store.get("canvas.events", link.remote["2026-09-16"])
    faultless.sandbox.store.put(
        "canvas.events", "99999", {**copy, "id": 99999, "start_at": "2026-09-20T00:00:00Z"}
    )

    calendar.put(parts, series, (), link, KEY)

    assert "99999" in {event["id"] for event in faultless.state("events")}


def test_what_was_just_written_is_not_doubled_while_the_listing_lags(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    hidden = link.remote["2026-09-16"]
    kept = faultless.sandbox.store.get("canvas.events", hidden)
    faultless.sandbox.store.put(
        "canvas.events", hidden, {**kept, "made": kept["made"] + 5}
    )  # this one comes late
    faultless.forget_calls()

    assert calendar.put(parts, series, (), link, KEY).remote == link.remote
    facts = calendar.read(parts, series, link)

    assert faultless.writes == []
    assert not facts.complete
    assert date(2026, 9, 16) not in facts.starts


def test_a_new_rhythm_takes_the_place_of_the_old_one_and_the_past_stays(faultless, parts, calendar):
    faultless.wall.shows = datetime(2026, 10, 1, tzinfo=UTC)
    calendar.put(parts, faultless.series(), (), None, "space-1:1")
    new = faultless.series(first=date(2026, 10, 6), pattern=Weekly(1, (1,)), version=2)

    link = calendar.put(parts, new, (), None, "space-1:2")

    past = [start for start in faultless.stamps(faultless.series()) if start < "2026-10-01"]
    assert faultless.starts() == sorted(past + faultless.stamps(new))
    assert set(link.remote) == {meeting.original.isoformat() for meeting in new.held}


def test_a_meeting_that_both_rhythms_have_is_changed_not_made_again(faultless, parts, calendar):
    faultless.wall.shows = datetime(2026, 9, 1, tzinfo=UTC)
    old = calendar.put(parts, faultless.series(), (), None, "space-1:1")
    new = faultless.series(minutes=90, version=2)

    link = calendar.put(parts, new, (), None, "space-1:2")

    assert link.remote == old.remote
    assert {event["end"][11:] for event in faultless.state("events")} == {"00:30:00Z", "01:30:00Z"}


def test_an_old_rhythm_never_takes_a_new_one_down(faultless, parts, calendar):
    faultless.wall.shows = datetime(2026, 9, 1, tzinfo=UTC)
    new = faultless.series(pattern=Weekly(1, (1,)), version=2)
    calendar.put(parts, new, (), None, "space-1:2")

    calendar.put(parts, faultless.series(), (), None, "space-1:1")

    assert set(faultless.stamps(new)) <= set(faultless.starts())


# --- what goes wrong --------------------------------------------------------------------------------------------------


def many(canvas, parts, number):
    for n in range(number):
        event = {
            "id": n + 1,
            "group": int(parts["group"]),
            "title": "Old",
            "description": "",
            "location_name": "",
        }
        times = {
            "start_at": "2020-01-01T00:00:00Z",
            "end_at": "2020-01-01T01:00:00Z",
            "updated_at": "x",
            "created_at": "x",
        }
        canvas.sandbox.store.put("canvas.events", str(n + 1), {**event, **times})


def test_nothing_is_written_after_half_a_listing(canvas, parts, calendar):
    many(canvas, parts, 150)
    canvas.rain(r"calendar_events\?.*page=2", status=503)

    with pytest.raises(Unavailable):
        calendar.put(parts, canvas.series(), (), None, KEY)
    assert canvas.writes == []


def test_half_a_reading_is_not_complete(canvas, parts, calendar):
    many(canvas, parts, 150)
    link = calendar.put(parts, canvas.series(), (), None, KEY)
    canvas.rain(r"calendar_events\?.*page=2", status=503)

    facts = calendar.read(parts, canvas.series(), link)

    assert (facts.complete, facts.starts) == (False, {})


def test_throttled_half_way_goes_on_where_it_stopped(canvas, parts, calendar):
    series = canvas.series()
    canvas.rain("^POST", status=429, skip=2, headers={"Retry-After": "1"})

    with pytest.raises(Throttled):
        calendar.put(parts, series, (), None, KEY)
    link = calendar.put(parts, series, (), None, KEY)

    assert (link.found, canvas.starts()) == (2, canvas.stamps(series))


def test_a_deleted_group_is_gone(canvas, parts, calendar):
    canvas.sandbox.store.drop("canvas.groups", parts["group"])

    with pytest.raises(Gone):
        calendar.put(parts, canvas.series(), (), None, KEY)
    with pytest.raises(Gone):
        calendar.read(parts, canvas.series(), SeriesLink({"2026-09-16": "1"}))


@pytest.mark.parametrize(
    "row", [{}, {"id": None}, {"id": 7, "start_at": "soon"}, {"id": 7, "start_at": "2026-09-16T16:00:00"}]
)
def test_an_event_without_id_or_zone_is_not_understood(canvas, parts, calendar, row):
    canvas.rain("calendar_events", status=200, body=[row])

    with pytest.raises(UnexpectedReply):
        calendar.put(parts, canvas.series(), (), None, KEY)
    assert canvas.writes == []

"""The meetings of a community on its group's calendar: single events, written once, moved and called off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from coplink.core.rhythm import Weekly
from coplink.ports.calendar import SeriesLink
from coplink.ports.errors import Gone, OutcomeUnknown, Throttled, Unavailable, UnexpectedReply

KEY = "space-1:1"


@pytest.fixture
def parts(canvas):
    made = canvas.provision()
    canvas.forget_calls()
    return made


@pytest.fixture
def calendar(canvas, parts):
    return canvas.connect().calendar


def stamps(series):
    return sorted(meeting.starts.strftime("%Y-%m-%dT%H:%M:%SZ") for meeting in series.held)


def test_the_calendar_shows_exactly_the_held_meetings(faultless, parts, calendar):
    series = faultless.series()

    link = calendar.put(parts, series, (), None, KEY)

    assert faultless.starts() == stamps(series)
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

    assert faultless.starts() == stamps(moved)
    assert again.remote == link.remote
    assert [write.partition(" ")[0] for write in faultless.writes] == ["PUT"]


def test_a_meeting_called_off_here_goes_and_comes_back_when_it_is_held_after_all(faultless, parts, calendar):
    link = calendar.put(parts, faultless.series(), (), None, KEY)
    off = faultless.series(called_off=frozenset({date(2026, 9, 16)}))

    without = calendar.put(parts, off, (), link, KEY)
    assert faultless.starts() == stamps(off)
    assert "2026-09-16" not in without.remote

    calendar.put(parts, faultless.series(), (), without, KEY)
    assert faultless.starts() == stamps(faultless.series())


def test_a_new_title_is_written_everywhere_and_only_once(faultless, parts, calendar):
    link = calendar.put(parts, faultless.series(), (), None, KEY)
    renamed = replace(faultless.series(), title="Writing circle")

    again = calendar.put(parts, renamed, (), link, KEY)
    faultless.forget_calls()
    calendar.put(parts, renamed, (), again, KEY)

    assert {event["title"] for event in faultless.state("events")} == {"Writing circle"}
    assert faultless.writes == []


# --- what people do over there ----------------------------------------------------------------------------------------


def test_a_meeting_moved_by_a_person_is_reported_and_left_alone(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    faultless.move(link.remote["2026-09-16"], timedelta(hours=2))
    faultless.forget_calls()

    again = calendar.put(parts, series, (), link, KEY)
    facts = calendar.read(parts, series, again)

    assert faultless.writes == []
    assert again.remote == link.remote
    assert facts.complete
    assert facts.starts[date(2026, 9, 16)] == datetime(2026, 9, 17, 1, 0, tzinfo=UTC)
    assert facts.starts[date(2026, 9, 2)] == datetime(2026, 9, 2, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("known", [True, False])
def test_a_move_by_a_person_survives_a_change_here_and_a_lost_row(faultless, parts, calendar, known):
    link = calendar.put(parts, faultless.series(), (), None, KEY)
    faultless.move(link.remote["2026-09-16"], timedelta(hours=2))
    renamed = replace(faultless.series(), title="Writing circle")

    again = calendar.put(parts, renamed, (), link if known else None, KEY)

    moved = next(event for event in faultless.state("events") if event["date"] == "2026-09-16")
    assert (moved["start"], moved["title"]) == ("2026-09-17T01:00:00Z", "Reading circle")
    assert again.remote == link.remote


def test_a_move_that_was_agreed_to_is_taken_over_without_moving_it_again(faultless, parts, calendar):
    link = calendar.put(parts, faultless.series(), (), None, KEY)
    faultless.move(link.remote["2026-09-16"], timedelta(hours=2))
    agreed = faultless.series(moves={date(2026, 9, 16): datetime(2026, 9, 16, 18, 0)})  # noqa: DTZ001  wall time

    again = calendar.put(parts, agreed, (), link, KEY)
    faultless.forget_calls()
    calendar.put(parts, agreed, (), again, KEY)

    assert faultless.starts() == stamps(agreed)
    assert faultless.writes == []


def test_a_meeting_moved_by_years_is_still_found(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    faultless.move(link.remote["2026-09-16"], timedelta(days=900))
    faultless.forget_calls()

    assert calendar.put(parts, series, (), None, KEY).remote == link.remote
    assert faultless.writes == []


def test_a_meeting_deleted_by_a_person_counts_as_cancelled_and_is_not_put_back(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    faultless.sandbox.store.drop("canvas.events", link.remote["2026-09-16"])
    faultless.wall.shows = datetime.now(UTC) + timedelta(hours=1)
    faultless.forget_calls()

    again = calendar.put(parts, series, (), link, KEY)
    facts = calendar.read(parts, series, again)

    assert faultless.writes == []
    assert facts.starts[date(2026, 9, 16)] is None
    assert facts.complete


@pytest.mark.parametrize(
    "change", [{"title": "Book club!"}, {"description": "<p>Rewritten, mark and all.</p>"}]
)
def test_words_that_a_person_changed_stay(faultless, parts, calendar, change):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    faultless.edit(link.remote["2026-09-16"], **change)
    faultless.forget_calls()

    assert calendar.put(parts, series, (), link, KEY).remote == link.remote
    assert faultless.writes == []


def test_a_moved_meeting_whose_description_was_rewritten_is_left_alone_too(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    stale = replace(link, seen={**link.seen, "2026-09-16": "2026-01-01T00:00:00Z"})
    faultless.edit(
        link.remote["2026-09-16"],
        description="ours",
        start_at="2026-09-17T02:00:00Z",
        end_at="2026-09-17T03:00:00Z",
    )
    faultless.forget_calls()

    calendar.put(parts, series, (), stale, KEY)

    assert faultless.writes == []


def test_other_events_of_the_group_are_nobodys_business(faultless, parts, calendar):
    theirs = {
        "id": 1,
        "group": int(parts["group"]),
        "title": "Potluck",
        "description": "",
        "location_name": "",
    }
    times = {
        "start_at": "2026-09-16T23:00:00Z",
        "end_at": "2026-09-17T00:00:00Z",
        "updated_at": "",
        "created_at": "",
    }
    faultless.sandbox.store.put("canvas.events", "1", {**theirs, **times})

    calendar.put(parts, faultless.series(), (), None, KEY)
    calendar.put(parts, faultless.series(called_off=frozenset({date(2026, 9, 16)})), (), None, KEY)

    assert [event["title"] for event in faultless.state("events")].count("Potluck") == 1


# --- interrupted, and changed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("skip", [0, 3])
def test_a_lost_answer_makes_no_second_event(faultless, parts, calendar, skip):
    series = faultless.series()
    faultless.rain("^POST", "lose", skip=skip)

    with pytest.raises(OutcomeUnknown):
        calendar.put(parts, series, (), None, KEY)
    link = calendar.put(parts, series, (), None, KEY)

    assert faultless.starts() == stamps(series)
    assert link.found == skip + 1


def test_twins_of_an_interrupted_call_are_swept_up_later(faultless, parts, calendar):
    series = faultless.series()
    link = calendar.put(parts, series, (), None, KEY)
    twin = faultless.sandbox.store.get("canvas.events", link.remote["2026-09-16"])
    faultless.sandbox.store.put("canvas.events", "99999", {**twin, "id": 99999})

    calendar.put(parts, series, (), link, KEY)

    assert faultless.starts() == stamps(series)
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

    past = [start for start in stamps(faultless.series()) if start < "2026-10-01"]
    assert faultless.starts() == sorted(past + stamps(new))
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

    assert set(stamps(new)) <= set(faultless.starts())


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

    assert (link.found, canvas.starts()) == (2, stamps(series))


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

"""What people do to meetings over there: reported, and left as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

KEY = "space-1:1"


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

    assert faultless.starts() == faultless.stamps(agreed)
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

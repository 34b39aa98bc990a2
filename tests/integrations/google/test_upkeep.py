"""After a community was made: another name, rest, waking, and what stays. Nothing of anybody's is ever taken away."""

from __future__ import annotations

import datetime as dt

import pytest

from coplink.core.rhythm import Dates, Rhythm, Series, Weekly, check, expand
from coplink.ports.errors import Gone, OutcomeUnknown, PermissionMissing
from coplink.ports.upkeep import UpkeepFacts

GUESTS = ("luis.ortega@lakeside.example",)


@pytest.fixture
def upkeep(connection, parts):
    return connection.upkeep


def names(campus):
    state = campus.wire.state()
    return [state[kind][0]["name"] for kind in ("drives", "groups", "calendars")]


def group_role(campus, parts):
    rows = campus.wire.state()["drives"][0]["permissions"]
    return {one["id"]: one["role"] for one in rows}.get(parts["grants"])


def a_series(today, pattern):
    rhythm = Rhythm(
        "America/Denver",
        dt.time(16),
        60,
        today - dt.timedelta(days=28),
        today + dt.timedelta(days=90),
        pattern,
    )
    rhythm = check(rhythm)
    return Series(rhythm, "Reading circle", expand(rhythm), "What we read.", "", "http://127.0.0.1:8080/c/1")


def test_drive_group_and_calendar_take_the_new_name_once(campus, upkeep, parts):
    assert upkeep.rename(parts, "  Maths\n& more ") == "Maths & more"
    assert names(campus) == ["Maths & more"] * 3
    assert upkeep.read(parts) == UpkeepFacts("Maths & more", archived=False)
    assert upkeep.rename(parts, "Maths & more") == "Maths & more"
    assert campus.wire.refusals == []


def test_the_marks_outlive_the_name(campus, connection, upkeep, parts, wish):
    upkeep.rename(parts, "Maths")
    for step in ("group", "drive", "calendar"):
        found = connection.spaces.ensure(step, wish(), {"group": parts["group"]}, "another key")
        assert (found.remote, found.found) == (parts[step], True)


def test_at_rest_the_group_only_reads(campus, upkeep, parts):
    assert group_role(campus, parts) == "writer"
    for _ in range(2):
        assert upkeep.archive(parts).done
        assert group_role(campus, parts) == "reader"
    assert upkeep.read(parts).archived
    for _ in range(2):
        assert upkeep.restore(parts).done
        assert group_role(campus, parts) == "writer"
    assert not upkeep.read(parts).archived
    assert campus.wire.state()["mails"] == []


def test_a_lost_answer_is_unknown_and_the_next_go_finds_it_so(campus, upkeep, parts):
    campus.weather("PATCH .*/permissions/", "lose")
    with pytest.raises(OutcomeUnknown):
        upkeep.archive(parts)
    before = len(campus.writes)
    assert upkeep.archive(parts).done
    assert campus.writes[before:] == []


def test_a_group_that_somebody_shut_out_rests_already_and_stays_out(campus, upkeep, parts):
    drive = campus.wire.store.get("google.drive", parts["drive"])
    drive["permissions"] = [one for one in drive["permissions"] if one["id"] != parts["grants"]]
    campus.wire.store.put("google.drive", drive["id"], drive)
    before = len(campus.writes)
    assert upkeep.archive(parts).done
    assert upkeep.read(parts).archived
    woken = upkeep.restore(parts)
    assert woken.done
    assert "took the group's access" in str(woken.said)
    assert group_role(campus, parts) is None, "what a person took away, waking gives nobody back"
    assert campus.writes[before:] == []


def test_waking_changes_only_what_rest_lowered(campus, upkeep, parts):
    drive = campus.wire.store.get("google.drive", parts["drive"])
    for one in drive["permissions"]:
        if one["id"] == parts["grants"]:
            one["role"] = "commenter"  # a person's own decision while the community rested
    campus.wire.store.put("google.drive", drive["id"], drive)
    assert upkeep.restore(parts).done
    assert group_role(campus, parts) == "commenter"


def test_other_peoples_access_stays_as_it_is(campus, upkeep, parts):
    drive = campus.wire.store.get("google.drive", parts["drive"])
    drive["permissions"].append(
        {**drive["permissions"][0], "id": "77", "role": "writer", "emailAddress": "x@y.example"}
    )
    campus.wire.store.put("google.drive", drive["id"], drive)
    upkeep.archive(parts)
    rows = campus.wire.state()["drives"][0]["permissions"]
    assert {one["address"]: one["role"] for one in rows}["x@y.example"] == "writer"


def test_a_drive_that_is_gone_is_said_so(campus, upkeep, parts):
    campus.wire.store.drop("google.drive", parts["drive"])
    for ask in (upkeep.read, upkeep.archive, upkeep.restore, lambda parts: upkeep.rename(parts, "x")):
        with pytest.raises(Gone):
            ask(parts)
    assert [one.title for one in upkeep.let_go(parts, take_away=False)] != []


def test_a_calendar_taken_away_by_hand_is_no_hindrance(campus, upkeep, parts):
    campus.wire.store.drop("google.calendar", parts["calendar"])
    assert upkeep.rename(parts, "Maths") == "Maths"
    assert len(upkeep.let_go(parts, take_away=True)) == 2


def test_without_the_scope_it_is_named(campus, parts):
    campus.wire.signin.withdraw("lakeside", "robot", "drive")
    with pytest.raises(PermissionMissing):
        campus.connect().upkeep.archive(parts)


def test_what_stays_is_told_and_nothing_is_touched(campus, upkeep, parts):
    before = len(campus.writes)
    left = upkeep.let_go(parts, take_away=False)
    assert [one.title for one in left] == [
        "Reading circle",
        campus.wire.state()["groups"][0]["email"],
        "Reading circle",
    ]
    assert all(one.link.startswith("https://") and str(one.how) for one in left)
    assert campus.writes[before:] == []


@pytest.mark.parametrize("form", ["series", "dates"])
def test_going_calls_off_coming_meetings_only(campus, connection, upkeep, parts, form):
    today = campus.clock.now().date()
    pattern = Weekly(1, (today.weekday(),))
    if form == "dates":
        pattern = Dates(tuple(today + dt.timedelta(days=7 * n) for n in range(-3, 4)))
    wanted = a_series(today, pattern)
    connection.calendar.put(parts, wanted, GUESTS, None, "community/1/google")
    by_hand = {
        "calendar": parts["calendar"], "overrides": {},
        "event": {**campus.wire.store.all("google.event")[0]["event"], "id": "byhand", "extendedProperties": {}},
    }  # fmt: skip
    campus.wire.store.put("google.event", "byhand", by_hand)
    now = campus.clock.now()
    drives = campus.wire.state()["drives"]
    upkeep.let_go(parts, take_away=True)
    events = [one for one in campus.wire.store.all("google.event") if one["event"]["id"] != "byhand"]
    ahead, behind = 0, 0
    for one in events:
        rows = campus.wire.events.instances(one) if one["event"].get("recurrence") else [one["event"]]
        for row in rows:
            if row["status"] != "cancelled":
                later = dt.datetime.fromisoformat(row["start"]["dateTime"]) > now
                ahead, behind = ahead + later, behind + (not later)
    assert ahead == 0
    assert behind == sum(meeting.starts <= now for meeting in wanted.held)
    assert campus.wire.store.get("google.event", "byhand")["event"]["status"] != "cancelled"
    assert campus.wire.state()["drives"] == drives
    before = len(campus.writes)
    upkeep.let_go(parts, take_away=True)
    assert campus.writes[before:] == [], "a second time there is nothing left to do"

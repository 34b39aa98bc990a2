"""The pages of the pretend Google: what a visitor sees, and what people do there by hand."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from bs4 import BeautifulSoup

from coplink.core.people import Role
from coplink.core.rhythm import Rhythm, Series, Weekly, check, expand
from coplink.core.spaces import Seat


@pytest.fixture
def living(campus, connection, parts):
    """A space with two members and a series."""
    seats = [
        Seat(campus.google_id("luis.ortega"), Role.FACILITATOR),
        Seat(campus.google_id("bobby.tables"), Role.MEMBER),
    ]
    connection.seats.put(parts, seats)
    first = campus.clock.now().date() + dt.timedelta(days=7)
    rhythm = check(
        Rhythm("America/Denver", dt.time(16), 60, first, first + dt.timedelta(days=60), Weekly(2, (1,)))
    )
    series = Series(rhythm, "Reading circle", expand(rhythm))
    link = connection.calendar.put(parts, series, ("luis.ortega@lakeside.example",), None, "key")
    campus.wire.calls.clear()
    return series, link


def look(campus):
    answer = httpx.get(campus.wire.base_url + "/look/drive")
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def submit(campus, form, **values):
    fields = {one["name"]: one.get("value", "") for one in form.find_all("input")}
    answer = httpx.post(
        campus.wire.base_url + form["action"], data={**fields, **values}, follow_redirects=True
    )
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "html.parser")


def form_for(page, action):
    return next(one for one in page.find_all("form") if action in one["action"])


def test_before_anything_is_made_the_page_says_so(campus):
    assert "no shared drive yet" in look(campus).text


def test_the_page_shows_members_calendar_and_guests_and_escapes_names(campus, living):
    page = look(campus)
    assert page.find("h2").text == "Reading circle"
    assert "Luis Ortega" in page.text
    assert "<b>Bobby</b>" in page.text, "a name that is markup is shown as text"
    assert page.find("script") is None
    assert "luis.ortega@lakeside.example" in page.text
    assert page.find("meta", {"name": "viewport"})
    assert campus.wire.calls == [], "pages for people are not counted"


def test_the_doors_lead_there(campus):
    (door,) = campus.wire.doors()
    assert door.title == "look into the shared drive"
    assert httpx.get(door.url).status_code == 200


def test_a_file_added_by_a_person_reaches_the_library(campus, connection, parts, living):
    form = form_for(look(campus), "/file")
    page = submit(campus, form, **{"name": "Plan <1>", "as": "luis.ortega@lakeside.example"})
    assert "Plan <1>" in page.text
    (fact,) = connection.library.changes(parts, None).files
    assert (fact.name, fact.author) == ("Plan <1>", campus.google_id("luis.ortega"))
    cursor = connection.library.changes(parts, None).cursor
    submit(campus, form_for(look(campus), "/look/bin/"))
    (fact,) = connection.library.changes(parts, cursor).files
    assert fact.gone


def test_a_member_removed_by_hand_is_out(campus, connection, parts, living):
    luis = campus.google_id("luis.ortega")
    page = look(campus)
    form = next(one for one in page.find_all("form") if luis in str(one))
    assert "Remove Luis Ortega" in form.text
    submit(campus, form)
    assert connection.seats.look(parts, luis) is None
    assert connection.seats.read(parts).seats == {campus.google_id("bobby.tables"): Role.MEMBER}


def test_a_meeting_moved_by_hand_is_reported(campus, connection, parts, living):
    series, link = living
    day = series.meetings[1].original + dt.timedelta(days=1)
    forms = [one for one in look(campus).find_all("form") if "/move" in one["action"]]
    submit(campus, forms[1], start=f"{day}T09:30")
    starts = connection.calendar.read(parts, series, link).starts
    assert starts[series.meetings[1].original] != series.meetings[1].starts
    assert starts[series.meetings[1].original].date() == day
    assert sum(starts[one.original] != one.starts for one in series.held) == 1


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/look/drive/none/file", {"name": "x", "as": "luis.ortega@lakeside.example"}),
        ("/look/group/none/remove", {"member": "1"}),
        ("/look/event/none/move", {"start": "2026-01-01T10:00"}),
        ("/look/bin/none", {}),
    ],
)
def test_what_is_not_there_cannot_be_changed(campus, path, form):
    assert httpx.post(campus.wire.base_url + path, data=form).status_code == 404

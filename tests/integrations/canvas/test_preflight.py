"""The check-up of a Canvas connection: each thing is taken away, and the right word, person and place are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coplink.core.people import Role
from coplink.ports.integration import Capability, Verdict
from coplink_canvas import ADMIN
from coplink_canvas.operations import OPERATIONS

HOUSE = "coplink’s administrator"


def lines(connection):
    return {check.title: check for check in connection.check()}


def verdicts(connection):
    return {title: check.verdict for title, check in lines(connection).items()}


@pytest.fixture
def keyed(canvas):
    """Connects by a developer key to which consent was given."""

    def connect(scopes=None):
        refresh = canvas.sandbox.consent("riverbend", scopes)
        return canvas.connect(
            **{**canvas.sandbox.key_settings("riverbend"), "token": "", "refresh_token": refresh}
        )

    return connect


def test_all_is_well_and_what_canvas_cannot_do_has_something_in_its_place(faultless):
    before = faultless.sandbox.state()
    found = lines(faultless.connect())
    assert {title: check.verdict for title, check in found.items()} == {
        "Sign in": Verdict.WORKS,
        "Read calendars": Verdict.WORKS,
        "Role in the courses": Verdict.WORKS,
        "People of other schools": Verdict.CANNOT,
        "Clock": Verdict.WORKS,
    }
    assert "place of their own school" in str(found["People of other schools"].fallback)
    assert "waits" in str(found["Role in the courses"].fallback), "not knowable beforehand"
    assert faultless.writes == []
    assert faultless.sandbox.state() == before


def test_with_a_developer_key_each_reading_is_asked_about_and_nothing_is_left_behind(canvas, keyed):
    before = canvas.sandbox.state()
    found = verdicts(keyed())
    assert found["Scopes of the developer key"] is Verdict.WORKS
    assert found["Details of courses and pages"] is Verdict.WORKS
    assert canvas.writes == []
    assert canvas.sandbox.state() == before
    asked = {f"{call.split(' ')[0]} {call.split(' ')[1]}" for call in (c.operation for c in canvas.calls)}
    wanted = {one.call for one in OPERATIONS if one.method == "GET" and one.made({"place": "group"})}
    assert wanted <= asked


@pytest.mark.parametrize(
    "scope",
    sorted(one.scope for one in OPERATIONS if one.method == "GET" and one.made({}) and not one.literal),
)
def test_a_scope_that_is_missing_is_named(canvas, keyed, scope):
    scopes = [one for one in canvas.sandbox.key_of("riverbend")["scopes"] if one != scope]
    line = lines(keyed(scopes))["Scopes of the developer key"]
    assert line.verdict is Verdict.NEEDS_YOU
    assert line.scopes == (scope,)
    assert line.who == ADMIN
    assert "Developer Keys" in str(line.where)
    assert Capability.SPACES in line.stops


def test_a_key_that_drops_includes_is_found_out(canvas, keyed):
    canvas.sandbox.change_key("riverbend", includes=False)
    line = lines(keyed())["Details of courses and pages"]
    assert line.verdict is Verdict.NEEDS_YOU
    assert line.who == ADMIN
    assert "Allow Include Parameters" in str(line.where)
    assert line.stops == frozenset(), "places are made without it"


def test_a_dead_token_is_one_line_that_says_where_a_new_one_is_made(canvas):
    (line,) = canvas.connect(token="wrong").check()
    assert line.verdict is Verdict.NEEDS_YOU
    assert line.who == ADMIN
    assert "Approved Integrations" in str(line.where)
    all_but_files = {Capability.SPACES, Capability.SEATS, Capability.CALENDAR, Capability.ANNOUNCEMENTS}
    assert line.stops == all_but_files


@pytest.mark.parametrize("away", ["consent", "key", "never"])
def test_consent_that_is_not_there_any_more_sends_to_the_page_that_asks_for_it(canvas, keyed, away):
    connection = keyed()
    if away == "consent":
        for one in canvas.sandbox.store.keys("canvas.consents"):
            canvas.sandbox.store.drop("canvas.consents", one)
    elif away == "key":
        canvas.sandbox.change_key("riverbend", on=False)
    else:
        settings = {**canvas.sandbox.key_settings("riverbend"), "token": ""}
        connection = canvas.connect(**settings)
    (line,) = connection.check()
    assert line.verdict is Verdict.NEEDS_YOU
    assert line.who == ADMIN
    assert "consent" in str(line.where)


def test_a_role_that_may_not_read_calendars_stops_meetings_only(canvas):
    canvas.rain("calendar_events", status=403, body={"status": "unauthorized", "errors": []})
    line = lines(canvas.connect())["Read calendars"]
    assert line.verdict is Verdict.NEEDS_YOU
    assert line.who == ADMIN
    assert "Permissions" in str(line.where)
    assert line.stops == {Capability.CALENDAR}


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_ten_minutes_off_is_coplinks_own_matter(canvas, minutes):
    canvas.wall.shows = datetime.now(UTC) + timedelta(minutes=minutes)
    line = lines(canvas.connect())["Clock"]
    assert line.verdict is Verdict.NEEDS_YOU
    assert line.who == HOUSE
    assert "NTP" in str(line.where)
    assert 595 <= int(str(line.message).split("are ")[1].split(" ")[0]) <= 605


def test_somebody_who_gives_no_answer_is_not_said_to_refuse(canvas, keyed):
    canvas.rain("users/self", status=503)
    (line,) = canvas.connect().check()
    assert not line.asked
    canvas.rain("group_categories", status=503)
    assert not lines(keyed())["Scopes of the developer key"].asked


def test_a_check_up_asks_anew_each_time(canvas):
    connection = canvas.connect()
    connection.seats.put(canvas.provision(), [canvas.seat(canvas.ben, Role.MEMBER)])
    connection.check()
    canvas.sandbox.store.put("canvas.revoked", "riverbend", {})
    (line,) = connection.check()
    assert line.verdict is Verdict.NEEDS_YOU

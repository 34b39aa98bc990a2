"""The check-up of a Google connection: each thing is taken away, and the right word, person and place are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.ports.integration import Capability, Verdict
from coplink.sandbox.weather import Rule
from coplink_google import ADMIN, AUTH, ROBOT_SCOPES, integration

HOUSE = "coplink’s administrator"
SPACES, SEATS = Capability.SPACES, Capability.SEATS


def lines(connection):
    return {check.title: check for check in connection.check()}


def needing(connection):
    return {title: check for title, check in lines(connection).items() if check.verdict is Verdict.NEEDS_YOU}


def test_all_is_well_and_nothing_is_left_behind(campus):
    before = campus.wire.state()
    found = lines(campus.connect(guests="yes"))
    assert set(found) == {
        "Sign in as the robot account",
        "Permissions of the robot account",
        "Accounts",
        "Groups",
        "Group settings",
        "Shared drives",
        "Calendars",
        "People of other schools",
        "Sign-in with Google",
        "Clock",
    }
    assert {check.verdict for check in found.values()} == {Verdict.WORKS}
    assert "their own school" in str(found["People of other schools"].fallback), "not knowable beforehand"
    assert campus.writes == []
    assert campus.wire.state() == before


@pytest.mark.parametrize("scope", [one.name.removeprefix(AUTH) for one in ROBOT_SCOPES])
def test_what_the_robot_account_did_not_grant_is_read_off_its_own_token(campus, scope):
    campus.wire.signin.withdraw("lakeside", "robot", scope)
    found = needing(campus.connect())
    assert set(found) == {f"Permission {scope}"}, "told once, however many calls it stops"
    line = found[f"Permission {scope}"]
    assert line.scopes == (AUTH + scope,)
    assert line.who == ADMIN
    assert "tick every box" in str(line.where)
    assert line.stops >= {SPACES, SEATS}


@pytest.mark.parametrize(
    ("scope", "title"),
    [
        ("admin.directory.group", "Groups"),
        ("apps.groups.settings", "Group settings"),
        ("admin.directory.user.readonly", "Accounts"),
    ],
)
def test_a_right_of_the_service_account_that_is_missing_stops_its_own_line_only(campus, scope, title):
    campus.wire.signin.withdraw("lakeside", "groups", scope)
    found = needing(campus.connect())
    assert set(found) == {title}
    assert found[title].scopes == (AUTH + scope,)
    assert found[title].who == ADMIN
    assert "Groups Admin" in str(found[title].where)


def test_what_was_granted_meanwhile_shows_at_once(campus):
    campus.wire.signin.withdraw("lakeside", "robot", "drive")
    campus.wire.signin.withdraw("lakeside", "groups", "admin.directory.group")
    connection = campus.connect()
    assert set(needing(connection)) == {"Permission drive", "Groups"}
    campus.wire.store.put(
        "google.consent",
        "lakeside",
        {
            "robot": [one.name.removeprefix(AUTH) for one in ROBOT_SCOPES],
            "groups": ["admin.directory.group", "apps.groups.settings", "admin.directory.user.readonly"],
        },
    )
    assert needing(connection) == {}


def test_an_api_that_is_off_is_a_matter_of_the_cloud_project(campus):
    campus.refuse("/admin/directory/v1/groups", 403, "accessNotConfigured")
    line = needing(campus.connect())["Groups"]
    assert line.who == ADMIN
    assert "Library" in str(line.where)


def test_a_robot_that_may_make_no_drives_is_found_out_before_it_tries(campus):
    campus.wire.drive.may_make_drives = False
    line = needing(campus.connect())["Shared drives"]
    assert line.who == ADMIN
    assert "licence" in str(line.message)
    assert "Shared drive creation" in str(line.where)
    assert line.stops == {SPACES, SEATS}


def test_a_robot_without_calendar_is_found_out(campus):
    campus.refuse("calendarList", 403, "notACalendarUser", "The user must be signed up for Google Calendar.")
    line = needing(campus.connect())["Calendars"]
    assert "Licenses" in str(line.where)
    assert Capability.CALENDAR in line.stops


def test_a_robot_that_does_not_exist_or_is_suspended(campus):
    line = needing(campus.connect(robot="nobody@lakeside.example"))["Accounts"]
    assert "does not exist" in str(line.message)
    assert "Robot account" in str(line.where)
    campus.weather(
        "/admin/directory/v1/users", status=200, body={"id": "1", "suspended": True, "archived": False}
    )
    line = needing(campus.connect())["Accounts"]
    assert "suspended" in str(line.message)
    assert line.who == ADMIN
    assert line.stops >= {SPACES, SEATS}


def test_sharing_with_other_schools_is_known_once_there_is_a_drive(campus, provision, wish):
    connection = campus.connect(guests="yes")
    provision(connection, wish())
    nobody = lines(campus.connect())["People of other schools"]
    assert (nobody.verdict, nobody.outsiders) == (Verdict.CANNOT, True)
    assert "the setting “Guests”" in str(nobody.message)
    line = lines(connection)["People of other schools"]
    assert line.verdict is Verdict.WORKS
    assert line.fallback is None
    campus.wire.drive.external_sharing = False
    line = lines(connection)["People of other schools"]
    assert line.verdict is Verdict.CANNOT
    assert line.who == ADMIN
    assert "Sharing settings" in str(line.where)
    assert "their own school" in str(line.fallback)
    assert line.stops == set()


@pytest.mark.parametrize(
    ("setting", "where"),
    [("robot_refresh_token", "sign in as the robot account"), ("client_secret", "Credentials")],
)
def test_a_sign_in_that_is_refused_says_where_to_make_a_new_one(campus, setting, where):
    line = needing(campus.connect(**{setting: "old"}))["Sign in as the robot account"]
    assert line.who == ADMIN
    assert where in str(line.where)
    assert line.stops >= {SPACES, SEATS}


def test_keys_at_a_wrong_address_stop_the_door_only(campus):
    campus.wire.weather.add(Rule("certs", "answer", status=404, body={"error": "x"}, uncounted=True))
    line = needing(campus.connect())["Sign-in with Google"]
    assert line.who == ADMIN
    assert line.stops == {Capability.DOOR}


@pytest.mark.parametrize("minutes", [-4, 10])
def test_a_clock_that_is_off_is_coplinks_own_matter(campus, minutes):
    around = campus.around()

    class Wrong:
        def now(self):
            from datetime import timedelta

            return campus.clock.now() + timedelta(minutes=minutes)

    connection = integration.connect(campus.wire.settings("lakeside"), replace(around, clock=Wrong()))
    line = needing(connection)["Clock"]
    assert line.who == HOUSE
    assert "NTP" in str(line.where)


def test_somebody_who_gives_no_answer_is_not_said_to_refuse(campus):
    campus.weather("calendarList", status=503)
    assert not lines(campus.connect())["Calendars"].asked
    campus.wire.weather.add(Rule("/token", "answer", status=503, uncounted=True))
    assert not lines(campus.connect())["Sign in as the robot account"].asked
    campus.wire.weather.add(Rule("certs", "answer", status=503, uncounted=True))
    assert not lines(campus.connect())["Sign-in with Google"].asked


def test_a_token_answer_without_scopes_says_nothing_against_anybody(campus):
    body = {"access_token": "x", "expires_in": 3599, "token_type": "Bearer"}
    campus.wire.weather.add(Rule("/token", "answer", status=200, body=body, uncounted=True))
    line = lines(campus.connect())["Permissions of the robot account"]
    assert line.verdict is Verdict.WORKS
    assert line.fallback is not None

"""The modes of installing: the same places by other rights, each with just the permissions its guide asks for."""

from __future__ import annotations

import json

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.errors import Misconfigured, PermissionMissing, Reauthorize
from coplink.ports.integration import Verdict
from coplink_google import ADMIN, AUTH, ROBOT_SCOPES, integration, manifest
from coplink_google.operations import DELEGATION, FOLDER, MODES, NONE, OPERATIONS, ROBOT, of_mode, scopes
from coplink_google.options import Options

SHORT = tuple(one.name.removeprefix(AUTH) for one in ROBOT_SCOPES)


@pytest.fixture
def delegated(campus):
    """A connection whose service account acts as the robot account, which never gave its consent."""
    campus.wire.signin.delegate("lakeside", scopes(ROBOT, DELEGATION))
    for scope in SHORT:
        campus.wire.signin.withdraw("lakeside", "robot", scope)
    return campus.connect(mode="delegation", robot_refresh_token="")


def needing(connection):
    return {line.title: line for line in connection.check() if line.verdict is Verdict.NEEDS_YOU}


def test_no_delegation_is_what_nobody_asked_otherwise(campus):
    assert {one.name: one.default for one in manifest.fields}["mode"] == NONE
    assert Options.of({**campus.wire.settings("lakeside"), "mode": ""}).mode == NONE


def test_a_mode_nobody_knows_is_said_so(campus):
    with pytest.raises(Misconfigured, match="mode"):
        integration.look_over({**campus.wire.settings("lakeside"), "mode": "magic"})


@pytest.mark.parametrize("mode", MODES)
def test_the_steps_of_each_mode_are_told_without_a_call(campus, wish, mode):
    settings = campus.wire.settings_of(mode, "lakeside")
    connection = campus.connect(**settings)
    assert integration.preview(settings, wish()).steps == connection.spaces.steps(wish())
    assert set(connection.spaces.steps(wish())) <= set(manifest.part_words)


def test_each_mode_asks_for_the_secrets_it_needs(campus):
    settings = {**campus.wire.settings("lakeside"), "robot_refresh_token": ""}
    with pytest.raises(Misconfigured, match="Refresh token"):
        integration.look_over({**settings, "mode": NONE})
    assert integration.look_over({**settings, "mode": DELEGATION})
    for mode in (NONE, DELEGATION):
        with pytest.raises(Misconfigured, match="Service account key"):
            integration.look_over(
                {**settings, "robot_refresh_token": "r", "service_account": "", "mode": mode}
            )
    with pytest.raises(Misconfigured, match="Refresh token"):
        integration.look_over({**settings, "service_account": "", "mode": FOLDER, "folder": "0123456789"})


def test_every_operation_is_of_some_mode_and_every_mode_has_its_own():
    assert {name for mode in MODES for name in of_mode(mode, chat=True)} == set(OPERATIONS)
    assert of_mode(FOLDER, chat=True) == of_mode(FOLDER), "a Chat space needs a group"
    assert all(one.modes <= set(MODES) for one in OPERATIONS.values())


# --- delegation -------------------------------------------------------------------------------------------------------


def test_the_service_account_makes_and_fills_a_place_as_the_robot_account(campus, delegated, provision, wish):
    parts = provision(delegated, wish())
    mei = campus.google_id("mei.chen")
    delegated.seats.put(parts, [Seat(mei, Role.MEMBER)])
    assert delegated.seats.read(parts).seats == {mei: Role.MEMBER}
    (drive,) = campus.wire.state()["drives"]
    robot = campus.wire.districts["lakeside"].robot
    assert drive["permissions"][0]["address"] == robot, "the robot account owns it, not the service account"
    assert needing(delegated) == {}


def test_one_mode_takes_over_from_the_other(campus, connection, parts, delegated):
    assert delegated.spaces.describe(parts).name
    luis = campus.google_id("luis.ortega")
    delegated.seats.put(parts, [Seat(luis, Role.FACILITATOR)])
    assert connection.seats.read(parts).seats == {luis: Role.FACILITATOR}


def test_without_delegation_nothing_is_done_as_the_robot_account(campus):
    connection = campus.connect(mode="delegation", robot_refresh_token="")
    with pytest.raises(PermissionMissing) as missing:
        connection.library.changes({"group": "x", "drive": "x"}, None)
    assert missing.value.scopes == (AUTH + "drive",)
    (line,) = needing(connection).values()
    assert line.title == "Sign in as the robot account"
    assert line.scopes == tuple(AUTH + one for one in scopes(ROBOT, DELEGATION))
    assert "Domain-wide delegation" in str(line.where)
    assert line.who == ADMIN


@pytest.mark.parametrize("scope", scopes(ROBOT, DELEGATION))
def test_a_scope_that_is_not_delegated_is_named_and_stops_its_own_api_only(campus, delegated, scope):
    campus.wire.signin.withdraw("lakeside", "delegated", scope)
    fresh = campus.connect(mode="delegation", robot_refresh_token="")
    assert set(needing(fresh)) == {f"Permission {scope}"}, "told once, however many calls it stops"
    assert fresh.directory.find(["mei.chen@lakeside.example"])
    if scope != "drive":
        assert fresh.spaces._google.call("drive.about.get", fields="canCreateDrives")


def test_a_robot_account_nobody_has_is_found_out(campus):
    campus.wire.signin.delegate("lakeside", scopes(ROBOT, DELEGATION))
    connection = campus.connect(mode="delegation", robot="nobody@lakeside.example")
    with pytest.raises(Reauthorize):
        connection.library.changes({"group": "x", "drive": "x"}, None)
    found = needing(connection)
    assert set(found) == {"Sign in as the robot account", "Accounts", "Shared drives", "Calendars"}
    assert "Robot account" in str(found["Sign in as the robot account"].where)


def test_the_secret_for_another_mode_is_never_sent(campus, delegated, provision, wish):
    sent = []
    campus.wire.signin._from_refresh_token = lambda form: sent.append(form)
    assert needing(delegated) == {}
    provision(delegated, wish())
    assert sent == []


def test_the_guide_lists_what_is_to_be_delegated(campus):
    from importlib.resources import files

    guide = (files("coplink_google") / "install" / "guide-delegation.md").read_text("utf-8")
    assert "{{line_of_delegation}}" in guide
    line = integration.gaps({})["line_of_delegation"]
    assert line.split(",") == [AUTH + one for one in scopes(ROBOT, DELEGATION)]
    key = json.loads(campus.wire.settings("lakeside")["service_account"])
    assert key["client_id"].isdigit(), "what the Admin console asks for"

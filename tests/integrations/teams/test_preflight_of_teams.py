"""The check-up of a Teams connection: each thing is taken away, and the right word, person and place are told."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from coplink.ports.errors import Misconfigured
from coplink.ports.integration import Capability, Verdict
from coplink.sandbox.weather import Rule
from coplink.testing import graph_contract
from coplink_teams import ADMIN, manifest
from coplink_teams.operations import OPERATIONS
from coplink_teams.preflight import WIDER, granted
from coplink_teams.sandbox.teams import TEAM

HOUSE = "coplink’s administrator"
CALENDAR, SPACES, SEATS = Capability.CALENDAR, Capability.SPACES, Capability.SEATS


def lines(connection):
    return {check.title: check for check in connection.check()}


def needing(connection):
    return {title: check for title, check in lines(connection).items() if check.verdict is Verdict.NEEDS_YOU}


def needed(mode="channel", guests=False):
    return [
        scope.name
        for scope in manifest.scopes
        if scope.needed({"mode": mode, "app_id": "x", "guests": "yes" if guests else "no"})
    ]


def withdraw(rig, name):
    rig.wire.store.put(
        "teams.consent", "riverbend", {"granted": [one for one in rig.wire.granted() if one != name]}
    )


def test_all_is_well_and_what_cannot_be_has_something_in_its_place(rig):
    before = rig.wire.state()
    found = lines(rig.connect())
    assert [title for title, check in found.items() if check.verdict is Verdict.NEEDS_YOU] == []
    cannot = {title: check for title, check in found.items() if check.verdict is Verdict.CANNOT}
    assert set(cannot) == {"People of other organisations"}
    assert "their own school" in str(cannot["People of other organisations"].fallback)
    assert "private channels" in str(found["Kind of channels"].fallback), "a policy is not asked for"
    assert {"Host team", "Channels", "Clock", "Service account in the host team"} <= set(found)
    assert rig.writes() == []
    assert rig.wire.state() == before
    for check in found.values():
        assert not check.ok or check.asked
        assert check.verdict is Verdict.WORKS or (check.who and check.where)


@pytest.mark.parametrize("name", [n for n in needed() if not n.endswith(".Group")])
def test_a_permission_of_the_directory_that_is_missing_is_read_off_our_own_token(rig, name):
    withdraw(rig, name)
    line = needing(rig.connect())[f"Permission {name}"]
    assert line.scopes == (name,)
    assert line.who == ADMIN
    assert "Entra" in str(line.where)
    scope = next(scope for scope in manifest.scopes if scope.name == name)
    assert scope.without in str(line.message)
    assert (CALENDAR in line.stops) is name.startswith("Calendars")


@pytest.mark.parametrize(
    ("name", "wider"),
    [
        ("User.ReadBasic.All", "User.Read.All"),
        ("Files.Read.All", "Files.ReadWrite.All"),
        ("Files.Read.All", "Files.Read"),
    ],
)
def test_a_wider_permission_holds_the_one_that_is_asked_for(rig, name, wider):
    kept = [one for one in rig.wire.granted() if one != name]
    rig.wire.store.put("teams.consent", "riverbend", {"granted": [*kept, wider]})
    assert (f"Permission {name}" in needing(rig.connect())) is (wider == "Files.Read")


def test_wider_are_those_that_microsofts_own_list_takes_for_every_call_and_no_others():
    contract = graph_contract.required()
    narrow = re.compile(r"DeviceManagement|AgentIdUser|CrossCloud|Teamwork\.Migrate|TeamsAppInstallation")
    for name in {one.permission for one in OPERATIONS} - {""}:
        if name.endswith(".Group"):
            assert name not in WIDER
            continue
        taken = [
            contract.permissions(one.method, re.sub(r"\{[^}]+\}", "x", one.path))
            for one in OPERATIONS
            if one.permission == name and one.name not in graph_contract.BY_HAND
        ]
        common = frozenset.intersection(*[one for one in taken if one]) - {name}
        common = {one for one in common if one.endswith(".All") or "." not in one}
        wider = WIDER.get(name, frozenset())
        assert wider <= common, name
        rest = {one for one in common - wider if not narrow.search(one) and not one.endswith(".Group")}
        if name.startswith("TeamsAppInstallation"):  # the others cannot give the app's own consent
            assert all("AndConsent" in one for one in wider)
            rest -= {"Group.ReadWrite.All", "Directory.ReadWrite.All"}
        assert rest == set(), name


def test_guests_need_a_permission_only_where_they_are_switched_on(rig):
    withdraw(rig, "User.Invite.All")
    assert "Permission User.Invite.All" not in lines(rig.connect())
    assert "User.Invite.All" not in needed()
    line = needing(rig.connect(guests="yes"))["Permission User.Invite.All"]
    assert "Entra" in str(line.where)
    assert line.stops == frozenset(), "no place waits for it"
    rig.wire.store.drop("teams.consent", "riverbend")
    told = lines(rig.connect(guests="yes", mode="team"))["People of other organisations"]
    assert told.verdict is Verdict.WORKS
    assert "External collaboration settings" in str(told.where)
    assert "deletes no guest account" in str(told.message)
    assert "host team" in str(lines(rig.connect(guests="YES"))["People of other organisations"].message)
    with pytest.raises(Misconfigured, match="guests"):
        rig.connect(guests="perhaps")


def test_consent_that_was_given_meanwhile_shows_at_once_in_a_fresh_token(rig):
    withdraw(rig, "Calendars.ReadWrite")
    connection = rig.connect()
    assert "Permission Calendars.ReadWrite" in needing(connection)
    rig.wire.store.drop("teams.consent", "riverbend")
    assert needing(connection) == {}


@pytest.mark.parametrize(
    ("begins", "title", "stops"),
    [
        ("TeamSettings.", "Host team", {SPACES, SEATS}),
        ("ChannelSettings.", "Channels", {SPACES, SEATS}),
        ("ChannelMember.", "Members of channels", {SEATS}),
        ("TeamMember.", "Service account in the host team", set()),
        ("TeamsTab.Read", "Tabs of channels", {SPACES}),
    ],
)
def test_a_permission_of_the_host_team_that_is_missing_is_named(rig, begins, title, stops):
    name = next(n for n in needed() if n.startswith(begins) and n.endswith(".Group"))
    for other in [
        one for one in rig.wire.granted() if one not in needed()
    ]:  # mode team has others that would do
        withdraw(rig, other)
    withdraw(rig, name)
    line = needing(rig.connect())[title]
    assert line.scopes == (name,)
    assert line.who == ADMIN
    assert "host team" in str(line.where)
    assert line.stops == stops


def test_a_wrong_host_team_is_said_to_be_one(rig):
    found = needing(rig.connect(team_id="00000000-0000-0000-0000-000000000000"))
    assert set(found) == {"Host team"}
    assert {str(line.where) for line in found.values()} == {"On this page: the setting “Host team”."}
    assert all(line.stops == {SPACES, SEATS} for line in found.values())


def test_a_class_team_has_no_shared_channels_and_private_ones_instead(rig):
    host = rig.wire.district.host_team
    kept = rig.wire.store.get(TEAM, host)
    rig.wire.store.put(TEAM, host, {**kept, "class": True})
    line = lines(rig.connect())["Kind of channels"]
    assert line.verdict is Verdict.CANNOT
    assert "class team" in str(line.message)
    assert "private channels" in str(line.fallback)
    assert line.stops == set()


def test_a_service_account_outside_the_host_team_is_found_out(rig):
    rig.wire.weather.add(Rule(r"GET .*/members\?.*filter", "answer", status=200, body={"value": []}))
    line = needing(rig.connect())["Service account in the host team"]
    assert line.who == ADMIN
    assert "Members" in str(line.where)
    assert line.stops == {SPACES, SEATS}


def test_a_service_mailbox_that_does_not_exist_sends_to_its_setting(rig):
    line = needing(rig.connect(mailbox="nobody@riverbend.example"))["Service account"]
    assert line.who == ADMIN
    assert "Service mailbox" in str(line.where)
    assert {SPACES, SEATS, CALENDAR} <= line.stops


@pytest.mark.parametrize(
    ("status", "code", "message", "where"),
    [
        (404, "MailboxNotEnabledForRESTAPI", "The mailbox is inactive or on-premise", "Licenses"),
        (403, "Forbidden", "The user has no license for Exchange", "Licenses"),
        (403, "ErrorAccessDenied", "Access is denied by an application access policy", "RBAC"),
    ],
)
def test_a_mailbox_without_a_licence_or_out_of_reach_stops_meetings_only(rig, status, code, message, where):
    body = {"error": {"code": code, "message": message}}
    rig.wire.weather.add(Rule("GET .*/events", "answer", status=status, body=body))
    found = needing(rig.connect())
    assert set(found) == {"Meetings in the service mailbox"}
    line = found["Meetings in the service mailbox"]
    assert line.who == ADMIN
    assert where in str(line.where)
    assert line.stops == {CALENDAR}


def test_a_secret_that_has_ended_is_the_only_line(rig):
    (line,) = rig.connect(client_secret="old").check()
    assert line.verdict is Verdict.NEEDS_YOU
    assert line.who == ADMIN
    assert "Certificates & secrets" in str(line.where)
    assert SPACES in line.stops


def test_without_an_app_id_people_come_by_their_link(rig):
    line = lines(rig.connect(app_id=""))["Teams app"]
    assert line.verdict is Verdict.CANNOT
    assert "link" in str(line.fallback)
    assert "Manage apps" in str(line.where)


def test_in_mode_team_the_host_team_is_nobodys_matter(rig):
    found = lines(rig.connect(mode="team", team_id=""))
    assert not {"Host team", "Channels", "Service account in the host team", "Kind of channels"} & set(found)
    assert {"Service account", "Meetings in the service mailbox", "Teams app"} <= set(found)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_ten_minutes_off_is_coplinks_own_matter(rig, minutes):
    class Wrong:
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(minutes=minutes)

    rig.around = replace(rig.around, clock=Wrong())
    found = needing(rig.connect())
    assert set(found) == {"Clock"}
    assert found["Clock"].who == HOUSE
    assert "NTP" in str(found["Clock"].where)


def test_somebody_who_gives_no_answer_is_not_said_to_refuse(rig):
    connection = rig.connect()
    rig.wire.weather.add(Rule("GET .*/events", "answer", status=503))
    assert not lines(connection)["Meetings in the service mailbox"].asked
    rig.wire.weather.add(Rule("oauth2", "answer", status=503, uncounted=True))
    (line,) = connection.check()
    assert not line.asked


@pytest.mark.parametrize("body", [{}, {"value": 7}, {"value": [7]}, {"value": [{}]}])
@pytest.mark.parametrize(
    ("call", "title"),
    [
        (r"GET .*/users/[^/]*select=id", "Service account"),
        (r"GET .*/members\?.*filter", "Service account in the host team"),
        (r"GET .*/channels\?", "Channels"),
    ],
)
def test_an_answer_in_a_form_nobody_knows_is_a_line_and_no_accident(rig, call, title, body):
    rig.wire.weather.add(Rule(call, "answer", status=200, body=body))
    assert "does not understand" in str(needing(rig.connect())[title].message)


def test_a_token_is_read_carefully():
    def token(claims: object) -> str:
        return f"e.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.s"

    assert granted(token({"roles": ["A", "B"]})) == {"A", "B"}
    assert granted(token({})) == frozenset(), "nothing was granted"
    for odd in ("opaque", "a.b", "a.!.c", token([1]), token({"roles": "A"})):
        assert granted(odd) is None

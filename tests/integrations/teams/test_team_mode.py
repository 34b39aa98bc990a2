"""Mode ``team``: ordered once, waited for as long as Microsoft takes, found again, and never in the way of channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.integrations.teams.conftest import Rig, make_space
from tests.integrations.teams.patience import Moving, forget_this_process, moved, patiently

from coplink.core.people import AccountId, CommunityId, InstitutionId, Role
from coplink.core.plan import Change, Plan
from coplink.core.spaces import ConnectionId, Space, SpaceId, SpaceKind, SpaceState
from coplink.engine import reconcile
from coplink.engine.outcome import Reach
from coplink.ports.errors import (
    Ambiguous,
    LimitReached,
    Misconfigured,
    NeedsAttention,
    NotLicensed,
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
    PolicyForbids,
)
from coplink.ports.integration import Verdict
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.weather import Rule
from coplink_teams import ADMIN, CHANNEL_STEPS, TEAM_STEPS, integration, manifest
from coplink_teams.names import team_name


@pytest.fixture
def clock(rig: Rig) -> Iterator[Moving]:
    yield moved(rig, "team")
    forget_this_process()


def teams(rig: Rig) -> list[dict]:
    return [one for one in rig.wire.state()["teams"] if one["marker"]]


def test_a_team_is_made_over_one_lag_after_the_other(rig, wish, clock) -> None:
    rig.wire.operations.seconds, rig.wire.lag_seconds, rig.wire.drives.folders_late = 95, 14 * 60, 120
    parts: dict[str, str] = {}
    began = clock.now()
    said = patiently(rig, wish, clock, parts)
    assert tuple(parts) == TEAM_STEPS
    assert clock.now() - began >= timedelta(seconds=95 + 14 * 60)
    assert set(said) == {
        "Microsoft is still making the team.",
        "Microsoft has made the team and does not show it to everybody yet.",
        "Microsoft is still making the channel’s folder.",
    }
    (team,) = teams(rig)
    assert (team["id"], team["name"], team["app"]) == (parts["team"], wish.name, True)
    assert team["template"] == "educationProfessionalLearningCommunity"
    assert rig.wire.store.get("teams.team", team["id"])["visibility"] == "private"
    assert (team["owners"], team["members"]) == ([rig.wire.people.service_id], [])
    (polls,) = rig.wire.operations.polled.values()
    assert len(polls) >= 3
    assert all(later - earlier >= 30 for earlier, later in pairwise(polls))
    kind, _, channel = parts["channel"].partition("/")
    assert kind == "standard"
    assert [tab["channel"] for tab in rig.wire.state()["tabs"]] == [channel]
    facts = rig.connect().spaces.describe(parts)
    assert (facts.name, facts.seats) == (wish.name, 25_000)
    assert facts.link.startswith("http")


def test_nothing_is_made_twice_when_the_row_is_lost(rig, wish, clock) -> None:
    parts = make_space(rig.connect(), wish)
    before = rig.writes()
    assert make_space(rig.connect(), wish) == parts
    forget_this_process()
    again = make_space(rig.connect(), wish)
    assert {**again, "order": parts["order"]} == parts
    assert rig.writes() == before


@pytest.mark.parametrize("call", [r"^POST /v1.0/teams$", r"^POST .*/installedApps", r"^POST .*/tabs"])
@pytest.mark.parametrize("act", ["lose", "garble", "answer"])
def test_interrupted_at_any_write_it_goes_on_from_what_is_there(rig, wish, clock, call, act) -> None:
    rig.wire.operations.seconds, rig.wire.lag_seconds = 40, 60
    rig.wire.weather.add(Rule(call, act, status=503, body={}))
    parts: dict[str, str] = {}
    try:
        patiently(rig, wish, clock, parts)
    except NeedsAttention:
        pytest.fail("nobody needs to act")
    except Exception:  # a page in place of an answer is told once, and then looked at
        patiently(rig, wish, clock, parts)
    assert [team["id"] for team in teams(rig)] == [parts["team"]]
    assert len(rig.wire.state()["tabs"]) == 1


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("UserLicenseMissing", NotLicensed, "licence"),
        ("BlockedByPolicy", PolicyForbids, "policy"),
        ("TeamQuotaExceeded", LimitReached, "no more teams"),
        ("Unknown", NeedsAttention, "without saying why"),
    ],
)
def test_an_order_that_fails_is_told_once_and_forgotten(rig, wish, clock, code, kind, words) -> None:
    rig.wire.operations.fails = code
    spaces = rig.connect().spaces
    parts = {"order": spaces.ensure("order", wish, {}, "key").remote}
    with pytest.raises(kind) as told:
        spaces.ensure("team", wish, parts, "key")
    assert words in str(told.value.message)
    assert code not in str(told.value.message)
    assert code in told.value.detail
    assert told.value.forget == ("order",)
    assert len(next(iter(rig.wire.operations.polled.values()))) == 1
    rig.wire.operations.fails = ""
    parts = {}
    patiently(rig, wish, clock, parts)
    assert [team["id"] for team in teams(rig)] == [parts["team"]]
    assert rig.writes().count("POST /v1.0/teams") == 2


def test_a_team_that_was_ordered_and_is_gone_is_not_waited_for_for_ever(rig, wish, clock) -> None:
    spaces = rig.connect().spaces
    parts = {"order": spaces.ensure("order", wish, {}, "key").remote}
    for kind in ("teams.operation", "teams.team"):
        for kept in rig.wire.store.all(kind):
            if kept["id"] in parts["order"]:
                rig.wire.store.drop(kind, kept["id"])
    clock.pass_by(2 * 3600)
    with pytest.raises(NotReadyYet):
        spaces.ensure("team", wish, parts, "key")
    clock.pass_by(60)
    with pytest.raises(NeedsAttention) as told:
        spaces.ensure("team", wish, parts, "key")
    assert told.value.forget == ("order",)
    assert "orders another one" in str(told.value.message)
    undated = {"order": parts["order"].rpartition("/")[0]}
    with pytest.raises(NotReadyYet):  # remembered before the time was: nobody knows since when
        spaces.ensure("team", wish, undated, "key")
    parts = {}
    patiently(rig, wish, clock, parts)
    assert [team["id"] for team in teams(rig)] == [parts["team"]]


@pytest.mark.parametrize("step", ["app", "channel", "folder", "tab"])
def test_a_team_that_was_deleted_meanwhile_is_awaited_for_the_lag_and_then_told(
    rig, wish, clock, step
) -> None:
    spaces, parts = rig.connect().spaces, {}
    for before in TEAM_STEPS[: TEAM_STEPS.index(step)]:
        parts[before] = spaces.ensure(before, wish, parts, "key").remote
    kept = rig.wire.store.get("teams.team", parts["team"])
    rig.wire.store.drop("teams.team", parts["team"])
    with pytest.raises(NotReadyYet):
        spaces.ensure(step, wish, parts, "key")
    rig.wire.store.put("teams.team", parts["team"], kept)
    clock.pass_by(3600)
    spaces.ensure(step, wish, parts, "key")
    rig.wire.store.drop("teams.team", parts["team"])
    for _ in range(2):  # it showed in between: the time begins anew
        with pytest.raises(NotReadyYet) as waits:
            spaces.ensure(step, wish, parts, "key")
        assert waits.value.retry_after == 30
        clock.pass_by(14 * 60)
    with pytest.raises(NeedsAttention) as told:
        spaces.ensure(step, wish, parts, "key")
    assert told.value.forget == TEAM_STEPS
    assert "Try again" in str(told.value.message)
    assert told.value.who == ADMIN
    begun_anew: dict[str, str] = {}
    patiently(rig, wish, clock, begun_anew)
    assert begun_anew["team"] != parts["team"]
    assert [team["id"] for team in teams(rig)] == [begun_anew["team"]]


def test_an_order_that_was_answered_with_slow_down_is_looked_for_before_it_is_given_again(
    rig, wish, clock
) -> None:
    rig.wire.lag_seconds = 60
    busy = {"error": {"code": "TooManyRequests", "message": "Slow down"}}
    rig.wire.weather.add(Rule(r"^POST /v1.0/teams$", "answer", status=429, body=busy))
    with pytest.raises(OutcomeUnknown):
        rig.connect().spaces.ensure("order", wish, {}, "key")
    clock.pass_by(900)
    parts: dict[str, str] = {}
    patiently(rig, wish, clock, parts)
    assert [team["id"] for team in teams(rig)] == [parts["team"]]


def test_without_an_education_licence_the_team_is_an_ordinary_one(rig, wish, clock) -> None:
    rig.wire.teams.no_education = True
    make_space(rig.connect(), wish)
    assert [team["template"] for team in teams(rig)] == ["standard"]


@pytest.mark.parametrize("forms", [("Location",), ("Content-Location",), ()])
def test_the_order_is_known_by_whatever_the_answer_names(rig, wish, clock, forms) -> None:
    rig.wire.operations.forms, rig.wire.operations.seconds = forms, 10
    parts: dict[str, str] = {}
    patiently(rig, wish, clock, parts)
    assert parts["order"].startswith(f"{parts['team']}/")
    assert bool(parts["order"].split("/")[1]) is ("Location" in forms)
    assert len(teams(rig)) == 1


def test_two_teams_with_our_marker_are_never_guessed_between(rig, wish, clock) -> None:
    parts = make_space(rig.connect(), wish)
    kept = rig.wire.store.get("teams.team", parts["team"])
    rig.wire.store.put("teams.team", "twin", {**kept, "id": "twin"})
    rig.wire.members.seat("twin", rig.wire.people.service_id, ["owner"], 0.0)
    before = rig.writes()
    with pytest.raises(Ambiguous) as asked:
        rig.connect().spaces.ensure("order", wish, {}, "key")
    assert sorted(asked.value.candidates) == sorted([parts["team"], "twin"])
    assert rig.writes() == before


def test_changing_the_mode_changes_no_place_that_exists(rig, wish, clock) -> None:
    rig.wire.mode = "channel"
    channel = make_space(rig.connect(), wish)
    rig.wire.mode = "team"
    other = replace(wish, marker="coplink:ffffffffffffffffffffffffffff1234")
    own = make_space(rig.connect(), other)
    before = rig.writes()
    for mode in ("channel", "team"):
        rig.wire.mode = mode
        connection = rig.connect()
        assert connection.spaces.steps(replace(wish, parts=channel)) == CHANNEL_STEPS
        assert connection.spaces.steps(replace(other, parts=own)) == TEAM_STEPS
        assert connection.spaces.steps(replace(other, parts={"order": own["order"]})) == TEAM_STEPS
        assert connection.spaces.describe(channel).seats is None
        assert connection.spaces.describe(own).seats == 25_000
        assert connection.spaces.ensure("folder", wish, channel, "key").remote == channel["folder"]
        assert connection.spaces.ensure("folder", other, own, "key").remote == own["folder"]
        assert connection.seats.read(channel).complete
        assert connection.seats.read(own).complete
    assert rig.writes() == before
    with pytest.raises(Misconfigured) as asked:
        rig.connect(mode="team", team_id="").spaces.describe(channel)
    assert "host team" in str(asked.value.message)


def test_the_plan_shows_what_the_mode_makes() -> None:
    long = SpaceWish("Reading & writing: " + "a long name " * 40 + "\u0007", "", "coplink:1")
    for mode, most, steps in (
        ("team", 256, TEAM_STEPS),
        ("channel", 50, CHANNEL_STEPS),
        ("", 50, CHANNEL_STEPS),
    ):
        planned = integration.preview({"mode": mode}, long)
        assert len(planned.name) <= most
        assert planned.steps == steps
    assert integration.preview({"mode": "team"}, long).name.startswith("Reading & writing: a long name")


@pytest.mark.parametrize("name", ["", "\u0000\u200b", "👩🏽‍🏫" * 200, " . ", "General"])
def test_any_name_becomes_one_that_a_team_may_have(rig, wish, clock, name) -> None:
    rig.connect().spaces.ensure("order", replace(wish, name=name, about="x" * 3000), {}, "key")
    (team,) = teams(rig)
    assert team["name"] == team_name(name)


def test_a_team_is_called_a_team_and_a_channel_a_channel(rig, wish, clock) -> None:
    own = make_space(rig.connect(), wish)
    assert manifest.word_for(own) == manifest.word_for({"order": own["order"]}) == "team"
    rig.wire.mode = "channel"
    channel = make_space(rig.connect(), replace(wish, marker="coplink:ffffffffffffffffffffffffffff1234"))
    assert manifest.word_for(channel) == manifest.word_for({}) == "channel"


# --- the app ----------------------------------------------------------------------------------------------------------


def test_the_app_may_be_there_already(rig, wish, clock) -> None:
    spaces, parts = rig.connect().spaces, {}
    for step in ("order", "team"):
        parts[step] = spaces.ensure(step, wish, parts, "key").remote
    conflict = {"error": {"code": "Conflict", "message": "already installed"}}
    rig.wire.weather.add(Rule("^POST .*/installedApps", "answer", status=409, body=conflict))
    assert spaces.ensure("app", wish, parts, "key").found
    rig.wire.weather.clear()
    assert not spaces.ensure("app", wish, parts, "key").found
    assert spaces.ensure("app", wish, parts, "key").found


def test_an_app_that_is_not_in_the_catalogue_or_is_another_version_is_for_the_admin(rig, wish, clock) -> None:
    parts: dict[str, str] = {}
    for step in ("order", "team"):
        parts[step] = rig.connect().spaces.ensure(step, wish, parts, "key").remote
    with pytest.raises(Misconfigured) as asked:
        rig.connect(app_id="another").spaces.ensure("app", wish, parts, "key")
    assert "catalogue" in str(asked.value.message)
    rig.wire.apps.packaged = lambda: ["Something.Else.Group"]
    with pytest.raises(Misconfigured) as asked:
        rig.connect().spaces.ensure("app", wish, parts, "key")
    assert "upload its new package" in str(asked.value.message)
    assert rig.wire.state()["teams"][-1]["app"] is False


@pytest.mark.parametrize(
    ("permission", "step"),
    [
        ("Team.ReadBasic.All", "order"),
        ("Team.Create", "order"),
        ("TeamsAppInstallation.ReadWriteAndConsentSelfForTeam.All", "app"),
    ],
)
def test_a_permission_that_is_missing_is_named(rig, wish, clock, permission, step) -> None:
    parts = make_space(rig.connect(), wish) if step == "app" else {}
    have = [name for name in rig.wire.granted() if name != permission]
    rig.wire.store.put("teams.consent", rig.wire.district.key, {"granted": have})
    with pytest.raises(PermissionMissing) as asked:
        rig.connect().spaces.ensure(step, replace(wish, marker="coplink:2"), parts, "key")
    assert asked.value.scopes == (permission,)
    assert permission in str(asked.value.message)


def test_the_consent_of_a_new_team_may_take_a_moment_but_not_for_ever(rig, wish, clock) -> None:
    spaces, parts = rig.connect().spaces, {}
    for step in ("order", "team", "app"):
        parts[step] = spaces.ensure(step, wish, parts, "key").remote
    refusal = {"error": {"code": "Forbidden", "message": "Missing role permissions on the request"}}
    rig.wire.weather.add(Rule("primaryChannel", "answer", times=2, status=403, body=refusal))
    with pytest.raises(NotReadyYet):
        spaces.ensure("channel", wish, parts, "key")
    clock.pass_by(1900)
    with pytest.raises(PermissionMissing):
        spaces.ensure("channel", wish, parts, "key")
    assert spaces.ensure("channel", wish, parts, "key").remote.startswith("standard/19:")


def test_ten_thousand_people_fit_into_a_team_and_not_into_a_channel(rig, wish, clock) -> None:
    own = make_space(rig.connect(), wish)
    rig.wire.mode = "channel"
    channel = make_space(rig.connect(), replace(wish, marker="coplink:ffffffffffffffffffffffffffff1234"))
    before = rig.writes()
    reach = Reach(rig.connect(), manifest, timedelta(minutes=15))
    changes = tuple(Change(AccountId(str(number)), None, Role.MEMBER) for number in range(10_000))
    plan = Plan(SpaceId("1"), changes, {}, *(frozenset(),) * 5)
    assert reconcile._full(reach, a_place(own), plan) is None
    full = reconcile._full(reach, a_place(channel), plan)
    assert full is not None
    assert "holds at most 5000 people here, and 10000 would sit there" in str(full.message)
    assert "mode of the Teams connection to “team”" in str(full.message)
    assert full.who == ADMIN
    assert rig.writes() == before


def a_place(parts: dict[str, str]) -> Space:
    """A row of ours with these parts."""
    return Space(
        SpaceId("1"), CommunityId("1"), InstitutionId("1"), ConnectionId("1"), "teams", SpaceKind.CHANNEL, "Circle",
        "coplink:1", SpaceState.READY, parts,
    )  # fmt: skip


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_check_up_needs_no_host_team_in_mode_team(rig, clock) -> None:
    lines = rig.connect(team_id="").check()
    assert [line.title for line in lines if line.verdict is Verdict.NEEDS_YOU] == []
    assert {"Sign in", "Teams app"} <= {line.title for line in lines}
    assert "Host team" not in {line.title for line in lines}


def test_each_mode_needs_its_own_settings(rig) -> None:
    settings = dict(rig.wire.settings("riverbend"))
    assert integration.look_over({**settings, "mode": "team", "team_id": ""}) == settings["tenant_id"]
    assert integration.look_over({**settings, "mode": "", "app_id": ""}) == settings["tenant_id"]
    for wrong, named in (
        ({"mode": "team", "app_id": ""}, "app_id"),
        ({"mode": "channel", "team_id": ""}, "team_id"),
        ({"mode": "both"}, "mode"),
    ):
        with pytest.raises(Misconfigured) as asked:
            integration.look_over({**settings, **wrong})
        assert named in str(asked.value.message)

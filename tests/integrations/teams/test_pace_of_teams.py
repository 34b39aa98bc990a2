"""Every call to Microsoft passes the house's pace: per team, per mailbox and in all; a throttled one closes them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integrations.teams.crowd import own_team, settle

from coplink.core.errors import LaunchError
from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.pace import Asks, asking
from coplink.ports.errors import Throttled
from coplink.sandbox.weather import Rule
from coplink.testing.pacing import Hourglass, Tally
from coplink_teams import integration
from coplink_teams.answers import Answer
from coplink_teams.limits import SIGN_IN, Quota

TEAM = "/teams/t-1/channels/c/members"


@pytest.fixture
def glass(rig):
    glass = Hourglass()
    rig.around = replace(rig.around, pace=glass.pacer().of("riverbend", "teams"))
    return glass


@pytest.fixture
def quota():
    glass = Hourglass()
    quota = Quota(glass.pacer().of("riverbend", "teams"))
    quota.glass = glass
    return quota


def take(quota, *calls, service="teams"):
    with quota.taking(service, calls):
        pass


def test_the_limit_of_the_host_team_is_kept_before_microsoft_asks(rig, parts, glass):
    connection = rig.connect(calls_per_second="1")
    began, sent = glass.now, len(rig.calls)
    for _ in range(10):
        connection.spaces.describe(parts)
    calls = len([call for call in rig.calls[sent:] if "/teams/" in call.operation])
    assert calls >= 10
    assert glass.now - began >= calls - 1, "one call a second to the host team"


def test_a_throttled_answer_closes_the_team_for_everybody(rig, parts, glass):
    rig.wire.weather.add(Rule("GET .*/channels/", "answer", status=429, headers={"Retry-After": "12"}))
    with pytest.raises(Throttled):
        rig.connect().spaces.describe(parts)
    sent = [call.path for call in rig.wire.calls if "/teams/" in call.path]
    with pytest.raises(Throttled) as closed:
        rig.connect().seats.read(parts)
    assert closed.value.retry_after == pytest.approx(12)
    assert "own pace" in closed.value.detail
    again = [call.path for call in rig.wire.calls if "/teams/" in call.path]
    assert again == sent, "nothing is sent while Microsoft wants rest"


def test_a_throttled_team_leaves_the_others_alone(rig, wish, glass):
    other, mine = own_team(rig, "bbbbbbbb-0000-0000-0000-000000000002"), own_team(rig)
    connection = rig.connect(calls_per_second="4")
    rig.wire.weather.add(Rule("GET .*/teams/bbbb", "answer", status=429, headers={"Retry-After": "60"}))
    with pytest.raises(Throttled):
        connection.seats.read(other)
    began = glass.now
    assert connection.seats.read(mine).complete
    assert glass.now == began, "another team is read at once"
    with pytest.raises(Throttled) as closed:
        connection.spaces.describe(other)
    assert "own pace" in closed.value.detail
    assert closed.value.retry_after == pytest.approx(60)


@pytest.mark.parametrize(
    ("service", "method", "address", "open_ones"),
    [
        ("teams", "GET", TEAM, [("teams", "GET", "/teams/t-2"), ("teams", "POST", "/teams")]),
        ("teams", "POST", "/teams", []),
        ("teams", "POST", "", []),
        ("outlook", "GET", "/users/a@x.example/events", [("outlook", "GET", "/users/b@x.example/events")]),
        ("identity", "POST", "/invitations", [("identity", "GET", "/users/1")]),
        ("identity", "GET", "/users/1", [("teams", "GET", TEAM)]),
    ],
)
def test_only_the_limit_that_was_hit_is_closed(quota, service, method, address, open_ones):
    asked = Answer(f"{method} {address}", 429, {"retry-after": "60"}, b"{}")
    quota.answered(service, method, address, asked)
    began = quota.glass.now
    for still in open_ones:
        take(quota, still[1:], service=still[0])
    assert quota.glass.now == began
    for closed in [(service, method, address), *([("teams", "GET", "/teams/t-2")] if not open_ones else [])]:
        with pytest.raises(Throttled):
            take(quota, closed[1:], service=closed[0])


def test_an_envelope_that_is_refused_as_a_whole_closes_no_team(rig, glass):
    team, people = own_team(rig), settle(rig, 3)
    seats = rig.connect(calls_per_second="40").seats
    rig.wire.weather.add(Rule(r"POST .*/\$batch", "answer", status=429, headers={"Retry-After": "60"}))
    with pytest.raises(Throttled):
        seats.put(team, [Seat(people[0], Role.FACILITATOR), Seat(people[1], Role.MEMBER)])
    gate = rig.around.pace
    closed = {
        (limit.api, key) for (limit, key), one in gate._buckets.items() if one.wait(glass.now, 1, 0.0) > 1
    }
    assert closed == {("teams", "")}


def test_a_part_of_a_batch_counts_at_its_team_and_in_all(quota):
    began = quota.glass.now
    take(quota, *[("POST", TEAM)] * 4)
    take(quota, *[("POST", "/teams/t-2/channels")] * 4)
    assert quota.glass.now == began, "another team has a limit of its own"
    take(quota, *[("POST", TEAM)] * 4)
    assert 1.0 <= quota.glass.now - began <= 1.1
    for number in range(3, 8):
        take(quota, *[("POST", f"/teams/t-{number}/channels")] * 4)
    before = quota.glass.now
    take(quota, *[("POST", "/teams/t-9/channels")] * 4, *[("POST", "/teams/t-10/channels")] * 3)
    assert quota.glass.now > before, "thirty in all"


def test_a_batch_may_be_as_large_as_the_team_allows(quota):
    assert quota.granted("teams", "POST", TEAM) == 4
    with asking(Asks.HOUSE):
        assert quota.granted("teams", "POST", TEAM) == 3
    assert quota.granted("outlook", "GET", "/users/m/events") == 4


def test_each_call_counts_at_the_limits_of_its_address(quota):
    names = lambda *call: [f"{limit.api}/{key}" for limit, key in quota.limits(*call)]  # noqa: E731
    assert names("teams", "GET", TEAM) == ["teams.team/t-1", "teams/"]
    assert names("teams", "DELETE", f"https://graph.microsoft.com/v1.0{TEAM}/m?x=1") == [
        "teams.team/t-1",
        "teams.removals/",
        "teams/",
    ]
    assert names("teams", "POST", "/teams") == ["teams/"]
    assert names("outlook", "POST", "/users('Service@x.example')/events") == ["outlook/service@x.example"]
    assert names("identity", "GET", "/users/1") == ["identity/"]
    assert names("identity", "POST", "/invitations") == [
        "identity.invitations/",
        "identity.writes/",
        "identity/",
    ]
    assert names("files", "GET", "/drives/d/root/delta") == ["files/"]


def test_a_mailbox_has_four_calls_under_way_at_most(quota):
    call = ("GET", "/users/service@x.example/events")
    with (
        quota.taking("outlook", [call]),
        quota.taking("outlook", [call]),
        quota.taking("outlook", [call]),
        quota.taking("outlook", [call]),
    ):
        with pytest.raises(Throttled):
            take(quota, call, service="outlook")
        take(quota, ("GET", "/users/other@x.example/events"), service="outlook")
    take(quota, call, service="outlook")
    assert quota.glass.now < 1_003


def test_microsofts_own_count_slows_calls_down(quota):
    told = Answer("GET /users", 200, {"x-ms-throttle-limit-percentage": "0.95"}, b"{}")
    free = quota.granted("identity", "GET", "/users/1")
    quota.answered("identity", "GET", "/users/1", told)
    assert quota.granted("identity", "GET", "/users/1") <= free / 4


def test_a_sandbox_is_connected_with_the_pace_of_its_surroundings(rig, glass):
    connection = integration.connect(rig.wire.settings("riverbend"), rig.around)
    assert connection.check()
    assert rig.around.pace._buckets, "the check-up passed the pace"


def test_every_call_of_a_walk_was_taken(rig, wish):
    tally = Tally()
    rig.around = replace(rig.around, pace=tally)
    connection = rig.connect()
    parts: dict[str, str] = {}
    for step in connection.spaces.steps(wish):
        parts[step] = connection.spaces.ensure(step, wish, parts, "key").remote
    connection.seats.put(parts, [Seat(rig.oid("ana.ruiz"), Role.MEMBER)])
    connection.seats.read(parts)
    connection.library.changes(parts, None)
    taken = sum(tally.taken[api] for api in ("teams", "outlook", "identity", "files"))
    assert taken == len([call for call in rig.wire.calls if not call.path.endswith("/$batch")])
    assert tally.taken["sign-in"] >= 1
    assert tally.taken["teams.team"] > 0


def test_signing_in_waits_its_turn_too(rig, glass):
    rig.around.pace.told(SIGN_IN, "", 300.0)
    with pytest.raises(Throttled) as closed:
        rig.connect(login_url=rig.wire.settings("riverbend")["login_url"] + "/").directory.find(
            ["a@b.example"]
        )
    assert closed.value.retry_after == pytest.approx(300)
    assert rig.wire.calls == []


def test_the_keys_of_the_door_wait_their_turn_too(rig, glass):
    around = replace(
        rig.around, timeout=rig.around.timeout + 0.0001
    )  # key sets are shared by equal time-outs
    around.pace.told(SIGN_IN, "", 300.0)
    door = integration.door("riverbend", rig.wire.settings("riverbend"), around)
    with pytest.raises(LaunchError) as closed:
        door._keys.key("any")
    assert "OwnPace" in closed.value.detail


def test_microsoft_is_told_which_calls_can_wait(rig, parts):
    glass, seen = Hourglass(), []
    rig.around = replace(rig.around, pace=glass.pacer().of("riverbend", "teams"))
    rig.wire.checks.append(
        lambda request, _: seen.append(request.headers.get("x-ms-throttle-priority")) or ()
    )
    connection = rig.connect()
    with asking(Asks.HOUSE):
        connection.spaces.describe(parts)
    connection.spaces.describe(parts)
    assert seen[0] == "low"
    assert seen[-1] is None


def test_microsoft_never_refuses_what_kept_its_rates(rig, wish):
    glass = Hourglass(now=1_790_000_000.0)
    rig.wire.clock, rig.wire.enforce_limits = glass, True
    rig.around = replace(rig.around, pace=glass.pacer().of("riverbend", "teams"))
    connection = rig.connect(calls_per_second="4")
    parts: dict[str, str] = {}
    with asking(Asks.HOUSE):
        for step in connection.spaces.steps(wish):
            parts[step] = connection.spaces.ensure(step, wish, parts, "key").remote
        for key in ("ana.ruiz", "ben.okafor", "liam.oconnor"):
            connection.seats.put(parts, [Seat(rig.oid(key), Role.MEMBER)])
            connection.seats.read(parts)
        for _ in range(15):
            connection.spaces.describe(parts)
            connection.library.changes(parts, None)
    assert rig.wire.throttled == 0
    assert [call for call in rig.wire.calls if call.status == 429] == []
    assert glass.now - 1_790_000_000 > 5, "it took its time"

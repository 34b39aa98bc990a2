"""Microsoft's published limits, enforced over there on a moved clock: coplink never runs into one by itself."""

from __future__ import annotations

import httpx
import pytest
from tests.integrations.teams.crowd import MovedClock, own_team, paced, settle

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.pace import Asks, asking
from coplink.ports.errors import Throttled
from coplink.ports.seats import Done
from coplink.sandbox.quota import Quota
from coplink.sandbox.weather import Rule

MEMBER = Role.MEMBER


@pytest.fixture
def moved():
    return MovedClock()


@pytest.fixture
def team(rig):
    return own_team(rig)


def fill(rig, moved, team, count, lot=600):
    """Seat so many, lot by lot, as background work; the parts that were written."""
    people, seats = settle(rig, count), paced(rig, moved).seats
    with asking(Asks.HOUSE):
        for start in range(0, count, lot):
            result = seats.put(team, [Seat(account, MEMBER) for account in people[start : start + lot]])
            assert set(result.outcomes.values()) == {Done.CHANGED}
        assert set(seats.read(team).seats) == set(people)
    return [call for call in rig.wire.calls if call.path.endswith("/members/add")]


def test_a_thousand_from_empty_are_five_parts_and_nothing_is_refused(rig, moved, team):
    assert len(fill(rig, moved, team, 1_000)) == 5
    assert len([call for call in rig.wire.calls if call.path.endswith("$batch")]) == 2
    assert rig.wire.throttled == 0
    assert [call.status for call in rig.wire.calls if call.status >= 400] == []
    assert len([call for call in rig.calls if call.operation == "GET /teams/{team-id}/members"]) == 2


@pytest.mark.long
def test_ten_thousand_from_empty_are_fifty_parts_and_nothing_is_refused(rig, moved, team):
    assert len(fill(rig, moved, team, 10_000)) == 50
    assert rig.wire.throttled == 0
    assert len([call for call in rig.calls if call.operation == "GET /teams/{team-id}/members"]) == 11
    assert moved.at - 1_000_000 < 30, "seconds, at four a second"


def test_many_changes_of_role_keep_the_pace_of_a_team(rig, moved, team):
    people, connection = settle(rig, 30), paced(rig, moved)
    seats = connection.seats
    seats.put(team, [Seat(account, MEMBER) for account in people])
    with asking(Asks.HOUSE):
        seats.read(team)
        result = seats.put(team, [Seat(account, Role.FACILITATOR, MEMBER) for account in people])
    assert set(result.outcomes.values()) == {Done.CHANGED}
    assert rig.wire.throttled == 0
    assert moved.at - 1_000_000 > 5, "thirty parts at four a second"


def test_what_one_call_is_told_the_next_one_keeps(rig, moved, team):
    people, connection = settle(rig, 2), paced(rig, moved)
    rig.wire.weather.add(Rule("/members/add$", "answer", status=429, headers={"Retry-After": "9"}))
    with asking(Asks.HOUSE):
        began = moved.at
        assert set(connection.seats.put(team, [Seat(people[0], MEMBER)]).outcomes.values()) == {Done.CHANGED}
        assert moved.at - began >= 9, "repeated, but not before the time named"
        rig.wire.weather.add(Rule(r"GET .*/members\?", "answer", status=429, headers={"Retry-After": "20"}))
        with pytest.raises(Throttled):
            connection.seats.read(team)
        began = moved.at
        connection.seats.put(team, [Seat(people[1], MEMBER)])
        assert moved.at - began >= 20, "another call to the same team waits as well"


def test_a_person_is_told_at_once_that_it_takes_longer(rig, moved, team):
    people, connection = settle(rig, 1), paced(rig, moved)
    connection.seats.read(team)
    rig.wire.weather.add(Rule("/members/add$", "answer", status=429, headers={"Retry-After": "60"}))
    began = moved.at
    with asking(Asks.PERSON), pytest.raises(Throttled):
        connection.seats.put(team, [Seat(people[0], MEMBER)])
    assert moved.at - began <= 2
    assert len([call for call in rig.wire.calls if call.path.endswith("/add")]) == 1, (
        "not asked again meanwhile"
    )


@pytest.fixture
def ask(rig, moved):
    """Graph as somebody asks it who keeps no limit."""
    settings = rig.wire.settings("riverbend")
    form = {
        "grant_type": "client_credentials",
        "client_id": settings["client_id"],
        "client_secret": settings["client_secret"],
        "scope": f"{rig.wire.base_url}/.default",
    }
    rig.wire.enforce_limits, rig.wire.quotas._clock = True, moved.time
    with httpx.Client(base_url=rig.wire.base_url, trust_env=False) as client:
        answer = client.post(f"/{settings['tenant_id']}/oauth2/v2.0/token", data=form)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


def test_the_pretended_graph_refuses_the_fifth_call_of_a_second_and_says_when(rig, moved, ask):
    where = f"/teams/{rig.wire.district.host_team}"
    assert [ask.get(f"/v1.0{where}").status_code for _ in range(5)] == [200] * 4 + [429]
    refused = ask.get(f"/v1.0{where}")
    assert refused.headers["Retry-After"] == "1"
    moved.at += 0.5
    parts = [{"id": str(n), "method": "GET", "url": where} for n in range(4)]
    answers = ask.post("/v1.0/$batch", json={"requests": parts}).json()["responses"]
    assert sorted(answer["status"] for answer in answers) == [200, 200, 429, 429], "parts count one by one"
    assert rig.wire.throttled == 4
    assert ask.get("/v1.0/teams/nowhere").status_code == 404, "another team has its own"
    rig.wire.enforce_limits = False
    assert ask.get(f"/v1.0{where}").status_code == 200


def test_a_quota_fills_up_evenly_and_refusals_take_nothing():
    quota = Quota(10, 5, burst=4)
    assert [quota.take("a", 0.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert quota.take("a", 0.0) == 0.5
    assert quota.take("a", 0.5) == 0
    assert quota.take("b", 0.5, 5) == 0.5, "more than ever fits at once"
    assert quota.take("a", 100.0, 4) == 0
    assert quota.take("a", 100.0) > 0


def test_four_calls_at_once_to_one_mailbox_and_no_more(rig, moved):
    class Asked:
        path = "/v1.0/users/coplink@riverbend.example/events"

    quotas = rig.wire.quotas
    quotas._clock = moved.time
    assert [quotas.over(Asked()) is None for _ in range(5)] == [True] * 4 + [False]
    quotas.ended(Asked())
    assert quotas.over(Asked()) is None

"""Seats in bulk: few requests, one answer a person, owners before all others, and nobody seated twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integrations.teams.crowd import own_team, settle

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import Gone, NotReadyYet, Throttled
from coplink.ports.seats import Done
from coplink.sandbox.weather import Rule
from coplink_teams.known_seats import KEPT

MEMBER, FACILITATOR = Role.MEMBER, Role.FACILITATOR
ADD, REMOVE = "/members/add$", "/members/remove$"


@pytest.fixture
def team(rig):
    return own_team(rig)


def members(accounts):
    return [Seat(account, MEMBER) for account in accounts]


def sitting(rig, parts):
    """Everybody but the service account, and whether they own the place."""
    place = parts["team"] if "team" in parts else parts["channel"].partition("/")[2]
    found = rig.wire.members.sitting(place)
    assert len({m["account"] for m in found}) == len(found), "each once"
    return {m["account"]: "owner" in m["roles"] for m in found if m["account"] != rig.wire.people.service_id}


def written(rig):
    return [line.rpartition("/v1.0/")[2] for line in rig.writes() if "/members" in line]


def listings(rig):
    return [call for call in rig.calls if call.operation.startswith("GET") and "members" in call.operation]


def test_250_people_are_two_parts_of_one_envelope(rig, team):
    people = settle(rig, 250)
    rig.wire.calls.clear()
    result = rig.connect().seats.put(team, members(people))
    assert set(result.outcomes.values()) == {Done.CHANGED}
    assert set(sitting(rig, team)) == set(people)
    assert len(written(rig)) == 2
    assert len([call for call in rig.wire.calls if call.path.endswith("$batch")]) == 1
    assert listings(rig) == [], "nobody is listed for a change"


def test_50_removals_are_three_parts_and_who_is_not_there_is_no_error(rig, team):
    seats, people = rig.connect().seats, settle(rig, 50)
    seats.put(team, members(people[:45]))
    rig.wire.calls.clear()
    result = seats.remove(team, people)
    assert result.outcomes == dict.fromkeys(people[:45], Done.CHANGED) | dict.fromkeys(
        people[45:], Done.ALREADY_SO
    )
    assert len(written(rig)) == 3
    assert sitting(rig, team) == {}
    assert listings(rig) == []


def test_one_stranger_among_two_hundred_is_refused_alone(rig, team):
    people, stranger = settle(rig, 199), AccountId("00000000-0000-0000-0000-000000000000")
    result = rig.connect().seats.put(team, members([*people[:100], stranger, *people[100:]]))
    assert [a for a, done in result.outcomes.items() if done is not Done.CHANGED] == [stranger]
    assert "does not know this account" in str(result.reasons[stranger])
    assert set(sitting(rig, team)) == set(people)


def test_a_guest_who_may_not_lead_is_refused_alone(rig, team):
    ben = rig.oid("ben.okafor")
    guest = AccountId(str(rig.wire.people.everybody()[-1]["id"]))
    result = rig.connect().seats.put(team, [Seat(guest, FACILITATOR), Seat(ben, FACILITATOR)])
    assert result.outcomes == {guest: Done.REFUSED, ben: Done.CHANGED}
    assert set(result.reasons) == {guest}


def test_a_size_that_is_refused_is_halved_and_remembered(rig, team):
    seats, people = rig.connect().seats, settle(rig, 300)
    rig.wire.bulk.most_added = 60
    result = seats.put(team, members(people[:200]))
    assert set(result.outcomes.values()) == {Done.CHANGED}
    assert set(sitting(rig, team)) == set(people[:200])
    rig.wire.calls.clear()
    seats.put(team, members(people[200:]))
    assert [call.status for call in rig.wire.calls if call.path.endswith("/add")] == [200, 200]
    assert set(sitting(rig, team)) == set(people)


def test_what_is_refused_down_to_twenty_is_refused(rig, team):
    people = settle(rig, 30)
    rig.wire.bulk.most_added = 0
    result = rig.connect().seats.put(team, members(people))
    assert set(result.outcomes.values()) == {Done.REFUSED}
    assert len(rig.wire.calls) < 10


def test_owners_sit_before_all_others(rig, team):
    people = settle(rig, 210)
    rig.wire.calls.clear()
    seats = [*members(people[:205]), *(Seat(account, FACILITATOR) for account in people[205:])]
    assert set(rig.connect().seats.put(team, seats).outcomes.values()) == {Done.CHANGED}
    assert len(written(rig)) == 3
    first = rig.wire.members.roll.everybody(team["team"])[1:6]  # the service account is older
    assert {m["account"] for m in first} == set(people[205:])
    assert all(m["roles"] == ["owner"] for m in first)


@pytest.mark.parametrize(("status", "done"), [(500, Done.UNKNOWN), (400, Done.REFUSED)])
def test_where_owners_fail_nobody_is_seated_without_them(rig, team, status, done):
    ana, *people = settle(rig, 3)
    rig.wire.weather.add(Rule(ADD, "answer", status=status, body={"error": {"code": "x", "message": "no"}}))
    result = rig.connect().seats.put(team, [*members(people), Seat(ana, FACILITATOR)])
    assert set(result.outcomes.values()) == {done}
    assert sitting(rig, team) == {}


def test_owners_too_many_for_one_request_take_the_others_along(rig, team):
    people = settle(rig, 70)
    rig.wire.bulk.most_added = 30
    wanted = [Seat(account, FACILITATOR) for account in people[:40]] + members(people[40:])
    assert set(rig.connect().seats.put(team, wanted).outcomes.values()) == {Done.CHANGED}
    assert sitting(rig, team) == {account: n < 40 for n, account in enumerate(people)}


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["without", "with"])
@pytest.mark.parametrize("together", [False, True], ids=["alone", "in a batch"])
def test_what_was_applied_and_still_answered_429_is_done_once(rig, team, headers, together):
    ana, ben, cem = settle(rig, 3)
    seats = rig.connect().seats
    wanted = [*members([ben, cem]), *([Seat(ana, FACILITATOR)] if together else [])]
    rig.wire.weather.add(Rule(ADD, "apply", status=429, headers=headers, times=2))
    assert set(seats.put(team, wanted).outcomes.values()) == {Done.CHANGED}
    assert set(sitting(rig, team)) == {seat.account for seat in wanted}
    assert len(rig.wire.weather._rules) == 1
    assert rig.wire.weather._rules[0].times == 0, "it was answered 429 twice"
    rig.wire.weather.add(Rule(REMOVE, "apply", status=429, headers=headers))
    assert seats.remove(team, [ben]).outcomes[ben] in (Done.CHANGED, Done.ALREADY_SO)
    assert ben not in sitting(rig, team)
    rig.wire.weather.add(Rule("PATCH", "apply", status=429, headers=headers))
    assert seats.put(team, [Seat(cem, FACILITATOR, MEMBER)]).outcomes == {cem: Done.CHANGED}
    assert sitting(rig, team)[cem] is True


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}], ids=["without", "with"])
def test_429_that_lasts_is_told_and_nothing_is_lost(rig, team, headers):
    people, seats = settle(rig, 3), rig.connect().seats
    rig.wire.weather.add(Rule(ADD, "answer", status=429, headers=headers, times=3))
    with pytest.raises(Throttled):
        seats.put(team, members(people))
    assert sitting(rig, team) == {}
    assert set(seats.put(team, members(people)).outcomes.values()) == {Done.CHANGED}


def test_503_to_a_change_is_unknown_and_the_next_run_finds_how_it_is(rig, team):
    people, seats = settle(rig, 2), rig.connect().seats
    rig.wire.weather.add(Rule(ADD, "apply", status=503))
    assert set(seats.put(team, members(people)).outcomes.values()) == {Done.UNKNOWN}
    assert set(seats.put(team, members(people)).outcomes.values()) == {Done.ALREADY_SO}
    assert set(sitting(rig, team)) == set(people)


def test_many_who_sit_there_already_are_found_in_one_listing(rig, team):
    people, seats = settle(rig, 120), rig.connect().seats
    rig.wire.weather.add(Rule(ADD, "lose"))
    assert set(seats.put(team, members(people)).outcomes.values()) == {Done.UNKNOWN}
    rig.calls.clear()
    seats.put(team, members(people[:119]))
    assert len(listings(rig)) == 1
    wanted = [Seat(people[0], FACILITATOR), *members(people[1:])]
    result = seats.put(team, wanted)
    assert result.outcomes == {**dict.fromkeys(people, Done.ALREADY_SO), people[0]: Done.CHANGED}
    assert [account for account, leads in sitting(rig, team).items() if leads] == [people[0]]


def test_a_role_is_changed_by_the_id_that_the_listing_left(rig, team):
    (ben,), seats = settle(rig, 1), rig.connect().seats
    seats.put(team, members([ben]))
    seats.read(team)
    rig.calls.clear()
    assert seats.put(team, [Seat(ben, FACILITATOR, MEMBER)]).outcomes == {ben: Done.CHANGED}
    assert [call.operation for call in rig.calls] == [
        "PATCH /teams/{team-id}/members/{conversationMember-id}"
    ]
    assert sitting(rig, team) == {ben: True}


def test_without_a_listing_the_id_is_asked_for_alone_and_an_old_one_is_not_believed(rig, team):
    (ben,), seats = settle(rig, 1), rig.connect().seats
    seats.put(team, members([ben]))
    rig.calls.clear()
    seats.put(team, [Seat(ben, FACILITATOR, MEMBER)])
    assert [call.operation.partition(" ")[0] for call in rig.calls] == ["GET", "PATCH"]
    seats.read(team)
    seats._known._clock = _Later(rig.around.clock, KEPT + timedelta(seconds=1))
    rig.calls.clear()
    seats.put(team, [Seat(ben, MEMBER, FACILITATOR)])
    assert [call.operation.partition(" ")[0] for call in rig.calls] == ["GET", "PATCH"]
    assert sitting(rig, team) == {ben: False}


class _Later:
    def __init__(self, clock, by):
        self._clock, self._by = clock, by

    def now(self):
        return self._clock.now() + self._by


def test_who_was_taken_out_by_hand_meanwhile_is_seated_anew(rig, team):
    (ben,), seats = settle(rig, 1), rig.connect().seats
    seats.put(team, members([ben]))
    seats.read(team)
    rig.wire.members.take_out(rig.wire.members.roll.of(team["team"], ben)["id"])
    assert seats.put(team, [Seat(ben, FACILITATOR, MEMBER)]).outcomes == {ben: Done.CHANGED}
    assert sitting(rig, team) == {ben: True}


def test_the_last_owner_is_kept_and_it_is_said_why(rig, team):
    (ana,), seats, roll = settle(rig, 1), rig.connect().seats, rig.wire.members.roll
    seats.put(team, [Seat(ana, FACILITATOR)])
    roll.keep({**roll.of(team["team"], rig.wire.people.service_id), "roles": []})
    result = seats.remove(team, [ana])
    assert result.outcomes == {ana: Done.REFUSED}
    assert "the last owner" in str(result.reasons[ana])
    result = seats.put(team, [Seat(ana, MEMBER, FACILITATOR)])
    assert result.outcomes == {ana: Done.REFUSED}
    assert "the last owner" in str(result.reasons[ana])
    assert sitting(rig, team) == {ana: True}


def test_a_place_that_is_read_but_takes_nobody_yet_is_waited_for(rig, team):
    ben, seats = rig.oid("ben.okafor"), rig.connect().seats
    for change in (lambda: seats.put(team, members([ben])), lambda: seats.remove(team, [ben])):
        missing = {"error": {"code": "NotFound", "message": "No team found"}}
        rig.wire.weather.add(Rule("/members/(add|remove)$", "answer", status=404, body=missing))
        with pytest.raises(NotReadyYet) as young:
            change()
        assert young.value.retry_after
    assert seats.put(team, members([ben])).outcomes == {ben: Done.CHANGED}


def test_a_fresh_team_is_gone_for_everybody_until_it_is_visible(rig, team):
    ben, seats = rig.oid("ben.okafor"), rig.connect().seats
    rig.wire.store.put(
        "teams.team",
        team["team"],
        {**rig.wire.store.get("teams.team", team["team"]), "since": rig.wire.clock()},
    )
    rig.wire.lag_seconds = 14 * 60
    for ask in (lambda: seats.read(team), lambda: seats.put(team, members([ben]))):
        with pytest.raises(Gone):  # the engine looks again after the lag
            ask()
    now = rig.wire.clock
    rig.wire.clock = lambda: now() + 14 * 60
    assert seats.put(team, members([ben])).outcomes == {ben: Done.CHANGED}
    rig.wire.clock = now


def test_a_full_place_refuses_those_who_are_too_many(rig, team):
    people = settle(rig, 5)
    rig.wire.members.most = {**rig.wire.members.most, "team": 4}
    result = rig.connect().seats.put(team, members(people))
    assert sorted(result.outcomes.values()) == sorted([*[Done.CHANGED] * 3, *[Done.REFUSED] * 2])
    assert {str(said) for said in result.reasons.values()} == {"The host team or this channel is full."}


def test_the_channel_of_an_own_team_has_no_members_of_its_own(rig, team):
    ben = rig.oid("ben.okafor")
    seats = rig.connect().seats
    seats.put(team, members([ben]))
    assert seats.look(team, ben) is MEMBER
    assert seats.read(team).seats == {ben: MEMBER}
    assert not any("channels" in call.path for call in rig.wire.calls)
    assert seats.remove(team, [AccountId(rig.wire.people.service_id)]).outcomes == {
        AccountId(rig.wire.people.service_id): Done.ALREADY_SO
    }
    own = AccountId(rig.wire.people.service_id)
    assert seats.put(team, [Seat(own, MEMBER)]).outcomes == {own: Done.ALREADY_SO}


def test_missing_people_of_a_private_channel_are_told_by_one_listing_where_they_are_many(rig, wish, parts):
    channel = parts["channel"].partition("/")[2]
    kept = rig.wire.store.get("teams.channel", channel)
    rig.wire.store.put("teams.channel", channel, {**kept, "kind": "private"})
    private = {**parts, "channel": f"private/{channel}"}
    strangers, seats = settle(rig, 30), rig.connect().seats
    rig.calls.clear()
    result = seats.put(private, members([*strangers, rig.oid("ben.okafor")]))
    assert result.outcomes[rig.oid("ben.okafor")] is Done.CHANGED
    assert [result.outcomes[account] for account in strangers] == [Done.REFUSED] * 30
    assert all(str(said).startswith("Not in the host team") for said in result.reasons.values())
    assert seats.put(private, members(strangers[:1])).outcomes == {strangers[0]: Done.REFUSED}


@pytest.mark.parametrize(
    ("code", "done"),
    [
        ("Conflict", Done.ALREADY_SO),
        ("ServiceUnavailable", Done.UNKNOWN),
        ("Odd", Done.REFUSED),
        (None, Done.REFUSED),
    ],
)
def test_the_code_of_one_result_says_how_it_ended_for_that_person(rig, team, code, done):
    (ben, cem), seats = settle(rig, 2), rig.connect().seats
    seats.put(team, members([ben]))
    results = [
        {"@odata.type": "#microsoft.graph.aadUserConversationMemberResult", "userId": one, "error": error}
        for one, error in ((cem, None), (ben, {"code": code, "message": "x"}))
    ]
    rig.wire.weather.add(Rule(ADD, "answer", status=207, body={"value": results}))
    assert seats.put(team, members([ben, cem])).outcomes == {ben: done, cem: Done.CHANGED}

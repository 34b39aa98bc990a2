"""Seats: the members of the community's group."""

from __future__ import annotations

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import CursorExpired, Gone, PermissionMissing, Throttled, Unavailable
from coplink.ports.seats import Done

LUIS, MEI, NOAH, OLGA = "luis.ortega", "mei.chen", "noah.feld", "olga.ivanova"


@pytest.fixture
def seats(connection, parts):
    return connection.seats


def seat(campus, key, role=Role.MEMBER):
    return Seat(campus.google_id(key), role)


def test_an_added_seat_can_be_read_back(campus, seats, parts):
    result = seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR), seat(campus, MEI)])
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    assert result.outcomes == {luis: Done.CHANGED, mei: Done.CHANGED}
    observed = seats.read(parts)
    assert observed.seats == {luis: Role.FACILITATOR, mei: Role.MEMBER}
    assert observed.complete
    assert not observed.gone
    assert campus.wire.complete_reads[-1] == ("space", parts["group"])


def test_adding_twice_is_no_error_and_changes_nothing(campus, seats, parts):
    seats.put(parts, [seat(campus, LUIS)])
    state = campus.wire.state()
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {campus.google_id(LUIS): Done.ALREADY_SO}
    assert campus.wire.state() == state


def test_added_meanwhile_is_already_so(campus, seats, parts):
    group = campus.wire.store.get("google.group", parts["group"])
    person = campus.wire.region.residents[LUIS]
    campus.wire.directory.seat(group, person.google_id, person.upn, "MEMBER")
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {campus.google_id(LUIS): Done.ALREADY_SO}


def test_removing_works_and_removing_what_is_not_there_is_no_error(campus, seats, parts):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    seats.put(parts, [seat(campus, LUIS)])
    assert seats.remove(parts, [luis, mei]).outcomes == {luis: Done.CHANGED, mei: Done.ALREADY_SO}
    assert seats.read(parts).seats == {}


def test_one_stranger_does_not_spoil_a_batch(campus, seats, parts):
    stranger = AccountId("999999999999999999999")
    result = seats.put(parts, [seat(campus, LUIS), Seat(stranger, Role.MEMBER), seat(campus, MEI)])
    assert result.outcomes[stranger] is Done.REFUSED
    assert "no such account" in str(result.reasons[stranger])
    assert set(seats.read(parts).seats) == {campus.google_id(LUIS), campus.google_id(MEI)}


def test_a_promotion_keeps_the_seat(campus, seats, parts):
    luis = campus.google_id(LUIS)
    seats.put(parts, [seat(campus, LUIS)])
    before = len(campus.writes)
    up = Seat(luis, Role.FACILITATOR, before=Role.MEMBER)
    assert seats.put(parts, [up]).outcomes == {luis: Done.CHANGED}
    assert campus.writes[before:] == [f"PATCH /admin/directory/v1/groups/{parts['group']}/members/{luis}"]
    assert seats.look(parts, luis) is Role.FACILITATOR
    seats.put(parts, [Seat(luis, Role.MEMBER, before=Role.FACILITATOR)])
    assert seats.look(parts, luis) is Role.MEMBER


def test_a_role_changes_also_where_nobody_told_that_the_seat_is_there(campus, seats, parts):
    luis = campus.google_id(LUIS)
    seats.put(parts, [seat(campus, LUIS)])
    assert seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)]).outcomes == {luis: Done.CHANGED}
    assert seats.look(parts, luis) is Role.FACILITATOR


def test_a_seat_whose_role_should_change_and_that_is_gone_is_made(campus, seats, parts):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    wanted = [
        Seat(luis, Role.FACILITATOR, before=Role.MEMBER),
        Seat(mei, Role.MEMBER, before=Role.FACILITATOR),
    ]
    assert seats.put(parts, wanted).outcomes == {luis: Done.CHANGED, mei: Done.CHANGED}
    assert seats.read(parts).seats == {luis: Role.FACILITATOR, mei: Role.MEMBER}


def test_looking_at_one_account_agrees_with_the_listing(campus, seats, parts):
    seats.put(parts, [seat(campus, LUIS, Role.CO_FACILITATOR), seat(campus, MEI, Role.GUEST)])
    listed = seats.read(parts).seats
    for key in (LUIS, MEI, NOAH):
        assert seats.look(parts, campus.google_id(key)) == listed.get(campus.google_id(key))


def fill(campus, parts, number, role="MEMBER"):
    group = campus.wire.store.get("google.group", parts["group"])
    for n in range(number):
        campus.wire.directory.seat(group, f"7{n:05}", f"p{n}@lakeside.example", role)


@pytest.mark.parametrize("number", [199, 200, 201, 401])
def test_a_page_of_exactly_the_page_size(campus, seats, parts, number):
    fill(campus, parts, number)
    observed = seats.read(parts)
    assert len(observed.seats) == number
    assert observed.complete


def test_half_a_page_is_not_a_complete_reading(campus, seats, parts):
    fill(campus, parts, 201)
    campus.weather("GET .*/members.*pageToken", status=503, body={})
    observed = seats.read(parts)
    assert len(observed.seats) == 200
    assert not observed.complete


def test_an_owner_in_the_members_list_is_not_lost_and_not_demoted(campus, seats, parts):
    group = campus.wire.store.get("google.group", parts["group"])
    person = campus.wire.region.residents[LUIS]
    campus.wire.directory.seat(group, person.google_id, person.upn, "OWNER")
    assert seats.read(parts).seats == {campus.google_id(LUIS): Role.FACILITATOR}
    luis = campus.google_id(LUIS)
    down = Seat(luis, Role.MEMBER, before=Role.FACILITATOR)
    for fresh in (seats, campus.connect().seats):  # one that has read the group, and one that has not
        for wanted in (seat(campus, LUIS), down):
            assert fresh.put(parts, [wanted]).outcomes == {luis: Done.ALREADY_SO}
    assert campus.wire.directory.members(group)[0]["role"] == "OWNER"


def test_the_robot_and_groups_inside_the_group_are_not_reported(campus, seats, parts):
    group = campus.wire.store.get("google.group", parts["group"])
    robot = campus.wire.directory.account(campus.wire.districts["lakeside"], "coplink@lakeside.example")
    campus.wire.directory.seat(group, robot["id"], robot["email"], "OWNER")
    campus.wire.directory.seat(group, "0inner", "staff@lakeside.example", "MEMBER", "GROUP")
    assert seats.read(parts).seats == {}
    assert seats.look(parts, AccountId(robot["id"])) is None
    assert seats.look(parts, AccountId("0inner")) is None


def test_a_lost_answer_is_reported_unknown_and_the_next_go_finds_it_done(campus, seats, parts):
    campus.weather("POST /batch", "lose")
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    wanted = [Seat(luis, Role.MEMBER, address=f"{LUIS}@lakeside.example")]
    wanted += [Seat(mei, Role.MEMBER, address=f"{MEI}@lakeside.example")]
    assert seats.put(parts, wanted).outcomes == {luis: Done.UNKNOWN, mei: Done.UNKNOWN}
    again = seats.put(parts, wanted)
    assert set(again.outcomes.values()) == {Done.ALREADY_SO}
    assert len(campus.wire.state()["groups"][0]["members"]) == 2


def test_one_lost_answer_is_unknown_too(campus, seats, parts):
    campus.weather("POST .*/members", "lose")
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {campus.google_id(LUIS): Done.UNKNOWN}
    campus.weather("DELETE .*/members", "lose")
    assert seats.remove(parts, [campus.google_id(LUIS)]).outcomes == {campus.google_id(LUIS): Done.UNKNOWN}


def test_throttled_for_long_is_raised_with_the_seconds(campus, seats, parts):
    campus.weather("GET .*/users/", status=429, headers={"Retry-After": "17"}, body={}, times=99)
    with pytest.raises(Throttled) as slow:
        seats.put(parts, [seat(campus, LUIS)])
    assert slow.value.retry_after == 17


@pytest.mark.parametrize("times", [1, 99])
@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 400, "body": {"error": {"errors": [{"reason": "x"}], "message": "pageToken"}}},
        {"status": 410, "body": {}},
        {"status": 418, "body": {}},
        {"status": 302, "body": {}},
        {"status": 401, "body": {}},
        {"status": 404, "body": {}},
        {"status": 429, "body": {}},
        {"status": 412, "body": {"error": {"errors": [{"reason": "conditionNotMet"}]}}},
    ],
    ids=lambda trouble: str(trouble["status"]),
)
def test_no_trouble_with_one_keeps_the_others_out(campus, seats, parts, trouble, times):
    luis, mei, noah = (campus.google_id(key) for key in (LUIS, MEI, NOAH))
    seats.put(parts, [seat(campus, MEI)])
    campus.weather(f"PATCH .*/members/{mei}", **trouble, times=times)
    wanted = [seat(campus, LUIS), Seat(mei, Role.FACILITATOR, before=Role.MEMBER), seat(campus, NOAH)]
    result = seats.put(parts, wanted)
    # a fresh token, another go, or a second look (after a 404) mend what passes by itself
    ends = Done.CHANGED if times == 1 and trouble["status"] in (401, 404, 429) else Done.REFUSED
    assert result.outcomes == {luis: Done.CHANGED, mei: ends, noah: Done.CHANGED}
    assert set(result.reasons) == ({mei} if ends is Done.REFUSED else set())


def test_a_write_answered_with_a_page_is_unknown_and_then_already_so(campus, seats, parts):
    campus.weather("POST .*/members", "garble")
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {campus.google_id(LUIS): Done.UNKNOWN}
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {campus.google_id(LUIS): Done.ALREADY_SO}


@pytest.mark.parametrize("body", [{}, [], None, "ok", {"role": "emperor"}, {"error": "none"}])
def test_a_write_whose_answer_is_no_member_is_unknown(campus, seats, parts, body):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    campus.weather("POST .*/members", status=200, body=body)
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert result.outcomes == {luis: Done.UNKNOWN, mei: Done.CHANGED}
    campus.weather("PATCH .*/members", status=200, body=body)
    assert seats.put(parts, [seat(campus, MEI, Role.FACILITATOR)]).outcomes == {mei: Done.UNKNOWN}


@pytest.mark.parametrize(
    "body", [[], "x", {"id": 7}, {"id": "1", "primaryEmail": "a@b", "aliases": [1]}, None]
)
def test_a_person_answered_oddly_keeps_nobody_else_out(campus, seats, parts, body):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    campus.weather(f"GET .*/users/{mei}", status=200, body=body)
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert result.outcomes == {luis: Done.CHANGED, mei: Done.REFUSED}


def test_odd_trouble_before_anything_was_written_is_raised(campus, seats, parts):
    campus.weather("GET .*/users/", status=410, body={})
    with pytest.raises(CursorExpired):
        seats.put(parts, [seat(campus, LUIS)])


@pytest.mark.parametrize("size", [1, 2, 3])
def test_small_pages_are_read_to_their_end(campus, seats, parts, size):
    people = [seat(campus, key) for key in (LUIS, MEI, NOAH, OLGA)]
    seats.put(parts, people)
    campus.wire.most_per_page = size
    assert set(seats.read(parts).seats) == {one.account for one in people}


def test_a_person_whom_a_policy_keeps_out_does_not_stop_the_others(campus, seats, parts):
    campus.refuse("POST .*/members", 412, "conditionNotMet")
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert result.outcomes == {campus.google_id(LUIS): Done.REFUSED, campus.google_id(MEI): Done.CHANGED}
    assert "conditionNotMet" in str(result.reasons[campus.google_id(LUIS)])


def test_a_group_that_is_gone_is_said_so_everywhere(campus, seats, parts):
    campus.wire.store.drop("google.group", parts["group"])
    luis = campus.google_id(LUIS)
    for ask in (
        lambda: seats.read(parts),
        lambda: seats.look(parts, luis),
        lambda: seats.put(parts, [seat(campus, LUIS)]),
        lambda: seats.remove(parts, [luis]),
    ):
        with pytest.raises(Gone):
            ask()


def test_without_permission_the_scope_is_named(campus, parts):
    campus.wire.signin.withdraw("lakeside", "groups", "admin.directory.group")
    with pytest.raises(PermissionMissing) as missing:
        campus.connect().seats.read(parts)
    assert missing.value.scopes == ("https://www.googleapis.com/auth/admin.directory.group",)
    assert missing.value.who == "Google Workspace administrator"


def test_google_out_of_order_is_unavailable(campus, seats, parts):
    campus.weather("GET .*/members", status=500, body={})
    with pytest.raises(Unavailable):
        seats.read(parts)

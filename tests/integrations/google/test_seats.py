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


def test_adding_twice_is_no_error_and_no_write(campus, seats, parts):
    seats.put(parts, [seat(campus, LUIS)])
    before = len(campus.writes)
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {campus.google_id(LUIS): Done.ALREADY_SO}
    assert campus.writes[before:] == []


def test_added_meanwhile_is_already_so(campus, seats, parts):
    campus.refuse("POST .*/members", 409, "duplicate")
    group = campus.wire.store.get("google.group", parts["group"])
    campus.weather("GET .*/members/", status=404, body={"error": {"code": 404, "message": "memberKey"}})
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
    assert seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)]).outcomes == {luis: Done.CHANGED}
    assert campus.writes[before:] == [f"PATCH /admin/directory/v1/groups/{parts['group']}/members/{luis}"]
    assert seats.look(parts, luis) is Role.FACILITATOR
    seats.put(parts, [seat(campus, LUIS)])
    assert seats.look(parts, luis) is Role.MEMBER


def test_looking_at_one_account_agrees_with_the_listing(campus, seats, parts):
    seats.put(parts, [seat(campus, LUIS, Role.CO_FACILITATOR), seat(campus, MEI, Role.GUEST)])
    listed = seats.read(parts).seats
    for key in (LUIS, MEI, NOAH):
        assert seats.look(parts, campus.google_id(key)) == listed.get(campus.google_id(key))


def fill(campus, parts, number, role="MEMBER"):
    group = campus.wire.store.get("google.group", parts["group"])
    for n in range(number):
        group["members"][f"7{n:05}"] = {
            "id": f"7{n:05}", "email": f"p{n}@lakeside.example", "role": role, "type": "USER", "status": "ACTIVE",
        }  # fmt: skip
    campus.wire.store.put("google.group", group["id"], group)


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
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {campus.google_id(LUIS): Done.ALREADY_SO}
    assert campus.wire.directory.groups()[0]["members"][person.google_id]["role"] == "OWNER"


def test_the_robot_and_groups_inside_the_group_are_not_reported(campus, seats, parts):
    group = campus.wire.store.get("google.group", parts["group"])
    robot = campus.wire.directory.account(campus.wire.districts["lakeside"], "coplink@lakeside.example")
    campus.wire.directory.seat(group, robot["id"], robot["email"], "OWNER")
    group["members"]["0inner"] = {
        "id": "0inner", "email": "staff@lakeside.example", "role": "MEMBER", "type": "GROUP", "status": "ACTIVE",
    }  # fmt: skip
    campus.wire.store.put("google.group", group["id"], group)
    assert seats.read(parts).seats == {}
    assert seats.look(parts, AccountId(robot["id"])) is None
    assert seats.look(parts, AccountId("0inner")) is None


def test_a_lost_answer_is_reported_unknown_and_the_others_go_on(campus, seats, parts):
    campus.weather("POST .*/members", "lose")
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert result.outcomes == {campus.google_id(LUIS): Done.UNKNOWN, campus.google_id(MEI): Done.CHANGED}
    again = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert set(again.outcomes.values()) == {Done.ALREADY_SO}
    assert len(campus.wire.state()["groups"][0]["members"]) == 2


def test_throttled_at_once_is_raised_with_the_seconds(campus, seats, parts):
    campus.weather("GET .*/members/", status=429, headers={"Retry-After": "17"}, body={})
    with pytest.raises(Throttled) as slow:
        seats.put(parts, [seat(campus, LUIS)])
    assert slow.value.retry_after == 17


def test_throttled_half_way_keeps_what_was_done(campus, seats, parts):
    campus.refuse("POST .*/members", 403, "quotaExceeded", skip=1)
    result = seats.put(parts, [seat(campus, key) for key in (LUIS, MEI, NOAH)])
    luis, mei, noah = (campus.google_id(key) for key in (LUIS, MEI, NOAH))
    assert result.outcomes == {luis: Done.CHANGED, mei: Done.REFUSED, noah: Done.REFUSED}
    assert "slow down" in str(result.reasons[noah])


def test_an_odd_reply_half_way_keeps_what_was_done_too(campus, seats, parts):
    campus.refuse("POST .*/members", 400, "badRequest", skip=1)
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert list(result.outcomes.values()) == [Done.CHANGED, Done.REFUSED]


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
    "trouble",
    [
        {"status": 409, "body": {}},
        {"status": 400, "body": {"error": {"errors": [{"reason": "x"}], "message": "pageToken"}}},
        {"status": 410, "body": {}},
        {"status": 418, "body": {}},
        {"status": 302, "body": {}},
        {"status": 401, "body": {}, "times": 3},
        {"status": 404, "body": {}},
    ],
    ids=lambda trouble: str(trouble["status"]),
)
def test_no_trouble_half_way_forgets_what_was_done(campus, seats, parts, trouble):
    luis, mei, noah = (campus.google_id(key) for key in (LUIS, MEI, NOAH))
    seats.put(parts, [seat(campus, MEI)])
    campus.weather(f"PATCH .*/members/{mei}", **trouble)
    wanted = [seat(campus, LUIS), seat(campus, MEI, Role.FACILITATOR), seat(campus, NOAH)]
    result = seats.put(parts, wanted)
    assert result.outcomes == {luis: Done.CHANGED, mei: Done.REFUSED, noah: Done.REFUSED}
    assert set(result.reasons) == {mei, noah}


@pytest.mark.parametrize(
    "body", [[], "x", {"id": 7}, {"id": "1", "primaryEmail": "a@b", "aliases": [1]}, None]
)
def test_a_person_answered_oddly_half_way_forgets_nothing_either(campus, seats, parts, body):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    campus.weather(f"GET .*/users/{mei}", status=200, body=body)
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert result.outcomes == {luis: Done.CHANGED, mei: Done.REFUSED}


def test_odd_trouble_before_anything_was_written_is_raised(campus, seats, parts):
    campus.weather("GET .*/members/", status=410, body={})
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

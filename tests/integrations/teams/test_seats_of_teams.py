"""Who sits in a channel: what every connector proves, and Teams' own oddities."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import PermissionMissing, Throttled
from coplink.ports.seats import Done
from coplink.sandbox.weather import Rule

MEMBER, FACILITATOR = Role.MEMBER, Role.FACILITATOR


def test_an_added_seat_can_be_read_back_and_adding_twice_is_no_error(rig, parts):
    seats, ben, ana = rig.connect().seats, rig.oid("ben.okafor"), rig.oid("ana.ruiz")
    wanted = [Seat(ben, MEMBER), Seat(ana, FACILITATOR)]
    assert seats.put(parts, wanted).outcomes == {ben: Done.CHANGED, ana: Done.CHANGED}
    observed = seats.read(parts)
    assert observed.seats == {ben: MEMBER, ana: FACILITATOR}
    assert observed.complete
    assert set(seats.put(parts, wanted).outcomes.values()) == {Done.ALREADY_SO}
    rig.wire.calls.clear()
    known = [replace(seat, before=seat.role) for seat in wanted]
    assert set(seats.put(parts, known).outcomes.values()) == {Done.ALREADY_SO}
    assert rig.wire.calls == [], "what is known to be so is not even asked"


def test_removing_what_is_not_there_is_no_error_and_the_service_account_stays(rig, parts):
    seats, ben = rig.connect().seats, rig.oid("ben.okafor")
    service = AccountId(rig.wire.people.service_id)
    assert seats.remove(parts, [ben, service]).outcomes == {ben: Done.ALREADY_SO, service: Done.ALREADY_SO}
    seats.put(parts, [Seat(ben, MEMBER)])
    assert seats.remove(parts, [ben]).outcomes == {ben: Done.CHANGED}
    assert seats.read(parts).seats == {}
    assert seats.look(parts, service) is None


def test_one_stranger_does_not_spoil_a_batch(rig, parts):
    seats, ben, chloe = rig.connect().seats, rig.oid("ben.okafor"), rig.oid("chloe.park")
    stranger = AccountId("00000000-0000-0000-0000-000000000000")
    result = seats.put(parts, [Seat(ben, MEMBER), Seat(stranger, MEMBER), Seat(chloe, MEMBER)])
    assert result.outcomes == {ben: Done.CHANGED, stranger: Done.REFUSED, chloe: Done.CHANGED}
    assert "does not know this account" in str(result.reasons[stranger])


def test_a_promotion_keeps_the_seat_and_an_owner_swap_never_orphans(rig, parts):
    seats, ben, ana = rig.connect().seats, rig.oid("ben.okafor"), rig.oid("ana.ruiz")
    seats.put(parts, [Seat(ben, MEMBER), Seat(ana, FACILITATOR)])
    rig.wire.calls.clear()
    result = seats.put(parts, [Seat(ben, FACILITATOR, MEMBER), Seat(ana, MEMBER, FACILITATOR)])
    assert result.outcomes == {ben: Done.CHANGED, ana: Done.CHANGED}
    assert seats.read(parts).seats == {ben: FACILITATOR, ana: MEMBER}
    assert all(line.startswith("PATCH") for line in rig.writes())


def test_looking_at_one_account_agrees_with_the_listing(rig, parts):
    seats, ben = rig.connect().seats, rig.oid("ben.okafor")
    assert seats.look(parts, ben) is None
    seats.put(parts, [Seat(ben, FACILITATOR)])
    assert seats.look(parts, ben) is FACILITATOR
    assert seats.read(parts).seats[ben] is FACILITATOR


def test_half_a_page_is_not_a_complete_reading(rig, parts):
    people = ["ana.ruiz", "ben.okafor", "chloe.park", "dana.whitfield", "elias.haddad"]
    seats = rig.connect().seats
    seats.put(parts, [Seat(rig.oid(key), MEMBER) for key in people])
    rig.wire.most_per_page = 2
    assert len(seats.read(parts).seats) == 5
    assert rig.wire.complete_reads[-1][0] == "space"
    rig.wire.weather.add(Rule(r"members\?.*skiptoken=4", "answer", status=503))
    observed = seats.read(parts)
    assert not observed.complete
    assert 0 < len(observed.seats) < 5


def test_a_page_of_exactly_the_page_size_ends_the_reading(rig, parts):
    rig.wire.most_per_page = 2  # the service account and one more
    seats = rig.connect().seats
    seats.put(parts, [Seat(rig.oid("ben.okafor"), MEMBER)])
    assert seats.read(parts).complete
    assert seats.read(parts).seats == {rig.oid("ben.okafor"): MEMBER}


def test_a_listing_that_is_late_does_not_seat_twice(rig, parts):
    seats, ben, ana = rig.connect().seats, rig.oid("ben.okafor"), rig.oid("ana.ruiz")
    for channel in rig.wire.store.all("teams.channel"):
        rig.wire.store.put("teams.channel", channel["id"], {**channel, "since": 0.0})
    rig.wire.lag_seconds = 600
    seats.put(parts, [Seat(ben, MEMBER), Seat(ana, MEMBER)])
    assert ben not in seats.read(parts).seats
    assert seats.look(parts, ben) is MEMBER
    assert seats.put(parts, [Seat(ben, MEMBER)]).outcomes == {ben: Done.ALREADY_SO}
    assert seats.put(parts, [Seat(ana, FACILITATOR)]).outcomes == {ana: Done.CHANGED}
    assert seats.look(parts, ana) is FACILITATOR
    assert len(rig.wire.state()["channels"][-1]["members"]) == 2


@pytest.fixture
def late(rig, parts):
    """Ana has a seat that the listing does not show yet."""
    for channel in rig.wire.store.all("teams.channel"):
        rig.wire.store.put("teams.channel", channel["id"], {**channel, "since": 0.0})
    rig.wire.lag_seconds = 600
    rig.connect().seats.put(parts, [Seat(rig.oid("ana.ruiz"), MEMBER)])
    rig.wire.calls.clear()
    return rig.connect().seats


SECOND_LOOK = r"GET .*members\?.*filter"


@pytest.mark.parametrize(
    ("rule", "done"),
    [
        (Rule(SECOND_LOOK, "answer", status=429, times=3), Done.UNKNOWN),
        (Rule(SECOND_LOOK, "answer", status=503), Done.UNKNOWN),
        (Rule(SECOND_LOOK, "lose"), Done.UNKNOWN),
        (Rule(SECOND_LOOK, "answer", status=418), Done.REFUSED),
        (Rule(SECOND_LOOK, "answer", status=410, body={"error": {"code": "resyncRequired"}}), Done.REFUSED),
        (Rule(SECOND_LOOK, "garble"), Done.REFUSED),
        (Rule(SECOND_LOOK, "answer", status=200, body={"values": []}), Done.REFUSED),
        (Rule(SECOND_LOOK, "answer", status=200, body={"value": [7]}), Done.REFUSED),
        (Rule("PATCH .*members", "answer", status=429, times=3), Done.UNKNOWN),
        (Rule("PATCH .*members", "answer", status=401, times=2), Done.REFUSED),
        (Rule("PATCH .*members", "answer", status=403), Done.REFUSED),
        (Rule("PATCH .*members", "lose"), Done.UNKNOWN),
        (Rule("PATCH .*members", "garble"), Done.UNKNOWN),
    ],
    ids=lambda value: f"{value.match[:5]} {value.act} {value.status}" if isinstance(value, Rule) else "",
)
def test_a_second_look_that_fails_does_not_forget_what_was_written(rig, parts, late, rule, done):
    ben, ana, chloe = rig.oid("ben.okafor"), rig.oid("ana.ruiz"), rig.oid("chloe.park")
    rig.wire.weather.add(replace(rule))
    result = late.put(parts, [Seat(ben, MEMBER), Seat(ana, FACILITATOR), Seat(chloe, MEMBER)])
    assert result.outcomes == {ben: Done.CHANGED, ana: done, chloe: Done.CHANGED}
    assert set(result.reasons) == ({ana} if done is Done.REFUSED else set())


def test_a_second_look_that_fails_before_anything_was_written_is_raised(rig, parts, late):
    rig.wire.weather.add(Rule(SECOND_LOOK, "answer", status=429, headers={"Retry-After": "17"}, times=3))
    with pytest.raises(Throttled) as slow:
        late.put(parts, [Seat(rig.oid("ana.ruiz"), FACILITATOR)])
    assert slow.value.retry_after == 17


@pytest.mark.parametrize("body", [[], "done", 7, {"value": 7}, {"value": [7, 7]}, {"value": []}])
def test_a_write_whose_answer_nobody_can_read_is_unknown(rig, parts, body):
    seats, ben, ana = rig.connect().seats, rig.oid("ben.okafor"), rig.oid("ana.ruiz")
    rig.wire.weather.add(Rule("POST .*/members/add$", "answer", status=200, body=body))
    result = seats.put(parts, [Seat(ben, MEMBER), Seat(ana, MEMBER)])
    assert result.outcomes == {ben: Done.UNKNOWN, ana: Done.UNKNOWN}
    assert all("answer 200" in problem for problem in rig.wire.violations), "only the answer made up above"
    rig.wire.violations.clear()
    seats.put(parts, [Seat(ana, MEMBER)])
    rig.wire.weather.add(Rule("PATCH .*/members", "answer", status=200, body=7))
    assert seats.put(parts, [Seat(ana, FACILITATOR, MEMBER)]).outcomes == {ana: Done.UNKNOWN}
    rig.wire.violations.clear()


@pytest.mark.parametrize(
    "rule",
    [
        Rule("batch", "garble"),
        Rule("batch", "answer", status=202),
        Rule("batch", "answer", status=200, body={"responses": 7}),
        Rule("batch", "answer", status=200, body={"responses": [{"id": "0"}]}),
        Rule("batch", "answer", status=200, body={"responses": [], "x": "x" * 9_000_000}),
    ],
    ids=["a page", "accepted", "no list", "no status", "too large"],
)
def test_an_envelope_whose_answer_nobody_can_read_is_unknown_for_each_account(rig, parts, rule):
    seats, ben, ana = rig.connect().seats, rig.oid("ben.okafor"), rig.oid("ana.ruiz")
    rig.wire.weather.add(replace(rule))
    result = seats.put(parts, [Seat(ben, FACILITATOR), Seat(ana, MEMBER)])
    assert result.outcomes == {ben: Done.UNKNOWN, ana: Done.UNKNOWN}


def test_a_private_channel_takes_only_people_of_the_host_team(rig, wish):
    rig.wire.store.put("teams.team", rig.wire.district.host_team, {"id": "x", "name": "Class", "class": True})
    connection = rig.connect()
    parts = {"channel": connection.spaces.ensure("channel", wish, {}, "key").remote}
    inside, outside = rig.oid("ben.okafor"), rig.oid("uma.krishnan")
    result = connection.seats.put(parts, [Seat(inside, MEMBER), Seat(outside, MEMBER)])
    assert result.outcomes == {inside: Done.CHANGED, outside: Done.REFUSED}
    assert str(result.reasons[outside]).startswith("Not in the host team")


def test_an_answer_that_was_lost_is_unknown_for_each_account(rig, parts):
    seats, ben, ana = rig.connect().seats, rig.oid("ben.okafor"), rig.oid("ana.ruiz")
    rig.wire.weather.add(Rule("members/add", "lose"))
    result = seats.put(parts, [Seat(ben, MEMBER), Seat(ana, MEMBER)])
    assert result.outcomes == {ben: Done.UNKNOWN, ana: Done.UNKNOWN}
    again = seats.put(parts, [Seat(ben, MEMBER), Seat(ana, MEMBER)])
    assert set(again.outcomes.values()) == {Done.ALREADY_SO}
    assert sorted(rig.wire.state()["channels"][-1]["members"]) == sorted([ben, ana]), "each once"
    rig.wire.weather.add(Rule("members/remove", "lose"))
    assert seats.remove(parts, [ben]).outcomes == {ben: Done.UNKNOWN}
    assert seats.remove(parts, [ben]).outcomes == {ben: Done.ALREADY_SO}


def test_a_whole_call_that_is_throttled_or_not_allowed_is_raised(rig, parts):
    seats, ben = rig.connect().seats, rig.oid("ben.okafor")
    rig.wire.weather.add(Rule("members/add$", "answer", status=429, headers={"Retry-After": "17"}, times=3))
    with pytest.raises(Throttled) as slow:
        seats.put(parts, [Seat(ben, MEMBER)])
    assert slow.value.retry_after == 17
    rig.wire.weather.add(
        Rule("members/add$", "answer", status=403, body={"error": {"code": "Forbidden", "message": "x"}})
    )
    with pytest.raises(PermissionMissing) as refused:
        seats.put(parts, [Seat(ben, MEMBER)])
    assert refused.value.who == "Microsoft 365 administrator"


def test_one_refused_401_in_the_middle_of_a_listing_is_invisible_and_two_make_it_half(rig, parts):
    people = ["ana.ruiz", "ben.okafor", "chloe.park", "dana.whitfield", "elias.haddad"]
    seats = rig.connect().seats
    seats.put(parts, [Seat(rig.oid(key), MEMBER) for key in people])
    rig.wire.most_per_page = 2
    rig.wire.weather.add(Rule(r"members\?.*skiptoken=2", "answer", status=401))
    observed = seats.read(parts)
    assert (len(observed.seats), observed.complete) == (5, True)
    rig.wire.weather.add(Rule(r"members\?.*skiptoken=2", "answer", status=401, times=2))
    observed = seats.read(parts)
    assert (len(observed.seats), observed.complete) == (1, False)
    assert observed.gone == frozenset()


def test_a_listing_asks_for_the_largest_pages(rig, parts):
    rig.connect().seats.put(parts, [Seat(rig.oid("ben.okafor"), MEMBER)])
    rig.wire.calls.clear()
    seen: list[str] = []
    rig.wire.checks.append(lambda request, response: seen.append(request.full_path) or ())
    assert len(rig.connect().seats.read(parts).seats) == 1
    assert len([line for line in seen if "/members" in line and "top=999" in line]) == 1

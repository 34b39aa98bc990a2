"""One institution, several domains: a seat goes by Google's id for all of its own people, whatever their address."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.errors import PermissionMissing

MEI, LUIS = "mei.chen", "luis.ortega"
NEW = "mei.chen@lakeside-schools.example"
ANA = "ana.ruiz@riverbend.example"


def sit(campus, number, address, role="MEMBER"):
    (group,) = campus.wire.directory.groups()
    campus.wire.directory.seat(group, str(number), address, role)


def asked(campus):
    return [call.operation for call in campus.calls]


@pytest.fixture
def mei(campus, connection, parts):
    """She sits by her id, and then the school gives its accounts another domain."""
    mei = campus.google_id(MEI)
    connection.seats.put(parts, [Seat(mei, Role.MEMBER)])
    sit(campus, mei, NEW)
    return mei


def test_another_domain_of_the_school_ends_nobodys_seat(campus, connection, parts, mei):
    seen = connection.seats.read(parts)
    assert (seen.seats, seen.complete) == ({mei: Role.MEMBER}, True)
    assert connection.seats.look(parts, mei) is Role.MEMBER
    assert set(connection.seats.remove(parts, [mei]).outcomes) == {mei}
    assert connection.seats.read(parts).seats == {}


def test_a_domain_of_the_connection_changed_by_its_admin_ends_nobodys_seat(campus, parts, mei):
    sit(campus, campus.google_id(LUIS), "luis.ortega@lakeside.example")
    later = campus.connect(domain="lakeside-schools.example")
    assert set(later.seats.read(parts).seats) == {mei, campus.google_id(LUIS)}


def test_an_owner_in_another_domain_is_never_demoted(campus, connection, parts, mei):
    sit(campus, mei, NEW, "OWNER")
    connection.seats.read(parts)
    connection.seats.put(parts, [Seat(mei, Role.MEMBER, before=Role.FACILITATOR)])
    assert connection.seats.read(parts).seats == {mei: Role.FACILITATOR}


def test_strangers_go_by_their_address_and_all_are_asked_for_at_once(campus, connection, parts, mei):
    for number in range(30):
        sit(campus, 500 + number, f"p.{number}@gmail.com")
    sit(campus, 77, ANA)
    campus.calls.clear()
    seen = connection.seats.read(parts)
    assert set(seen.seats) == {mei, ANA} | {f"p{number}@gmail.com" for number in range(30)}
    assert seen.complete
    assert asked(campus) == ["directory.members.list", "directory.batch"]
    campus.calls.clear()
    assert connection.seats.read(parts) == seen
    assert asked(campus) == ["directory.members.list"], "whoever was asked for is remembered"


def test_nobody_of_another_domain_costs_nothing(campus, connection, parts):
    connection.seats.put(parts, [Seat(campus.google_id(MEI), Role.MEMBER)])
    campus.calls.clear()
    assert connection.seats.read(parts).complete
    assert asked(campus) == ["directory.members.list"]


def test_google_not_telling_of_an_account_of_another_institution_is_a_stranger(
    campus, connection, parts, mei
):
    sit(campus, 77, ANA)
    campus.refuse("GET .*/users/77", 403, "forbidden", "Not Authorized to access this resource/api")
    seen = connection.seats.read(parts)
    assert (set(seen.seats), seen.complete) == ({mei, ANA}, True)


@pytest.mark.parametrize(
    "trouble",
    [{"status": 503}, {"status": 429}, {"status": 418}, {"status": 200}],
    ids=lambda one: str(one["status"]),
)
def test_in_doubt_nobody_is_taken_for_a_stranger_and_nobody_has_departed(
    campus, connection, parts, mei, trouble
):
    campus.weather(f"GET .*/users/{mei}", body={}, times=99, **trouble)
    seen = connection.seats.read(parts)
    assert (seen.seats, seen.complete) == ({}, False)


def test_a_robot_account_nobody_finds_leaves_all_in_doubt(campus, connection, parts, mei):
    sit(campus, 77, ANA)
    campus.refuse("GET .*/users/coplink", 404, "notFound", times=99)
    seen = connection.seats.read(parts)
    assert (seen.seats, seen.complete) == ({mei: Role.MEMBER}, False)


def test_without_the_permission_the_reading_stops_and_names_it(campus, connection, parts, mei):
    campus.refuse("GET .*/users/", 403, "forbidden", times=99)
    with pytest.raises(PermissionMissing) as missing:
        connection.seats.read(parts)
    assert missing.value.scopes

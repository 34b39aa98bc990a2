"""Access to a shared drive: within its limits, never two writes at a time, and one address spoils no other."""

from __future__ import annotations

import threading

import pytest

from coplink.ports.errors import Gone, LimitReached, PolicyForbids
from coplink_google.permissions import Grant, Permissions, access_lock
from coplink_google.sandbox.frame import grant

DOMAIN = "lakeside.example"
KEYS = ("luis.ortega", "mei.chen", "noah.feld", "olga.ivanova")
ADDRESSES = [f"{key}@{DOMAIN}" for key in KEYS]


def people(*addresses, role="fileOrganizer"):
    return [Grant("user", address, role) for address in addresses]


@pytest.fixture
def access(connection, parts):
    return Permissions(connection.spaces._google)


def held(campus):
    return {one["address"]: one["role"] for one in campus.wire.state()["drives"][0]["permissions"]}


def test_many_get_access_in_one_envelope_and_nobody_is_mailed(campus, access, parts):
    before = len(campus.calls)
    given = access.give(parts["drive"], people(*ADDRESSES))
    assert [call.operation for call in campus.calls[before:]] == ["drive.permissions.list", "drive.batch"]
    assert all(not one.found for one in given.values())
    assert [held(campus)[address] for address in ADDRESSES] == ["fileOrganizer"] * 4
    assert campus.wire.state()["mails"] == []
    again = access.give(parts["drive"], people(*ADDRESSES))
    assert all(one.found for one in again.values())


@pytest.mark.parametrize("place", [0, 1, 3])
def test_one_address_without_google_spoils_nobody_elses_access(campus, access, parts, place):
    stranger = "parent@post.example"
    campus.wire.drive.permissions.no_google.add(stranger)
    asked = people(*ADDRESSES)
    asked.insert(place, *people(stranger))
    given = access.give(parts["drive"], asked)
    assert isinstance(given.pop(stranger), PolicyForbids)
    assert {address for address in ADDRESSES if not isinstance(given[address], Exception)} == set(ADDRESSES)
    assert stranger not in held(campus)
    assert set(ADDRESSES) <= set(held(campus))


def test_writes_at_the_same_time_lose_nothing(campus, access, parts):
    campus.wire.drive.permissions.takes = 0.15
    goes = [
        threading.Thread(
            target=lambda address=address: Permissions(campus.connect().spaces._google).give(
                parts["drive"], people(address)
            )
        )
        for address in ADDRESSES[:2]
    ]
    for go in goes:
        go.start()
    for go in goes:
        go.join()
    assert set(ADDRESSES[:2]) <= set(held(campus))


def test_the_pretended_drive_does_lose_one_of_two_writes_at_the_same_time(campus, access, parts):
    """What the lock is for: without it one of the two above would be gone."""
    campus.wire.drive.permissions.takes = 0.15
    lone = [Permissions(campus.connect().spaces._google) for _ in range(2)]
    parts_of = [
        one._create(parts["drive"], people(address)[0]) for one, address in zip(lone, ADDRESSES, strict=False)
    ]
    goes = [
        threading.Thread(
            target=lambda one=one, part=part: one._google.call(part.operation, **part.parameters)
        )
        for one, part in zip(lone, parts_of, strict=True)
    ]
    for go in goes:
        go.start()
    for go in goes:
        go.join()
    assert len(set(ADDRESSES[:2]) & set(held(campus))) == 1


@pytest.mark.parametrize(("kind", "number"), [("user", 599), ("group", 100)])
def test_a_full_drive_is_told_before_anything_is_written(campus, access, parts, kind, number):
    drive = campus.wire.store.get("google.drive", parts["drive"])
    drive["permissions"] += [grant(kind, "reader", f"x{n}@{DOMAIN}", "x") for n in range(number - 1)]
    campus.wire.store.put("google.drive", drive["id"], drive)
    before = len(campus.writes)
    with pytest.raises(LimitReached) as full:
        access.give(parts["drive"], [Grant(kind, f"new{n}@{DOMAIN}", "reader") for n in range(2)])
    assert full.value.who == "Google Workspace administrator"
    assert campus.writes[before:] == []


def test_access_is_taken_back_where_it_was_given_by_us_only(campus, access, parts):
    access.give(parts["drive"], people(*ADDRESSES[:2]))
    access.give(parts["drive"], people(ADDRESSES[2], role="reader"))
    robot = "coplink@" + DOMAIN
    assert access.take(parts["drive"], [*ADDRESSES, robot], "fileOrganizer") == {}
    left = held(campus)
    assert ADDRESSES[0] not in left
    assert left[ADDRESSES[2]] == "reader"
    assert left[robot] == "organizer", "somebody always manages the drive"


def test_a_role_is_changed_and_a_managers_is_left_alone(campus, access, parts):
    access.give(parts["drive"], people(ADDRESSES[0], role="reader"))
    access.give(parts["drive"], people(ADDRESSES[0]))
    assert held(campus)[ADDRESSES[0]] == "fileOrganizer"
    access.give(parts["drive"], people("coplink@" + DOMAIN))
    assert held(campus)["coplink@" + DOMAIN] == "organizer"
    with pytest.raises(Gone):
        access.change(parts["drive"], "1234", "reader")


def test_the_last_organiser_cannot_be_taken_away_by_us(access, parts):
    assert access.take(parts["drive"], ["coplink@" + DOMAIN], "fileOrganizer") == {}
    assert access_lock(parts["drive"]) is access_lock(parts["drive"])

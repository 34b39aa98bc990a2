"""What is remembered of rosters, and many people at once, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from coplink.core.people import (
    Account,
    AccountId,
    Identity,
    InstitutionId,
    Membership,
    Person,
    PersonId,
    Proof,
    Role,
    Standing,
)
from coplink.core.roster import PageSeen, Snapshot
from coplink.ports.records import ContextLink
from coplink.ports.rosters import LastReading
from coplink.storage.repositories.base import AnotherInstitution

SNAPSHOT = Snapshot("m" * 64, (PageSeen(b"\x00" * 16, 2), PageSeen(b"\xff" * 16, 0)), bytes(range(16)))


@pytest.fixture
def context(keep, world):
    with keep() as uow:
        uow.communities.put_context(
            ContextLink("x1", world.north.id, "r1", "course", "Course", world.community.id)
        )
    return LastReading("x1", world.north.id)


def person(world, number, **more):
    return Person(PersonId(f"p{number:04}"), world.north.id, f"P {number}", **more)


def known_by(one, subject=None):
    return Identity(one.institution, "lti", "r1", subject or f"sub-{one.id}", one.id)


def invited(world, one, standing=Standing.INVITED):
    return Membership(world.community.id, one.id, world.north.id, Role.MEMBER, standing, world.now)


def test_a_reading_comes_back_as_it_was(keep, world, context):
    whole = replace(context, snapshot=SNAPSHOT, members=7, gone=2, since=world.now, owing=True)
    with keep() as uow:
        assert uow.rosters.last("x1") is None
        uow.rosters.keep(whole)
        assert uow.rosters.last("x1") == whole
        uow.rosters.keep(replace(whole, snapshot=None, owing=False))
        assert uow.rosters.last("x1") == replace(whole, snapshot=None, owing=False)


def test_what_is_owed_is_noted_beside_what_is_known(keep, world, context):
    with keep() as uow:
        uow.rosters.owe("x1", world.north.id)
        assert uow.rosters.last("x1") == replace(context, owing=True)
        uow.rosters.keep(replace(context, snapshot=SNAPSHOT, members=3))
        uow.rosters.owe("x1", world.north.id)
        assert uow.rosters.last("x1") == replace(context, snapshot=SNAPSHOT, members=3, owing=True)


def test_a_reading_never_moves_to_another_institution(keep, world, context):
    with keep() as uow:
        uow.rosters.keep(context)
    with pytest.raises(AnotherInstitution), keep() as uow:
        uow.rosters.keep(replace(context, institution=world.south.id))
    with keep() as uow:
        uow.rosters.owe("x1", world.south.id)
        assert not uow.rosters.last("x1").owing


def test_what_was_read_goes_with_its_context(keep, engine, world, context):
    with keep() as uow:
        uow.rosters.keep(replace(context, snapshot=SNAPSHOT))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM contexts"))
        assert connection.execute(text("SELECT count(*) FROM rosters")).scalar() == 0


def test_every_institution_has_a_secret_of_its_own(keep, world):
    with keep() as uow:
        north, south = uow.rosters.secret(world.north.id), uow.rosters.secret(world.south.id)
        assert uow.rosters.secret(world.north.id) == north
    assert (len(north), len(south)) == (32, 32)
    assert north != south


def test_many_people_are_added_and_found_at_once(keep, world):
    people = [person(world, n, email=f"{n}@x.example", zone="Europe/Oslo") for n in range(1200)]
    with keep() as uow:
        assert uow.rosters.add(people, [known_by(one) for one in people])
        assert uow.rosters.add([], [])
        found = uow.rosters.known(world.north.id, "lti", "r1", [f"sub-{one.id}" for one in people] + ["?"])
        assert found == {f"sub-{one.id}": one for one in people}
        for elsewhere in (
            (world.south.id, "lti", "r1"),
            (world.north.id, "x", "r1"),
            (world.north.id, "lti", "r2"),
        ):
            assert uow.rosters.known(*elsewhere, ["sub-p0001"]) == {}
        assert uow.rosters.known(world.north.id, "lti", "r1", []) == {}


def test_names_that_a_database_cannot_hold_are_kept_as_far_as_it_can(keep, world):
    odd = replace(person(world, 1), name="a\x00b\ud800c ä 読 \U0001f600 %s ? ' \"")
    with keep() as uow:
        uow.rosters.add([odd], [known_by(odd, "s ' %s ?")])
        found = uow.rosters.known(world.north.id, "lti", "r1", ["s ' %s ?", "\x00", "\ud800", '"]'])
    assert found["s ' %s ?"].name == "ab?c ä 読 \U0001f600 %s ? ' \""


def test_an_identity_that_is_known_keeps_its_person(keep, world):
    first, second, third = (person(world, n) for n in range(3))
    with keep() as uow:
        assert uow.rosters.add([first], [known_by(first, "s")])
        assert not uow.rosters.add([second, third], [known_by(second, "s"), known_by(third)])
        found = uow.rosters.known(world.north.id, "lti", "r1", ["s", f"sub-{third.id}"])
        assert found == {"s": first, f"sub-{third.id}": third}


def test_names_and_addresses_are_filled_in_within_one_institution(keep, world):
    people = [person(world, n) for n in range(3)]
    with keep() as uow:
        uow.rosters.add(people, [known_by(one) for one in people])
        uow.people.put(replace(people[1], email="own@x.example"))
        told = [replace(one, name=f"New {one.id}", email="told@x.example") for one in people]
        uow.rosters.fill([*told[:2], replace(told[2], institution=world.south.id)])
        uow.rosters.fill([])
        assert [uow.people.get(one.id) for one in people] == [
            told[0],
            replace(told[1], email="own@x.example"),
            people[2],
        ]


def test_memberships_are_counted_and_never_overwritten(keep, world):
    people = [person(world, n) for n in range(3)]
    with keep() as uow:
        uow.rosters.add(people, [known_by(one) for one in people])
        assert uow.rosters.members(world.community.id) == 0
        uow.communities.put_membership(invited(world, people[0], Standing.LEFT))
        keys = [one.id for one in people]
        assert uow.rosters.strangers(world.community.id, keys) == {keys[1], keys[2]}
        uow.rosters.invite([invited(world, one) for one in people])
        assert uow.rosters.strangers(world.community.id, keys) == frozenset()
        standings = {
            m.person: (m.standing, m.role, m.changed_at)
            for m in uow.communities.memberships(world.community.id)
        }
        assert standings == {
            keys[0]: (Standing.LEFT, Role.MEMBER, world.now),
            keys[1]: (Standing.INVITED, Role.MEMBER, world.now),
            keys[2]: (Standing.INVITED, Role.MEMBER, world.now),
        }
        assert uow.rosters.members(world.community.id) == 3


def test_the_people_of_a_community_are_counted_by_their_subjects(keep, world):
    people = [person(world, n) for n in range(3)]
    here = (world.community.id, world.north.id, "lti", "r1")
    with keep() as uow:
        uow.rosters.add(people, [*(known_by(one) for one in people), known_by(people[0], "a second subject")])
        uow.people.put_identity(replace(known_by(people[0], "elsewhere"), realm="r2"))
        assert uow.rosters.subjects(*here) == 0
        uow.rosters.invite([invited(world, one) for one in people[:2]])
        assert uow.rosters.subjects(*here) == 3
        assert uow.rosters.subjects(world.community.id, InstitutionId("south"), "lti", "r1") == 0


def test_accounts_are_proposed_beside_what_is_there(keep, world):
    def account(one, name, proof=Proof.PROPOSED, address=None):
        return Account(world.north.id, "canvas", AccountId(name), one.id, proof, address)

    proved = account(world.ada, "1", Proof.PROVED, "ada@canvas.example")
    with keep() as uow:
        uow.people.put_account(proved)
        uow.rosters.propose([account(world.ada, "1", address="x@y.example"), account(world.bo, "2")])
        assert uow.rosters.accounts([world.ada.id, world.bo.id, world.sol.id]) == {
            world.ada.id: [proved],
            world.bo.id: [account(world.bo, "2")],
        }


def test_the_identities_of_many_are_read_at_once(keep, world):
    one, other, third = (person(world, number) for number in range(3))
    named = [known_by(one), known_by(one, "again"), known_by(other), known_by(third)]
    with keep() as uow:
        uow.rosters.add([one, other, third], named)
    with keep() as uow:
        found = uow.rosters.identities([one.id, other.id, "p9999"])
    assert {key: set(theirs) for key, theirs in found.items()} == {
        one.id: set(named[:2]),
        other.id: {named[2]},
    }


def test_a_reading_that_is_held_is_written_by_nobody_else_meanwhile(keep, world, context):
    with keep() as uow:
        uow.rosters.keep(context)

    def count_one_more():
        with keep() as uow:
            last = uow.rosters.last("x1", hold=True)
            uow.rosters.keep(replace(last, members=last.members + 1))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(count_one_more) for _ in range(20)]:
            done.result()
    with keep() as uow:
        assert uow.rosters.last("x1").members == 20


def test_two_who_add_the_same_people_at_once_agree_on_each(keep, world):
    barrier = threading.Barrier(2)

    def add(worker: int) -> bool:
        people = [replace(person(world, n), id=PersonId(f"{worker}-{n}")) for n in range(300)]
        identities = [known_by(one, f"s{n}") for n, one in enumerate(people)]
        barrier.wait(10)
        with keep() as uow:
            return uow.rosters.add(people, identities[:: 1 if worker else -1])

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(add, range(2))) == [False, True]
    with keep() as uow:
        found = uow.rosters.known(world.north.id, "lti", "r1", [f"s{n}" for n in range(300)])
    assert len(found) == 300
    assert len({one.id[0] for one in found.values()}) == 1

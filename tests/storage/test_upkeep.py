"""What is kept of spaces that rest or were let go, of what they left, and of connections that have ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from coplink.core.people import AccountId, Identity, Role
from coplink.core.plan import Change
from coplink.core.spaces import Observed, Parting, SpaceState
from coplink.core.words import say
from coplink.ports.records import Session
from coplink.ports.seats import Done
from coplink.ports.upkeep import Left


def test_how_a_space_rests_and_parts_comes_back(keep, world):
    resting = replace(
        world.space, state=SpaceState.ARCHIVED, written_name="Reading", archived_at=world.now, parting=None
    )
    leaving = replace(world.space, state=SpaceState.DETACHED, parting=Parting.TAKE_AWAY, by_admin=True)
    for space in (resting, leaving):
        with keep() as uow:
            uow.spaces.put(space)
        with keep() as uow:
            assert uow.spaces.get(space.id) == space


def test_what_was_left_comes_back_in_its_order_and_is_replaced(keep, world):
    left = [
        Left("Reading", "https://teams.example/1", say("An owner deletes “{name}”.", name="it")),
        Left("A calendar", "", say("The robot does.")),
    ]
    with keep() as uow:
        uow.spaces.put_left(world.space.id, left)
    with keep() as uow:
        assert uow.spaces.left(world.space.id) == left
        uow.spaces.put_left(world.space.id, left[1:])
    with keep() as uow:
        assert uow.spaces.left(world.space.id) == left[1:]
        uow.spaces.put_left(world.space.id, [])
    with keep() as uow:
        assert uow.spaces.left(world.space.id) == []


def test_a_connection_that_has_ended_is_found_only_where_asked_for(keep, world):
    ended = replace(world.connected, ended_at=world.now, settings={})
    with keep() as uow:
        assert uow.institutions.connections(ended=True) == []
        uow.institutions.put_connection(ended)
    with keep() as uow:
        assert uow.institutions.connection(ended.id) == ended
        assert uow.institutions.connection_of(world.north.id, "teams") is None
        assert uow.institutions.connection_of(world.north.id, "teams", ended=True) == ended
        assert uow.institutions.connections() == uow.institutions.connections(world.north.id) == []
        assert uow.institutions.connections(world.north.id, ended=True) == [ended]
        assert uow.institutions.connections(world.south.id, ended=True) == []


def test_everything_about_the_seats_of_one_space_is_forgotten_and_of_no_other(keep, world):
    other = replace(world.space, id="s2", marker="marker-2")
    with keep() as uow:
        uow.spaces.put(other)
        for space in (world.space, other):
            changes = [Change(AccountId(one), None, Role.MEMBER) for one in ("a1", "a2", "a3")]
            uow.ledger.intend(space.id, changes, world.now)
            uow.ledger.record(space.id, changes[0], Done.CHANGED, world.now)
            seen = Observed({AccountId("a1"): Role.MEMBER}, True)
            uow.ledger.saw(space.id, seen, world.now, world.lag)
    with keep() as uow:
        uow.ledger.forget_all(world.space.id)
    with keep() as uow:
        nothing = uow.ledger.remembered(world.space.id, world.now, world.lag)
        assert not (nothing.ours | nothing.unknown | nothing.fresh)
        assert uow.ledger.seats(world.space.id) == {}
        kept = uow.ledger.remembered(other.id, world.now, world.lag)
        assert kept.ours | kept.unknown | kept.fresh == {"a1", "a2", "a3"}
        assert set(uow.ledger.seats(other.id)) == {"a1"}


def test_visits_by_one_door_of_one_institution_end_but_the_spared_one(keep, world):
    later = world.now + timedelta(hours=1)
    with keep() as uow:
        for person, door in ((world.ada, "teams"), (world.bo, "lti"), (world.sol, "teams")):
            identity = Identity(person.institution, door, "realm", person.id, person.id, world.now)
            uow.people.put_identity(identity)
        for name, person in (("a", world.ada), ("a2", world.ada), ("b", world.bo), ("s", world.sol)):
            uow.sessions.put(
                Session(name, person.id, person.institution, "csrf", {}, world.now, world.now, later)
            )
    with keep() as uow:
        assert uow.sessions.drop_by_door(world.north.id, "teams", spared="a2") == 1
    with keep() as uow:
        there = {name for name in ("a", "a2", "b", "s") if uow.sessions.get(name, world.now)}
    assert there == {"a2", "b", "s"}

"""Seats as pages show them, and as they are counted."""

from __future__ import annotations

from datetime import timedelta

from coplink.core.people import AccountId, Role
from coplink.core.plan import Change
from coplink.core.spaces import Observed
from coplink.ports.seats import Done

A = AccountId("a")
SEAT = Change(A, None, Role.MEMBER)
REMOVE = Change(A, Role.MEMBER, None)
LAG = timedelta(minutes=1)


def test_pages_see_everybody_of_the_last_reading_and_who_was_put_since(keep, world):
    b, c = AccountId("b"), AccountId("c")
    space, now = world.space.id, world.now
    with keep() as uow:
        uow.ledger.saw(space, Observed({A: Role.FACILITATOR, b: Role.MEMBER}, True), now, LAG)
        assert uow.ledger.seats(space) == {A: "facilitator", b: "member"}
        uow.ledger.record(space, Change(c, None, Role.GUEST), Done.CHANGED, now)
        uow.ledger.record(space, Change(b, Role.MEMBER, Role.FACILITATOR), Done.CHANGED, now)
        assert uow.ledger.seats(space) == {A: "facilitator", b: "facilitator", c: "guest"}
        # a reading that cannot show c yet; half a reading takes nobody away
        uow.ledger.saw(space, Observed({A: Role.FACILITATOR, b: Role.FACILITATOR}, True), now, LAG)
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, False), now + LAG, LAG)
        assert uow.ledger.seats(space) == {A: "member", b: "facilitator", c: "guest"}
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, True), now + LAG, LAG)
        assert uow.ledger.seats(space) == {A: "member"}


def test_pages_no_longer_see_someone_just_removed(keep, world):
    space, now = world.space.id, world.now
    with keep() as uow:
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, True), now, LAG)
        uow.ledger.record(space, REMOVE, Done.CHANGED, now)
        assert uow.ledger.seats(space) == {}
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, True), now, LAG)
        assert uow.ledger.seats(space) == {}
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, True), now + LAG, LAG)
        assert uow.ledger.seats(space) == {A: "member"}


def test_a_refused_or_unanswered_write_seats_nobody_on_pages(keep, world):
    with keep() as uow:
        for outcome in (Done.REFUSED, Done.UNKNOWN):
            uow.ledger.intend(world.space.id, [SEAT], world.now)
            uow.ledger.record(world.space.id, SEAT, outcome, world.now)
        assert uow.ledger.seats(world.space.id) == {}


def test_kept_counts_seats_of_one_institution(keep, world):
    b, c = AccountId("b"), AccountId("c")
    space, now = world.space.id, world.now
    with keep() as uow:
        uow.ledger.record(space, SEAT, Done.CHANGED, now)
        uow.ledger.record(space, Change(b, None, Role.MEMBER), Done.CHANGED, now)
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, False), now, LAG)
        uow.ledger.intend(space, [Change(c, None, Role.MEMBER)], now)
        assert uow.ledger.kept(world.north.id) == 2
        assert uow.ledger.kept(world.south.id) == 0
        uow.ledger.record(space, REMOVE, Done.CHANGED, now)
        assert uow.ledger.kept(world.north.id) == 1


def test_a_large_space_in_one_reading(keep, world):
    many = {AccountId(f"account-{n}"): Role.MEMBER for n in range(1200)}
    with keep() as uow:
        uow.ledger.intend(world.space.id, [Change(a, None, Role.MEMBER) for a in many], world.now)
        uow.ledger.saw(world.space.id, Observed(many, True), world.now, LAG)
        assert len(uow.ledger.seats(world.space.id)) == 1200
        assert uow.ledger.remembered(world.space.id, world.now, LAG).unknown == many.keys()
        uow.ledger.forget(world.space.id, many)
        uow.ledger.saw(world.space.id, Observed({}, True), world.now, LAG)
        assert uow.ledger.seats(world.space.id) == {}

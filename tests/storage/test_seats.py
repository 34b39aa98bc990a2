"""Seats as pages show them, and as they are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import event

from coplink.core.people import AccountId, Role
from coplink.core.plan import Change
from coplink.core.spaces import Observed, SpaceId
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
        uow.ledger.rejoined(space, [A], now)
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


def test_many_seats_recorded_at_once_stand_as_if_one_by_one(keep, world, engine):
    """Every outcome of every kind of change; and a lot costs statements, not four of them for each account."""
    kinds = [(None, Role.MEMBER), (Role.MEMBER, Role.FACILITATOR), (Role.MEMBER, None)]
    ended = [
        (Change(AccountId(f"{n:04}"), before, after), outcome)
        for n, (before, after, outcome) in enumerate(
            [(*kind, outcome) for kind in kinds for outcome in Done] * 20, 100
        )
    ]
    space, now, told = world.space.id, world.now, []
    other = replace(world.space, id=SpaceId("s2"))
    with keep() as uow:
        uow.spaces.put(other)
        for here in (space, other.id):
            sitting = {change.account: change.before for change, _ in ended if change.before}
            uow.ledger.saw(here, Observed(sitting, True), now - LAG * 5, LAG)
            uow.ledger.intend(here, [change for change, _ in ended], now)
    with keep() as uow:
        for change, outcome in ended:
            uow.ledger.record(other.id, change, outcome, now)
    event.listen(engine, "before_cursor_execute", note := lambda *told_now: told.append(told_now[2]))
    with keep() as uow:
        uow.ledger.record_all(space, ended, now)
    event.remove(engine, "before_cursor_execute", note)
    assert 0 < len(told) < 20, len(told)
    with keep() as uow:
        assert uow.ledger.seats(space) == uow.ledger.seats(other.id)
        assert uow.ledger.remembered(space, now, LAG) == uow.ledger.remembered(other.id, now, LAG)
        assert uow.ledger.remembered(space, now + LAG, LAG) == uow.ledger.remembered(other.id, now + LAG, LAG)
        assert len(uow.ledger.remembered(space, now, LAG).fresh) > 50


def test_somebody_taken_out_who_joins_again_before_it_was_noticed_has_not_left(keep, world):
    """A seat that a reading had shown is as if just written: its absence is no leaving, and it is put anew."""
    space, now, other = world.space.id, world.now, AccountId("other")
    with keep() as uow:
        for account in (A, other):
            uow.ledger.record(space, Change(account, None, Role.MEMBER), Done.CHANGED, now)
        uow.ledger.saw(space, Observed({A: Role.MEMBER, other: Role.MEMBER}, True), now, LAG)
        uow.ledger.rejoined(space, [A], now + LAG)
        left = [uow.ledger.saw(space, Observed({}, True), now + k * LAG, LAG) for k in range(1, 5)]
        assert A not in frozenset().union(*left)
        assert other in frozenset().union(*left)
        held = uow.ledger.remembered(space, now + 4 * LAG, LAG)
        assert A not in held.ours | held.out | held.given
        # who still sits there is ours as before
        uow.ledger.record(space, SEAT, Done.CHANGED, now)
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, True), now + LAG, LAG)
        uow.ledger.rejoined(space, [A], now + LAG)
        uow.ledger.saw(space, Observed({A: Role.MEMBER}, True), now + 2 * LAG, LAG)
        assert A in uow.ledger.remembered(space, now + 2 * LAG, LAG).ours


def test_an_old_listing_just_after_they_joined_again_proves_no_seat(keep, world):
    """What it shows may be gone since: not there later is no leaving, and it is theirs to give up at once."""
    space, now = world.space.id, world.now
    here, nobody = Observed({A: Role.MEMBER}, True), Observed({}, True)
    with keep() as uow:
        uow.ledger.record(space, SEAT, Done.CHANGED, now)
        uow.ledger.saw(space, here, now, LAG)
        uow.ledger.rejoined(space, [A], now)
        uow.ledger.saw(space, here, now + LAG / 2, LAG)
        assert A in uow.ledger.remembered(space, now + LAG / 2, LAG).unknown
        left = [uow.ledger.saw(space, nobody, now + k * LAG, LAG) for k in range(1, 4)]
        assert left == [frozenset()] * 3
        uow.ledger.record(space, SEAT, Done.CHANGED, now)
        uow.ledger.saw(space, here, now, LAG)
        uow.ledger.rejoined(space, [A], now)
        uow.ledger.saw(space, here, now + LAG, LAG)
        assert A in uow.ledger.remembered(space, now + LAG, LAG).ours, "a reading a lag later proves it"

"""Places with thousands of seats: what is read of them is gone through, not piled up."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from coplink.core.people import Account, AccountId, Person, PersonId, Proof, Role
from coplink.core.plan import Change
from coplink.core.spaces import Observed
from coplink.ports.seats import Done

MANY = 3_000
LAG = timedelta(minutes=1)
ACCOUNTS = [AccountId(f"account-{number:05}") for number in range(MANY)]


@contextmanager
def at_most(each: int) -> Iterator[None]:
    """What is held at a time stays below so many bytes for each of them."""
    tracemalloc.start()
    try:
        yield
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < each * MANY, f"{most / MANY:.0f} bytes each"


@pytest.fixture
def seated(keep: Callable, world) -> Observed:
    """All of them sit there by our hand, and were seen."""
    observed = Observed(dict.fromkeys(ACCOUNTS, Role.MEMBER), True)
    seats = [Change(account, None, Role.MEMBER) for account in ACCOUNTS]
    with keep() as uow:
        uow.ledger.record_all(world.space.id, [(seat, Done.CHANGED) for seat in seats], world.now)
        uow.ledger.saw(world.space.id, observed, world.now + LAG, LAG)
    return observed


def test_a_reading_that_changes_nothing_holds_hardly_more_than_itself(keep, world, seated):
    with keep() as uow:
        uow.ledger.saw(world.space.id, Observed({}, False), world.now + LAG, LAG)  # statements are made once
        with at_most(each=250):
            assert uow.ledger.saw(world.space.id, seated, world.now + 2 * LAG, LAG) == frozenset()
        with at_most(each=350):
            assert uow.ledger.remembered(world.space.id, world.now + 2 * LAG, LAG).ours == set(ACCOUNTS)
        assert len(uow.ledger.seats(world.space.id)) == MANY


def test_one_that_lacks_somebody_and_shows_another_keeps_just_that(keep, world, seated):
    gone, new, turned = ACCOUNTS[7], AccountId("by-hand"), ACCOUNTS[9]
    seats = {a: role for a, role in seated.seats.items() if a != gone} | {
        new: Role.MEMBER,
        turned: Role.FACILITATOR,
    }
    space, now = world.space.id, world.now + 2 * LAG
    with keep() as uow:
        assert uow.ledger.saw(space, Observed(seats, True), now, LAG) == frozenset()
        assert uow.ledger.seats(space) == {account: role.value for account, role in seats.items()}
        assert uow.ledger.missing(space, now, LAG) == frozenset()
        assert uow.ledger.missing(space, now + LAG, LAG) == {gone}
        assert uow.ledger.saw(space, Observed(seats, True), now + LAG, LAG) == {gone}
        assert uow.ledger.saw(space, seated, now + 2 * LAG, LAG) == frozenset()
        assert uow.ledger.missing(space, now + 3 * LAG, LAG) == frozenset()


def test_homes_are_told_of_those_who_are_known(keep, world):
    people = [PersonId(f"p{number}") for number in range(1_200)]
    with keep() as uow:
        for key in people:
            uow.people.put(Person(key, world.north.id, "P"))
        asked = [*people, world.sol.id, PersonId("nobody")]
        assert uow.people.homes(asked) == dict.fromkeys(people, world.north.id) | {
            world.sol.id: world.south.id
        }
        assert set(uow.people.many(asked)) == {*people, world.sol.id}
        assert uow.people.homes([]) == {}


def test_of_two_accounts_the_one_that_is_proved_is_used(keep, world):
    def account(name: str, proof: Proof) -> Account:
        return Account(world.north.id, "teams", AccountId(name), world.ada.id, proof)

    with keep() as uow:
        for one in (account("b", Proof.PROPOSED), account("c", Proof.PROVED), account("a", Proof.DENIED)):
            uow.people.put_account(one)
        found = uow.people.accounts_on(world.north.id, "teams", [world.ada.id])
        assert {key: one.account for key, one in found.items()} == {world.ada.id: "c"}
        assert [one.account for one in uow.people.accounts(world.ada.id)] == ["c", "b", "a"]

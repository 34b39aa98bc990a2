"""Whom a directory was asked for in vain."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from coplink.core.people import Account, AccountId, Person, PersonId, Proof
from coplink.storage.tables import LookUpRow, PersonRow

DAY = timedelta(days=1)


def count(engine):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(LookUpRow))


def test_it_is_known_whom_a_directory_was_asked_for_since_when(keep, world):
    with keep() as uow:
        uow.people.note_looked_up(world.north.id, "teams", [world.ada.id, world.bo.id], world.now)
        uow.people.note_looked_up(world.north.id, "teams", [world.bo.id], world.now + DAY)
        uow.people.note_looked_up(world.north.id, "google", [world.ada.id], world.now + DAY)
        uow.people.note_looked_up(world.south.id, "teams", [world.sol.id], world.now + DAY)
        uow.people.note_looked_up(world.north.id, "teams", [], world.now)
    with keep() as uow:
        asked = uow.people.looked_up
        assert asked(world.north.id, "teams", world.now) == {world.ada.id, world.bo.id}
        assert asked(world.north.id, "teams", world.now + DAY / 2) == {world.bo.id}
        assert asked(world.north.id, "google", world.now) == {world.ada.id}
        assert asked(world.south.id, "teams", world.now) == {world.sol.id}
        assert asked(world.south.id, "google", world.now) == frozenset()


def test_it_is_forgotten_after_a_week(keep, world, engine):
    with keep() as uow:
        uow.people.note_looked_up(world.north.id, "teams", [world.ada.id], world.now)
        uow.people.note_looked_up(world.south.id, "google", [world.sol.id], world.now + DAY)
        uow.people.note_looked_up(world.north.id, "teams", [world.bo.id], world.now + 7 * DAY)
    assert count(engine) == 3
    with keep() as uow:
        uow.people.note_looked_up(world.north.id, "teams", [], world.now + 7.5 * DAY)
        assert uow.people.looked_up(world.north.id, "teams", world.now) == {world.bo.id}
    assert count(engine) == 2


def test_nothing_is_noted_across_institutions_or_of_somebody_who_is_no_longer_known(keep, world, engine):
    """A directory is slow: who was asked for may have become one with another record meanwhile."""
    with keep() as uow:
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
        uow.people.note_looked_up(world.north.id, "teams", [world.bo.id, world.sol.id], world.now)
    assert count(engine) == 0


def test_it_goes_with_the_person(keep, world, engine):
    with keep() as uow:
        uow.people.note_looked_up(world.north.id, "teams", [world.bo.id, world.ada.id], world.now)
    with engine.begin() as connection:
        connection.execute(delete(PersonRow).where(PersonRow.id == world.bo.id))
    with keep() as uow:
        assert uow.people.looked_up(world.north.id, "teams", world.now) == {world.ada.id}


def test_two_records_that_become_one_are_asked_for_again(keep, world, engine):
    with keep() as uow:
        uow.people.note_looked_up(world.north.id, "teams", [world.bo.id, world.ada.id], world.now)
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    assert count(engine) == 0


def test_more_people_than_a_statement_holds(keep, world):
    people = [Person(PersonId(f"p{n}"), world.north.id, f"P {n}") for n in range(1100)]
    with keep() as uow:
        for person in people:
            uow.people.put(person)
        uow.people.note_looked_up(world.north.id, "teams", (p.id for p in people), world.now)
        assert len(uow.people.looked_up(world.north.id, "teams", world.now)) == 1100


def test_all_accounts_of_one_platform_of_an_institution_are_forgotten_and_no_others(keep, world):
    def held(institution, integration, person):
        return Account(institution, integration, AccountId("1"), person, Proof.PROVED)

    gone = held(world.north.id, "teams", world.ada.id)
    others = [held(world.north.id, "google", world.ada.id), held(world.south.id, "teams", world.sol.id)]
    with keep() as uow:
        for account in (gone, *others):
            uow.people.put_account(account)
        uow.people.note_looked_up(world.north.id, "teams", [world.bo.id], world.now)
        uow.people.note_looked_up(world.north.id, "google", [world.bo.id], world.now)
    with keep() as uow:
        uow.people.drop_accounts(world.north.id, "teams")
    with keep() as uow:
        assert [*uow.people.accounts(world.ada.id), *uow.people.accounts(world.sol.id)] == others
        assert uow.people.looked_up(world.north.id, "teams", world.now) == frozenset()
        assert uow.people.looked_up(world.north.id, "google", world.now) == {world.bo.id}

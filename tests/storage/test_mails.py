"""Who is written to about a community: once at most, also after two records became one."""

from __future__ import annotations

from datetime import timedelta

from coplink.core.people import Person, PersonId


def test_a_row_goes_from_waiting_to_begun_to_done_and_never_back_once_done(keep, world):
    key, ada, bo = world.community.id, world.ada.id, world.bo.id
    with keep() as uow:
        uow.mails.ask(key, {ada: world.north.id, bo: world.north.id}, world.now)
        assert uow.mails.waiting(key, "", 10) == [(ada, world.now), (bo, world.now)]
        assert uow.mails.waiting(key, ada, 10) == [(bo, world.now)]
        assert uow.mails.waiting(key, "", 1) == [(ada, world.now)]
        assert uow.mails.begin(key, ada)
        assert not uow.mails.begin(key, ada), "somebody was first"
        uow.mails.again(key, ada)
        assert uow.mails.begin(key, ada)
        uow.mails.done(key, ada)
        uow.mails.again(key, ada)
        assert not uow.mails.begin(key, ada)
        uow.mails.ask(key, {ada: world.north.id}, world.now + timedelta(days=9))
        assert uow.mails.waiting(key, "", 10) == [(bo, world.now)]
        assert uow.mails.written(key) == {ada}
        assert uow.mails.known(key) == {ada, bo}


def test_what_was_begun_is_given_up_and_what_waits_can_be_dropped(keep, world):
    key = world.community.id
    with keep() as uow:
        people = {world.ada.id: world.north.id, world.bo.id: world.north.id, world.sol.id: world.south.id}
        uow.mails.ask(key, people, world.now)
        uow.mails.begin(key, world.ada.id)
        uow.mails.give_up(key)
        uow.mails.again(key, world.ada.id)
        uow.mails.drop_waiting(key, world.south.id)
        assert uow.mails.known(key) == {world.ada.id, world.bo.id}
        uow.mails.drop_waiting(key)
        assert uow.mails.known(key) == uow.mails.written(key) == {world.ada.id}


def test_who_was_written_to_under_another_name_is_not_written_to_again(keep, world):
    key, twin = world.community.id, Person(PersonId("twin"), world.north.id, "Ada again")
    third = Person(PersonId("third"), world.north.id, "Bo again")
    with keep() as uow:
        for person in (twin, third):
            uow.people.put(person)
        uow.mails.ask(key, {twin.id: world.north.id, world.ada.id: world.north.id}, world.now)
        uow.mails.ask(key, {third.id: world.north.id}, world.now)
        for one in (twin.id, third.id):
            uow.mails.begin(key, one)
        uow.people.merge(twin.id, world.ada.id)
        uow.people.merge(third.id, world.bo.id)
        assert uow.mails.waiting(key, "", 10) == []
        assert uow.mails.written(key) == {world.ada.id, world.bo.id}

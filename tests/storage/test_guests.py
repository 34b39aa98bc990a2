"""Who is let in elsewhere as a guest: kept for each platform of an institution, sealed, merged with the person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.core.guests import ENTER, Guest
from coplink.core.people import AccountId, Membership, Person, PersonId, Role, Standing
from coplink.core.words import say
from coplink.storage.tables import GuestRow

PAGE = "https://login.example/redeem?rd=canary"


def guest(world, person, **changes):
    made = Guest(
        world.north.id, "teams", person, "sol@south.example", AccountId("g-1"), PAGE, None, world.now
    )
    return replace(made, **changes)


def test_a_guest_is_kept_as_they_are_and_found_by_place_and_by_person(keep, world, engine):
    with keep() as uow:
        uow.guests.put(guest(world, world.sol.id))
        uow.guests.put(
            guest(world, world.sol.id, integration="google", account=None, enter="", refused=say("No."))
        )
    with keep() as uow:
        assert uow.guests.at(world.north.id, "teams", [world.sol.id, world.ada.id]) == {
            world.sol.id: guest(world, world.sol.id)
        }
        assert uow.guests.at(world.south.id, "teams", [world.sol.id]) == {}
        assert [one.integration for one in uow.guests.of(world.sol.id)] == ["google", "teams"]
        assert uow.guests.of(world.ada.id) == []
        uow.guests.put(guest(world, world.sol.id, enter="", since=world.now))
    with keep() as uow:
        (kept,) = uow.guests.at(world.north.id, "teams", [world.sol.id]).values()
        assert (kept.enter, kept.since) == ("", world.now)
    with engine.connect() as connection:
        assert "canary" not in str(connection.execute(GuestRow.__table__.select()).all())


def test_a_platform_that_was_disconnected_has_no_guests(keep, world):
    with keep() as uow:
        uow.guests.put(guest(world, world.sol.id))
        uow.guests.put(guest(world, world.sol.id, integration="google"))
        uow.guests.drop(world.south.id, "teams")
        uow.guests.drop(world.north.id, "teams")
    with keep() as uow:
        assert [one.integration for one in uow.guests.of(world.sol.id)] == ["google"]


def test_who_holds_an_address_or_an_account_is_found_at_its_own_platform_alone(keep, world):
    north = world.north.id
    with keep() as uow:
        uow.people.put(Person(PersonId("sal"), world.south.id, "Sal"))
        uow.guests.put(guest(world, world.sol.id))
        uow.guests.put(guest(world, PersonId("sal"), account=None, refused=say("No.")))
    with keep() as uow:
        sol = [guest(world, world.sol.id)]
        assert uow.guests.holding(north, "teams", addresses=["sol@south.example"]) == sol
        assert uow.guests.holding(north, "teams", accounts=[AccountId("g-1")]) == sol
        assert uow.guests.holding(north, "teams", ["sol@south.example"], [AccountId("g-1")]) == sol
        assert uow.guests.holding(north, "teams", ["max@south.example"], [AccountId("g-2")]) == []
        assert uow.guests.holding(north, "google", ["sol@south.example"]) == []
        assert uow.guests.holding(world.south.id, "teams", ["sol@south.example"]) == []


def test_what_a_guest_is_told_follows_from_how_far_they_are(world):
    assert guest(world, world.sol.id).reason is ENTER
    assert guest(world, world.sol.id, enter="").reason is None
    assert guest(world, world.sol.id, account=None, refused=say("No.")).reason == say("No.")


def test_a_guest_who_turns_out_to_be_known_twice_is_one_guest(keep, world):
    with keep() as uow:
        uow.people.put(Person(PersonId("sal"), world.south.id, "Sal"))
        uow.guests.put(guest(world, world.sol.id))
        uow.guests.put(guest(world, PersonId("sal"), account=AccountId("g-2")))
        uow.guests.put(guest(world, PersonId("sal"), account=AccountId("g-3"), integration="google"))
    with keep() as uow:
        uow.people.merge(gone=PersonId("sal"), into=world.sol.id)
    with keep() as uow:
        assert [(one.integration, one.account) for one in uow.guests.of(world.sol.id)] == [
            ("google", "g-3"),
            ("teams", "g-1"),
        ]
        assert uow.guests.of(PersonId("sal")) == []


def answer(uow, world, person, yes):
    uow.guests.answer(world.community.id, person, world.north.id, "a@b.example" if yes else None, world.now)


def test_an_answer_is_kept_for_one_institution_changed_and_forgotten(keep, world):
    community, north, south = world.community.id, world.north.id, world.south.id
    with keep() as uow:
        answer(uow, world, world.sol.id, True)
        answer(uow, world, world.ada.id, False)
    with keep() as uow:
        assert uow.guests.answers_at(community, north) == {world.sol.id: True, world.ada.id: False}
        assert uow.guests.answers_at(community, south) == {}
        assert uow.guests.answers(community, world.sol.id) == {north: True}
        assert uow.guests.shown_at(community, north) == {world.sol.id: "a@b.example"}
        answer(uow, world, world.sol.id, False)
        assert uow.guests.shown_at(community, north) == {}
        uow.guests.answer(community, world.sol.id, south, "", world.now)
        assert uow.guests.shown_at(community, south) == {world.sol.id: ""}
        uow.guests.forget_yes(community, world.sol.id, north)
        assert uow.guests.answers(community, world.sol.id) == {north: False, south: True}
        uow.guests.forget_yes(community, world.ada.id)
        uow.guests.forget_yes(community, world.sol.id)
    with keep() as uow:
        assert uow.guests.answers(community, world.sol.id) == {north: False}, "a no is no yes"
        assert uow.guests.answers(community, world.ada.id) == {north: False}


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [(True, None, True), (None, True, True), (True, False, False), (False, True, False), (None, None, None)],
)
@pytest.mark.parametrize("standing", [Standing.JOINED, Standing.LEFT])
def test_of_two_answers_of_one_person_the_no_is_kept_and_a_yes_while_they_belong(
    keep, world, one, other, kept, standing
):
    with keep() as uow:
        uow.communities.put_membership(
            Membership(world.community.id, world.ada.id, world.north.id, Role.MEMBER, standing, world.now)
        )
        for person, yes in ((world.bo.id, one), (world.ada.id, other)):
            if yes is not None:
                answer(uow, world, person, yes)
    with keep() as uow:
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        wanted = kept if standing is Standing.JOINED or kept is False else None
        assert uow.guests.answers(world.community.id, world.ada.id).get(world.north.id) is wanted
        assert uow.guests.answers(world.community.id, world.bo.id) == {}

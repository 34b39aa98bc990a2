"""An address lets one person in: neither two at once, nor another one later, nor by another way to write it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.test_guests import ADDRESS, GUEST, look, look_often, opened, reasons, second, someone

from coplink.core.guests import SHOW_ADDRESS
from coplink.core.people import AccountId, Role
from coplink.engine import disclosures, join
from coplink.testing.beginnings import once


@pytest.fixture
@once
def community(school):
    return opened(school)


def proves(school, community, person, address):
    """The school of a person says another address of theirs, and they let it be given out."""
    with school.services.begin() as uow:
        for account in uow.people.accounts(person.id):
            uow.people.put_account(replace(account, address=address))
        disclosures.answer(uow, community, person, school.here.id, True, school.clock.now())
        uow.commit()


def kept(school, *people):
    with school.services.begin() as uow:
        return [one.account for person in people for one in uow.guests.of(person.id)]


def test_an_address_that_two_people_have_is_nobodys(school, community) -> None:
    lee = someone(school, community)
    someone(school, community, "mo", account="78")
    proves(school, community, lee, "78@school.example")
    school.work()
    assert school.board.guests == {}


@pytest.mark.parametrize("place", ["here", "in another community"])
def test_an_address_by_which_somebody_was_let_in_lets_no_other_in_later(school, community, place) -> None:
    lee = someone(school, community)
    school.work()
    look_often(school, community)
    theirs = community if place == "here" else second(school)
    mo = someone(school, theirs, "mo", account="78")
    proves(school, theirs, mo, ADDRESS.upper())
    school.work()
    look_often(school, theirs)
    assert kept(school, lee, mo) == [GUEST]
    assert reasons(school, theirs)[mo.id] == SHOW_ADDRESS
    school.board.entered.add(ADDRESS)
    school.clock.pass_by(days=1)
    look(school, community)
    assert lee.id not in reasons(school, community), "asked about as before"
    with school.services.begin() as uow:
        join.leave(uow, community, lee, school.clock.now())
        uow.commit()
    school.work()
    school.clock.pass_by(days=1)
    look_often(school, theirs)
    assert GUEST not in school.board.seats, "the account stays with whom it was given to"
    assert all(GUEST not in seats for seats in school.board.seats_of.values())
    school.join(community, lee)
    school.work()
    assert school.board.seats[GUEST] is Role.MEMBER


def test_an_address_that_was_refused_today_is_not_asked_about_for_another(school, community) -> None:
    school.board.unwelcome.add(ADDRESS)
    someone(school, community)
    school.work()
    school.board.unwelcome.clear()
    mo = someone(school, community, "mo", account="78")
    proves(school, community, mo, ADDRESS)
    look(school, community)
    assert kept(school, mo) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_two_addresses_that_lead_to_one_account_seat_one_person_at_most(school, community, at_once) -> None:
    school.board.guests = dict.fromkeys([ADDRESS, "78@school.example"], AccountId(GUEST))
    lee = someone(school, community)
    if not at_once:
        school.work()
    mo = someone(school, community, "mo", account="78")
    school.work()
    assert kept(school, lee, mo) == [None if at_once else GUEST, None]
    assert (GUEST in school.board.seats) is not at_once
    assert reasons(school, community)[mo.id] == SHOW_ADDRESS

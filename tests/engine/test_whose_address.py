"""Whose address a page may name, where somebody says to be whom a roster listed: nobody else's, until both say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.engine.acts import act
from tests.engine.test_first_word import claimed, jane
from tests.engine.test_rosters import read_again

from coplink.core.arrival import Arrival, Context, ProvedAccount
from coplink.core.people import Account, AccountId, Proof
from coplink.core.roster import Listed
from coplink.engine import claim
from coplink.engine.arrive import arrive
from coplink.engine.propose import propose
from coplink.ports.directory import Found

HERS = "jane@school.example"
NAMED = Listed("jane", "Jane", HERS, accounts={"canvas": AccountId("77")})
UNNAMED = replace(NAMED, accounts=None)


def founded(school, ana, listed):
    """A community whose course lists Jane; a directory guesses that the account 9 is hers."""
    school.board.directory.setdefault(HERS, Found(AccountId("9"), "9@school.example"))
    school.roster.people = [listed]
    made = school.found(ana)
    school.work()
    return made


def read_anew(school, community, listed):
    school.roster.people = [listed]
    read_again(school, community)


def accounts(school, person):
    with school.services.begin() as uow:
        return {(one.integration, one.account): one for one in uow.people.accounts(person.id)}


def addresses(school, person):
    """What anything may tell of this person: their own, and those of their accounts."""
    with school.services.begin() as uow:
        own = uow.people.get(person.id).email
    return {own, *(one.address for one in accounts(school, person).values())}


def test_an_account_that_the_roster_named_comes_without_the_address(school, ana) -> None:
    founded(school, ana, NAMED)
    assert HERS in addresses(school, jane(school))
    me = claimed(school)
    assert ("canvas", "77") in accounts(school, me), "it is theirs to show, if they are her"
    assert addresses(school, me) == {None, "9@school.example", "oid-9@school.example"}


def test_so_does_one_that_it_names_later(school, ana) -> None:
    community = founded(school, ana, UNNAMED)
    me = claimed(school)
    read_anew(school, community, NAMED)
    assert accounts(school, me)["canvas", "77"].address is None
    assert HERS not in addresses(school, me)


def test_their_own_account_is_not_known_by_the_address_that_a_directory_told_of_her(school, ana) -> None:
    school.board.directory[HERS] = Found(AccountId("9"), HERS)
    founded(school, ana, UNNAMED)
    came = school.arrive("oid-9", "Xavier", account="9", door="pinboard", course=False).person
    her = jane(school)
    with school.services.begin() as uow:  # a door that tells none
        (mine,) = uow.people.accounts(came.id)
        uow.people.drop_account(mine)
        uow.people.put_account(replace(mine, address=None))
        me = claim.confirm(uow, came, her.id)
        uow.commit()
    assert accounts(school, me)["pinboard", "9"].proof is Proof.PROVED
    assert HERS not in addresses(school, me)


@pytest.mark.parametrize("proof", [Proof.PROPOSED, Proof.DENIED])
def test_what_was_said_of_an_account_stays(school, ana, proof) -> None:
    founded(school, ana, UNNAMED)
    her = jane(school)
    told = Account(her.institution, "canvas", AccountId("5"), her.id, proof, HERS)
    act(school, lambda uow, _: uow.people.put_account(told))
    assert accounts(school, claimed(school))["canvas", "5"] == replace(told, address=None)


def test_who_comes_themselves_is_known_by_the_address_and_so_are_both_once_they_are_one(school, ana) -> None:
    community = founded(school, ana, NAMED)
    me = claimed(school)
    came = school.arrive("jane", course=False).person
    school.work()
    assert accounts(school, came)["canvas", "77"].address == HERS
    assert HERS not in addresses(school, me)
    both = act(school, lambda uow, _: claim.confirm(uow, came, me.id))
    read_anew(school, community, replace(NAMED, name="Jane Doe"))
    assert accounts(school, both)["canvas", "77"].address == HERS
    assert HERS in addresses(school, both)


@pytest.mark.parametrize("said_before", [True, False])
def test_an_account_that_they_prove_themselves_has_the_address_whoever_said_to_be_them(
    school, ana, said_before
) -> None:
    founded(school, ana, NAMED)
    me = claimed(school) if said_before else None
    proved = (ProvedAccount("canvas", AccountId("77")),)
    course = Context("realm", "course-1", "Course")
    arrival = Arrival("lti", school.here.id, "realm", "jane", "Jane", HERS, context=course, accounts=proved)
    came = act(school, lambda uow, now: arrive(uow, arrival, now)).person
    known = accounts(school, came)["canvas", "77"]
    assert (known.proof, known.address) == (Proof.PROVED, HERS)
    if me is not None:
        assert HERS not in addresses(school, me)
        both = act(school, lambda uow, _: claim.confirm(uow, came, me.id))
        assert accounts(school, both)["canvas", "77"].address == HERS


class Slow:
    """A directory that looks for so long that somebody says meanwhile to be whom it was asked about."""

    def __init__(self, school):
        self.school, self.me = school, None

    def find(self, asked):
        assert HERS in asked
        guessed = Account(
            self.school.here.id, "pinboard", AccountId("9"), jane(self.school).id, Proof.PROPOSED
        )
        act(self.school, lambda uow, _: uow.people.put_account(guessed))
        self.me = claimed(self.school)
        return {HERS: Found(AccountId("8"), HERS)}


def test_what_a_directory_was_asked_about_her_is_not_told_of_who_claims_meanwhile(school, ana) -> None:
    school.roster.people = [UNNAMED]
    (space,) = school.spaces(school.found(ana))
    school.work()
    later = school.clock.now() + timedelta(days=2)
    slow = Slow(school)
    assert propose(school.services.begin, slow, space, later) is None
    assert {account for _, account in accounts(school, slow.me)} == {"9"}
    assert HERS not in addresses(school, slow.me)

"""Whose "no" the address in a letter says, where somebody says to be whom a roster listed: of whom it went to."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests.engine.acts import act
from tests.engine.test_first_word import claimed, course, jane, letter, refuses, said_no, sits

from coplink.core.people import Role, Standing
from coplink.core.roster import Listed
from coplink.core.work import Kind
from coplink.engine import apart, claim, join, mailing
from coplink.ports.mail import Handed

__all__ = ["course"]  # fixtures


def back(school):
    """Who said to be her comes again; the record bears their own address then."""
    return school.arrive("oid-9", "Xavier", account="9", door="pinboard", course=False).person


def takes_away(school, me):
    """They take the listed door away again."""
    sealer = school.services.sealer
    return act(school, lambda uow, now: apart.part(uow, sealer, me, "lti", "realm", "jane", now))


def letter_of_theirs(school, server, community, leader):
    """Letters are sent; the way to say no by the one to whoever said to be her."""
    act(school, mailing.ask, leader, community.id)
    school.jobs.run_until_idle()
    return token_to("oid-9@school.example", server)


def token_to(address, server):
    """The way to say no by the one letter to an address."""
    (sent,) = [one for one in server.letters if one.letter["To"] == address]
    return sent.letter["List-Unsubscribe"].strip("<>").rpartition("/")[2]


@pytest.mark.parametrize("comes_again", [True, False])
@pytest.mark.parametrize("jane_comes_first", [True, False])
def test_the_letter_to_who_claims_says_no_for_them_alone(
    school, ana, course, server, comes_again, jane_comes_first
) -> None:
    me = claimed(school)
    if comes_again:
        back(school)
    token = letter_of_theirs(school, server, course, ana)
    if jane_comes_first:
        school.arrive("jane", leads=True)
    refuses(school, token)
    assert said_no(school, course, me)
    assert not said_no(school, course, school.arrive("jane", leads=True).person)


def test_a_letter_of_ones_own_says_no_for_oneself_after_saying_to_be_somebody_and_not(
    school, ana, course, server
) -> None:
    came = back(school)
    act(school, join.offer, course.id, came, Role.MEMBER)
    token = letter_of_theirs(school, server, course, ana)
    me = claimed(school)
    gone = takes_away(school, me)
    refuses(school, token)
    assert said_no(school, course, me)
    assert not said_no(school, course, gone)


def test_a_letter_to_who_is_listed_says_no_for_them_after_that(school, ana, course, server) -> None:
    token = letter(school, server, course, ana)
    me = claimed(school)
    gone = takes_away(school, me)
    refuses(school, token)
    assert said_no(school, course, gone)
    assert not said_no(school, course, me)


@pytest.fixture
def invited(school, course):
    """Somebody who has come by another door is invited for themselves, by who facilitates."""
    return act(school, join.offer, course.id, back(school), Role.MEMBER)


@pytest.mark.parametrize("jane_comes_first", [True, False])
def test_a_letter_to_who_is_listed_says_no_for_them_alone_before_who_claims_has_answered(
    school, ana, course, server, invited, jane_comes_first
) -> None:
    token = letter(school, server, course, ana)
    me = claimed(school)
    if jane_comes_first:
        school.arrive("jane")
    refuses(school, token)
    assert not said_no(school, course, me)
    assert said_no(school, course, school.arrive("jane").person)
    assert not said_no(school, course, me)


def test_a_letter_of_ones_own_says_no_for_oneself_alone_while_saying_to_be_somebody(
    school, ana, course, server, invited
) -> None:
    hers, own = letter(school, server, course, ana), token_to("oid-9@school.example", server)
    assert hers != own
    me = claimed(school)
    refuses(school, own)
    assert said_no(school, course, me)
    assert not said_no(school, course, school.arrive("jane").person)


@pytest.mark.parametrize("first", ["she says no", "they say to be her"])
def test_who_is_invited_as_somebody_listed_stays_so_whenever_she_says_no(
    school, ana, course, server, first
) -> None:
    token = letter(school, server, course, ana)
    if first == "she says no":
        refuses(school, token)
        me = claimed(school)
    else:
        me = claimed(school)
        refuses(school, token)
    assert sits(school, course, me) == (Standing.INVITED, Role.MEMBER)
    assert not said_no(school, course, me)
    her = school.arrive("jane").person
    assert said_no(school, course, her)
    both = act(school, lambda uow, _: claim.confirm(uow, her, me.id))
    assert said_no(school, course, both), "hers and theirs, once they are one"


def test_a_letter_that_waited_goes_to_who_claims_and_is_theirs(school, ana, course, server) -> None:
    server.answers["rcpt jane@school.example"] = ["451 later"]
    act(school, mailing.ask, ana, course.id)
    school.jobs.run_until_idle()
    me = claimed(school)
    school.clock.pass_by(hours=1)
    token = letter_of_theirs(school, server, course, ana)
    refuses(school, token)
    assert said_no(school, course, me)
    assert not said_no(school, course, school.arrive("jane").person)


class Slow:
    """A mail server that takes a letter only at the second go, and somebody says to be its reader during the first."""

    def __init__(self, school):
        self.school, self.me, self.taken = school, None, []

    @contextmanager
    def open(self):
        yield self

    def hand_over(self, letter):
        if self.me is None:
            self.me = claimed(self.school)
            return Handed.LATER
        self.taken.append(letter)
        return Handed.TAKEN


def test_so_is_a_letter_that_was_under_way_and_came_back(school, ana, course) -> None:
    school.services.mail = slow = Slow(school)
    act(school, mailing.ask, ana, course.id)
    school.jobs.run_until_idle()
    school.work(7200)
    (sent,) = slow.taken
    assert sent.to == "oid-9@school.example"
    refuses(school, sent.decline.rpartition("/")[2])
    assert said_no(school, course, slow.me)
    assert not said_no(school, course, school.arrive("jane").person)


def test_a_roster_gives_no_address_of_who_is_listed_to_who_claims(school, course) -> None:
    me = claimed(school)
    with school.services.begin() as uow:
        uow.people.put(replace(uow.people.get(me.id), email=None))
        uow.commit()
    school.roster.people = [Listed("jane", "Jane", "jane@new.example", leads=True)]
    with school.services.begin() as uow:
        (context,) = uow.communities.contexts(course.id)
        uow.work.mark(Kind.READ_ROSTER, context.id, course.id)
        uow.commit()
    school.work()
    assert jane(school).email is None

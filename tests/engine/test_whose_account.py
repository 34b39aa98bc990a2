"""Whose a seat is follows from what people proved; what is guessed, claimed or denied decides nothing."""

from __future__ import annotations

import pytest
from tests.engine.acts import act, leads_too, looks, standing

from coplink.core.guests import Guest
from coplink.core.people import Account, AccountId, Person, PersonId, Proof, Role, Standing
from coplink.core.roster import Listed
from coplink.engine import apart, claim, connect, join, organisations, plans
from coplink.engine.arrive import might_be
from coplink.ports.directory import Found
from coplink.ports.plans import Part
from coplink.testing.beginnings import once

NINE = AccountId("9")


def guessed(school, person, account=NINE, proof=Proof.PROPOSED):
    with school.services.begin() as uow:
        uow.people.put_account(Account(person.institution, "pinboard", account, person.id, proof))
        uow.commit()


def member(school, community, person):
    act(school, join.offer, community.id, person, Role.MEMBER)
    school.join(community, person)
    return person


@pytest.fixture
@once
def yuri(school, community):
    """Somebody whom the course knows and who has joined."""
    return member(school, community, school.arrive("yuri").person)


@pytest.fixture
@once
def xenia(school, community, yuri):
    """Somebody else, who has proved an account that was guessed to be Yuri's; she has joined too, and sits there."""
    guessed(school, yuri)
    came = school.arrive("oid-9", "Xenia", account=NINE, door="pinboard", course=False).person
    found = member(school, community, came)
    looks(school, community, 2)
    return found


def test_who_is_taken_out_over_there_has_left_and_not_who_was_guessed_to_have_the_account(
    school, community, yuri, xenia
):
    assert NINE in school.board.seats
    del school.board.seats[NINE]
    looks(school, community)
    assert standing(school, community, xenia) is Standing.LEFT
    assert standing(school, community, yuri) is Standing.JOINED
    assert NINE not in school.board.seats


@pytest.mark.parametrize("proof", [Proof.PROPOSED, Proof.CLAIMED, Proof.DENIED])
def test_who_was_only_guessed_to_have_an_account_takes_no_seat_from_its_owner(school, community, ana, proof):
    never = school.arrive("yuri").person
    act(school, join.offer, community.id, never, Role.MEMBER)
    guessed(school, never, proof=proof)
    xenia = school.arrive("oid-9", "Xenia", account=NINE, door="pinboard", course=False).person
    member(school, community, xenia)
    school.work()
    assert school.board.seats[NINE] is Role.MEMBER
    act(school, leads_too, community, ana, xenia)
    school.work()
    assert school.board.seats[NINE] is Role.FACILITATOR


def test_a_door_taken_away_again_makes_nobody_leave_with_its_owner(school, community):
    dee = member(school, community, school.arrive("dee").person)
    came = school.arrive("oid-8", "Sam", account="8", door="pinboard", course=False).person
    with school.services.begin() as uow:
        code = claim.code_for(uow, dee, school.clock.now()).token
        dee = claim.with_code(uow, came, code, school.clock.now())  # by mistake
        uow.commit()
    school.work()
    with school.services.begin() as uow:
        sam = apart.part(uow, school.services.sealer, dee, "pinboard", "realm", "oid-8", school.clock.now())
        uow.commit()
    member(school, community, sam)
    looks(school, community, 2)
    del school.board.seats[AccountId("8")]
    looks(school, community)
    assert standing(school, community, dee) is Standing.JOINED
    assert standing(school, community, sam) is Standing.LEFT


def test_who_is_listed_and_found_in_a_directory_and_comes_by_the_suite_is_seated(school):
    ana = school.arrive("ana", leads=True, account="1").person
    school.board.directory["yuri@school.example"] = Found(NINE, "yuri@school.example")
    school.roster.people = [Listed("yuri", "Yuri", "yuri@school.example")]
    community = school.found(ana)
    school.work()
    came = school.arrive("oid-9", "Yuri", account=NINE, door="pinboard", course=False).person
    with school.services.begin() as uow:
        assert might_be(uow, came) is not None, "the listed record is guessed to have the account"
    member(school, community, came)
    school.work()
    assert NINE in school.board.seats


def test_a_plan_names_the_owner_of_an_account(school, community, yuri, xenia):
    act(school, join.leave, community, xenia)
    looks(school, community, 1)
    school.join(community, xenia)
    (space,) = school.spaces(community)
    services = school.services
    with services.begin() as uow:
        reach = services.open(uow, space.connection)
    seats = reach.connection.seats
    drawn = plans.draw(services.begin, reach, seats, space, services.policy, school.clock.now())
    assert [(one.part, one.person) for one in drawn.lines] == [(Part.SEATED, xenia.id)]


def test_whoever_belongs_sits_though_a_guest_with_the_same_account_left(school, community):
    lee = school.arrive("lee", institution=school.there, course=False).person
    member(school, community, lee)
    act(school, join.leave, community, lee)
    with school.services.begin() as uow:
        let_in = school.clock.now()
        uow.guests.put(Guest(school.here.id, "pinboard", lee.id, "x@y.example", NINE, "", None, let_in))
        uow.commit()
    member(school, community, school.arrive("xenia", account=NINE).person)
    school.work()
    assert NINE in school.board.seats


def test_joining_again_makes_no_seat_of_somebody_else_a_new_one(school, community, yuri, xenia):
    act(school, join.leave, community, yuri)
    school.work()
    del school.board.seats[NINE]
    school.join(community, yuri)
    looks(school, community)
    assert standing(school, community, xenia) is Standing.LEFT
    assert NINE not in school.board.seats


def test_who_left_gives_up_the_seat_where_an_institution_withdraws_whose_member_was_guessed_to_have_it(
    school, ana
):
    kim = Person(PersonId("kim"), school.there.id, "Kim", admin=True)
    made = school.found(ana, places=2)
    with school.services.begin() as uow:
        uow.people.put(kim)
        uow.commit()
    act(school, connect.agree, kim, made.id)
    lee = school.arrive("lee", account="77", institution=school.there, course=False).person
    member(school, made, lee)
    nia = member(school, made, school.arrive("nia", institution=school.there, course=False).person)
    guessed(school, nia, AccountId("77"))
    school.work()
    assert "77" in school.boards["there"].seats
    act(school, join.leave, made, lee)
    act(school, organisations.withdraw, kim, made.id, "The district puts all circles on hold.", False)
    school.work()
    assert "77" not in school.boards["there"].seats

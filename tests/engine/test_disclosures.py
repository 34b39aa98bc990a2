"""Nobody's address is given to another school's platform before they said so, and a yes can be taken back."""

from __future__ import annotations

import pytest
from tests.engine.test_guests import ADDRESS, GUEST, asked, look, look_often, opened, reasons, someone

from coplink.core.errors import NotAllowed
from coplink.core.guests import ENTER, SAY_YES
from coplink.core.people import Role, Standing
from coplink.engine import disclosures, join, reading


@pytest.fixture
def community(school):
    return opened(school)


@pytest.fixture
def lee(school, community):
    """Somebody of the other school who joined on a page that said nothing of guests."""
    person = someone(school, community, joins=False)
    school.join(community, person, told=False)
    school.work()
    return person


def answers(school, community, person, yes):
    with school.services.begin() as uow:
        disclosures.answer(uow, community, person, yes, school.clock.now())
        uow.commit()
    school.work()


def question(school, community, person):
    with school.services.begin() as uow:
        return disclosures.question(uow, person, uow.communities.membership(community.id, person.id))


def test_whoever_was_not_told_is_asked_first_and_nothing_is_given_out(school, community, lee) -> None:
    assert asked(school) == 0
    assert reasons(school, community) == {lee.id: SAY_YES}
    assert question(school, community, lee) == disclosures.Question(None, ("Riverbend",))
    with school.services.begin() as uow:
        home = reading.home(uow, lee, community.id, school.services.manifests, school.clock.now())
    assert home.question == question(school, community, lee)
    answers(school, community, lee, yes=True)
    assert school.board.guests == {ADDRESS: GUEST}
    assert reasons(school, community) == {lee.id: ENTER}
    assert question(school, community, lee) == disclosures.Question(True, ("Riverbend",))


def test_a_no_looks_to_others_like_no_answer(school, community, lee) -> None:
    before = reasons(school, community)
    answers(school, community, lee, yes=False)
    look_often(school, community)
    assert asked(school) == 0
    assert reasons(school, community) == before
    assert question(school, community, lee).answer is False


def test_taking_it_back_gives_up_the_seat_and_not_the_membership(school, community, lee) -> None:
    answers(school, community, lee, yes=True)
    assert school.board.seats[GUEST] is Role.MEMBER
    look_often(school, community)
    answers(school, community, lee, yes=False)
    assert GUEST not in school.board.seats
    look_often(school, community, 3)
    with school.services.begin() as uow:
        assert uow.communities.membership(community.id, lee.id).standing is Standing.JOINED
    answers(school, community, lee, yes=True)
    assert school.board.seats[GUEST] is Role.MEMBER, "not taken for somebody who was taken out over there"


def test_it_is_taken_back_where_nobody_is_let_in_any_more_too(school, community, lee) -> None:
    answers(school, community, lee, yes=True)
    look_often(school, community)
    school.board.open_house = False
    look(school, community)
    assert GUEST in school.board.seats, "the seat is kept"
    assert question(school, community, lee).answer is True
    answers(school, community, lee, yes=False)
    assert GUEST not in school.board.seats


def test_who_leaves_is_asked_anew_and_a_page_that_tells_them_takes_no_no_away(school, community, lee) -> None:
    answers(school, community, lee, yes=False)
    with school.services.begin() as uow:
        join.pause(uow, community, lee, school.clock.now())
        uow.commit()
    assert question(school, community, lee) is None, "who takes a break is not asked"
    school.join(community, lee, told=True)
    school.work()
    assert question(school, community, lee).answer is False
    with school.services.begin() as uow:
        join.leave(uow, community, lee, school.clock.now())
        uow.commit()
    school.join(community, lee, told=True)
    school.work()
    assert asked(school) == 1
    assert question(school, community, lee).answer is True


def test_people_of_the_place_itself_are_not_asked_and_strangers_cannot_answer(school, community) -> None:
    ana = school.arrive("ana", leads=True, account="1").person
    assert question(school, community, ana) is None
    kim = school.arrive("kim", account="70", institution=school.there, course=False).person
    with pytest.raises(NotAllowed):
        answers(school, community, kim, yes=True)
    with school.services.begin() as uow:
        assert uow.guests.answered(community.id, kim.id) is None

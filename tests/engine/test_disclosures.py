"""Nobody's address is given to another school's platform before they said so, and a yes can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.test_guests import (
    ADDRESS,
    GUEST,
    asked,
    look,
    look_often,
    opened,
    reasons,
    second,
    someone,
)

from coplink.core.errors import NotAllowed, NotFound
from coplink.core.guests import ENTER, SAY_YES, TAKEN_OUT
from coplink.core.people import Role, Standing
from coplink.core.spaces import SpaceId, SpaceState
from coplink.core.work import Kind
from coplink.engine import connect, disclosures, join, lifecycle, reading
from coplink.engine.guests import to_open
from coplink.testing.beginnings import once
from coplink.testing.board import Board


@pytest.fixture
@once
def community(school):
    return opened(school)


@pytest.fixture
@once
def lee(school, community):
    """Somebody of the other school who joined on a page that said nothing of guests."""
    person = someone(school, community, joins=False)
    school.join(community, person, told=False)
    school.work()
    return person


def answers(school, community, person, yes, at=None):
    with school.services.begin() as uow:
        disclosures.answer(uow, community, person, at or school.here.id, yes, school.clock.now())
        uow.commit()
    school.work()


def question(school, community, person):
    with school.services.begin() as uow:
        asked = disclosures.questions(uow, person, uow.communities.membership(community.id, person.id))
    return asked[0] if asked else None


def test_whoever_was_not_told_is_asked_first_and_nothing_is_given_out(school, community, lee) -> None:
    assert asked(school) == 0
    assert reasons(school, community) == {lee.id: SAY_YES}
    assert question(school, community, lee) == disclosures.Question(
        school.here.id, "Riverbend", None, ADDRESS
    )
    with school.services.begin() as uow:
        home = reading.home(uow, lee, community.id, school.services.manifests, school.clock.now())
    assert home.questions == (question(school, community, lee),)
    answers(school, community, lee, yes=True)
    assert school.board.guests == {ADDRESS: GUEST}
    assert reasons(school, community) == {lee.id: ENTER}
    assert question(school, community, lee) == disclosures.Question(
        school.here.id, "Riverbend", True, ADDRESS
    )


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


def test_a_no_outlasts_a_leaving_whatever_page_they_come_back_by(school, community, lee) -> None:
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
    assert asked(school) == 0
    assert question(school, community, lee).answer is False
    answers(school, community, lee, yes=True)
    assert asked(school) == 1, "they change their mind themselves"


def test_a_yes_ends_with_a_leaving(school, community, lee) -> None:
    answers(school, community, lee, yes=True)
    with school.services.begin() as uow:
        join.leave(uow, community, lee, school.clock.now())
        uow.commit()
    school.join(community, lee, told=False)
    school.work()
    assert question(school, community, lee).answer is None


def test_people_of_the_place_itself_are_not_asked_and_strangers_cannot_answer(school, community) -> None:
    ana = school.arrive("ana", leads=True, account="1").person
    assert question(school, community, ana) is None
    kim = school.arrive("kim", account="70", institution=school.there, course=False).person
    with pytest.raises(NotAllowed):
        answers(school, community, kim, yes=True)
    with school.services.begin() as uow:
        assert uow.guests.answers(community.id, kim.id) == {}


def test_a_yes_to_one_school_is_none_to_another(school, community, lee) -> None:
    answers(school, community, lee, yes=True)
    with school.services.begin() as uow:
        hillside = connect.add_institution(uow, "Hillside", listed=True)
        connect.connect(
            uow,
            hillside.id,
            school.services.manifests["pinboard"],
            {"room": "hill", "key": "cupboard"},
            lambda values: "staff-room",
            school.clock.now(),
        )
        (known,) = uow.spaces.of(community.id)
        (connected,) = uow.institutions.connections(hillside.id)
        other = replace(
            known,
            id=SpaceId("other"),
            institution=hillside.id,
            connection=connected.id,
            marker="coplink:other",
            state=SpaceState.MAKING,
            parts={},
        )
        uow.spaces.put(other)
        uow.work.mark(Kind.PROVISION, other.id, community.id)
        uow.commit()
    school.boards["hill"] = Board(open_house=True)
    school.work()
    assert school.boards["hill"].guests == {}, "nobody there was given the address"
    with school.services.begin() as uow:
        asked_now = disclosures.questions(uow, lee, uow.communities.membership(community.id, lee.id))
    assert [(one.school, one.answer) for one in asked_now] == [("Hillside", None), ("Riverbend", True)]
    answers(school, community, lee, yes=True, at=hillside.id)
    assert list(school.boards["hill"].guests) == [ADDRESS]


def test_an_answer_about_a_school_that_has_no_place_is_refused(school, community, lee) -> None:
    with pytest.raises(NotFound):
        answers(school, community, lee, yes=True, at="nowhere")
    with pytest.raises(NotFound):
        answers(school, community, lee, yes=True, at=school.there.id)


def test_a_seat_by_hand_of_somebody_who_was_not_asked_stays(school, community, lee) -> None:
    """They are a guest of the same platform by another community, where they were asked."""
    other = second(school)
    with school.services.begin() as uow:
        join.offer(uow, other.id, lee, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(other, lee)
    school.work()
    (space,) = school.spaces(community)
    school.board.sitting(space.parts["board"])[GUEST] = Role.MEMBER
    look_often(school, community)
    ana = school.arrive("ana", leads=True, account="1").person
    let_go_and_take_up(school, space, ana)
    look_often(school, community)
    assert GUEST in school.board.sitting(space.parts["board"])
    assert reasons(school, community)[lee.id] == SAY_YES


def let_go_and_take_up(school, space, ana) -> None:
    for verb in (
        lambda uow, one: lifecycle.detach(uow, one, ana, "Pin Board", False, school.clock.now()),
        lambda uow, one: lifecycle.revive(uow, one, ana, "Pin Board", school.clock.now()),
    ):
        with school.services.begin() as uow:
            verb(uow, uow.spaces.get(space.id))
            uow.commit()
        school.work()


@pytest.mark.parametrize("meanwhile", ["pause", "no"])
def test_taken_out_stays_out_though_they_stepped_out_while_the_place_was_taken_up_again(
    school, community, lee, meanwhile
) -> None:
    answers(school, community, lee, yes=True)
    look_often(school, community)
    del school.board.seats[GUEST]
    look_often(school, community, 3)
    if meanwhile == "no":
        answers(school, community, lee, yes=False)
    else:
        with school.services.begin() as uow:
            join.pause(uow, community, lee, school.clock.now())
            uow.commit()
        school.work()
    (space,) = school.spaces(community)
    let_go_and_take_up(school, space, school.arrive("ana", leads=True, account="1").person)
    look_often(school, community)
    if meanwhile == "no":
        answers(school, community, lee, yes=True)
    else:
        school.join(community, lee)
    look_often(school, community, 3)
    assert GUEST not in school.board.seats
    assert reasons(school, community) == {lee.id: TAKEN_OUT}


def test_one_yes_gives_out_no_address_that_another_has_too(school, community, lee) -> None:
    mo = someone(school, community, "mo", account="78", joins=False)
    school.join(community, mo, told=False)
    with school.services.begin() as uow:
        for account in uow.people.accounts(mo.id):
            uow.people.put_account(replace(account, address=ADDRESS))
        uow.commit()
    answers(school, community, lee, yes=True)
    assert asked(school) == 0


def test_what_was_refused_is_told_no_more_once_they_say_no(school, community, lee) -> None:
    school.board.unwelcome.add(ADDRESS)
    answers(school, community, lee, yes=True)
    with school.services.begin() as uow:
        assert [one.code for one in uow.records.notices(community=community.id)] == ["guests_refused"]
    answers(school, community, lee, yes=False)
    with school.services.begin() as uow:
        assert uow.records.notices(community=community.id) == []
        assert to_open(uow, lee) == ()


def test_who_was_taken_out_before_coplink_looked_stays_out_through_a_no_and_a_yes(
    school, community, lee
) -> None:
    answers(school, community, lee, yes=True)
    look_often(school, community)
    assert GUEST in school.board.seats
    del school.board.seats[GUEST]
    for yes in (False, True):
        answers(school, community, lee, yes=yes)
        look_often(school, community)
        assert GUEST not in school.board.seats
    assert reasons(school, community) == {lee.id: TAKEN_OUT}


def test_a_first_no_starts_no_work_that_would_tell_others_of_it(school, community, lee) -> None:
    school.work()
    before = works(school)
    with school.services.begin() as uow:
        disclosures.answer(uow, community, lee, school.here.id, False, school.clock.now())
        uow.commit()
    assert works(school) == before
    with school.services.begin() as uow:
        disclosures.answer(uow, community, lee, school.here.id, True, school.clock.now())
        uow.commit()
    assert works(school) != before


def works(school):
    with school.services.begin() as uow:
        return {(state.kind, state.target): state.generation for state in uow.work.all()}

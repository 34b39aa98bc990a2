"""Facilitating by one's own yes, leaving as the last of all, and taking on what nobody sees to any more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import act, history, leads_too, now_there, told

from coplink.core.community import Stage
from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import AccountId, Role, Standing
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import explain, handing_over, join, lifecycle, reading
from coplink.testing.beginnings import once

CYCLE = 14  # days between two meetings of the school's rhythm


@pytest.fixture
@once
def bo(school, community):
    return school.arrive("bo", account="2").person


def of(school, community, person):
    with school.services.begin() as uow:
        return uow.communities.membership(community.id, person.id)


def asks(school, community, leader, person, role=Role.CO_FACILITATOR):
    return act(school, join.share, community, leader, person.id, role)


def says(school, community, person, yes):
    act(school, handing_over.answer, community, person, yes)


def asked(school, community):
    with school.services.begin() as uow:
        return uow.communities.handovers(community.id)


def home(school, community, person):
    with school.services.begin() as uow:
        return reading.home(uow, person, community.id, school.services.manifests, school.clock.now())


def people(school, community, person):
    with school.services.begin() as uow:
        return reading.people(uow, person, community.id, school.services.manifests)


def a_look(school, community):
    school.clock.pass_by(minutes=5)
    school.mark(community, Kind.RECONCILE)
    school.work()


# --- asked, and answered ----------------------------------------------------------------------------------------------


def test_whoever_is_asked_is_what_they_were_until_their_own_yes(school, community, ana, bo):
    before, said = of(school, community, bo), history(school, community)
    for role in (Role.CO_FACILITATOR, Role.CO_FACILITATOR, Role.FACILITATOR):
        assert asks(school, community, ana, bo, role) == before
    assert of(school, community, bo) == before
    assert history(school, community) == said, "being asked is nobody else's business"
    assert (home(school, community, bo).asked_by, home(school, community, ana).asked_by) == ("Ana", None)
    with pytest.raises(DomainError, match="Hand over first"):
        act(school, join.leave, community, ana)
    for _ in range(2):
        says(school, community, bo, True)
    assert of(school, community, bo).role is Role.CO_FACILITATOR, "asked twice is once: the first question"
    assert history(school, community).count("now facilitates") == 1
    assert (asked(school, community), home(school, community, bo).asked_by) == ({}, None)
    act(school, join.leave, community, ana)
    school.work()
    assert school.board.seats == {AccountId("2"): Role.FACILITATOR}


def test_whoever_was_only_asked_goes_as_they_like(school, community, ana, bo):
    for step, standing in ((join.pause, Standing.PAUSED), (join.leave, Standing.LEFT)):
        asks(school, community, ana, bo)
        act(school, step, community, bo)
        assert of(school, community, bo).standing is standing
        assert asked(school, community) == {}, "going ends the question"
        school.join(community, bo)
        assert of(school, community, bo).role is Role.MEMBER
    asks(school, community, ana, bo)
    act(school, join.choose_level, community, bo, True)
    assert asked(school, community) == {}


def test_a_no_looks_like_a_question_taken_back_and_leaves_nothing(school, community, ana, bo):
    def seen():
        pages = (home(school, community, ana), people(school, community, ana), people(school, community, bo))
        return pages, of(school, community, bo), history(school, community), asked(school, community)

    never = seen()
    asks(school, community, ana, bo)
    assert people(school, community, ana).asked == {bo.id}
    assert people(school, community, bo).asked == frozenset(), "only those who facilitate see who is asked"
    act(school, lambda uow, now: handing_over.take_back(uow, community, ana, bo.id))
    assert seen() == never
    asks(school, community, ana, bo)
    for _ in range(2):
        says(school, community, bo, False)
    assert seen() == never
    with pytest.raises(DomainError, match="not asked any more"):
        says(school, community, bo, True)
    assert of(school, community, bo).role is Role.MEMBER


def test_only_who_facilitates_asks_and_takes_back_and_only_who_is_asked_answers(school, community, ana, bo):
    cy = school.arrive("cy", account="3").person
    with pytest.raises(NotAllowed):
        says(school, community, cy, True)
    act(school, join.offer, community.id, cy, Role.MEMBER)
    school.join(community, cy)
    with pytest.raises(NotAllowed):
        asks(school, community, bo, cy)
    asks(school, community, ana, bo)
    for who in (bo, cy):
        with pytest.raises(NotAllowed):
            act(school, lambda uow, now, who=who: handing_over.take_back(uow, community, who, bo.id))
    with pytest.raises(DomainError, match="not asked"):
        says(school, community, cy, True)
    says(school, community, cy, False)
    assert asked(school, community).keys() == {bo.id}


def test_two_records_of_one_human_are_asked_once(school, community, ana, bo):
    twin = school.arrive("bo-2", account="22").person
    act(school, join.offer, community.id, twin, Role.MEMBER)
    school.join(community, twin)
    for one in (bo, twin):
        asks(school, community, ana, one)
    act(school, lambda uow, now: uow.people.merge(gone=twin.id, into=bo.id))
    assert asked(school, community).keys() == {bo.id}
    act(school, lambda uow, now: uow.people.merge(gone=bo.id, into=ana.id))
    assert asked(school, community) == {}, "who leads is not asked"


# --- the last of all --------------------------------------------------------------------------------------------------


def test_the_only_one_there_leaves_by_putting_the_community_to_rest(school, ana):
    community = school.found(ana)
    school.work()
    for step in (join.leave, join.pause):
        with pytest.raises(DomainError, match="the only one here"):
            act(school, step, community, ana)
    assert now_there(school, community).stage is not Stage.CONCLUDED
    act(school, lambda uow, now: join.leave(uow, community, ana, now, to_rest=True))
    assert now_there(school, community).stage is Stage.CONCLUDED
    assert [space.state for space in school.spaces(community)] == [SpaceState.ARCHIVED]
    assert history(school, community)[:2] == ["left", "put the community to rest"]
    school.work()
    assert school.board.seats == {}
    assert school.join(community, ana).role is Role.FACILITATOR, "and comes back as who they were"
    act(school, lambda uow, now: lifecycle.reopen(uow, now_there(school, community), ana, now))
    school.work()
    assert school.board.seats == {AccountId("1"): Role.FACILITATOR}


@pytest.mark.parametrize(("step", "standing"), [(join.leave, Standing.LEFT), (join.pause, Standing.PAUSED)])
def test_a_community_that_rests_needs_nobody_who_facilitates(school, community, ana, bo, step, standing):
    with pytest.raises(DomainError, match="Or put the community to rest"):
        act(school, lambda uow, now: join.leave(uow, community, ana, now, to_rest=True))
    act(school, lifecycle.conclude, community, ana)
    act(school, step, community, ana)
    assert of(school, community, ana).standing is standing
    assert home(school, community, bo).vacancy == handing_over.Vacancy()
    act(school, handing_over.take_on, community, bo)
    assert of(school, community, bo).role is Role.FACILITATOR
    act(school, lambda uow, now: lifecycle.reopen(uow, now_there(school, community), bo, now))
    assert "took on the facilitation: nobody else facilitated" in history(school, community)


def test_who_is_taken_out_as_the_only_one_puts_nothing_to_rest(school, ana):
    community = school.found(ana)
    school.work()
    del school.board.seats[AccountId("1")]
    for _ in range(4):
        a_look(school, community)
    assert now_there(school, community).stage is not Stage.CONCLUDED
    assert of(school, community, ana).standing is Standing.JOINED


# --- who is away ------------------------------------------------------------------------------------------------------


@pytest.fixture
@once
def vanished(school, community, ana, bo):
    """Ana, who alone leads, was taken out over there."""
    a_look(school, community)
    del school.board.seats[AccountId("1")]
    for _ in range(3):
        a_look(school, community)
    assert "facilitator_removed" in told(school, community)
    return ana


def test_after_a_cycle_of_silence_whoever_takes_part_takes_it_on(school, community, vanished, bo):
    assert home(school, community, bo).vacancy is None
    with pytest.raises(DomainError, match="Somebody facilitates"):
        act(school, handing_over.take_on, community, bo)
    school.clock.pass_by(days=CYCLE - 1)
    a_look(school, community)
    assert home(school, community, bo).vacancy is None, "a later look does not make the silence shorter"
    school.clock.pass_by(days=1)
    assert [n.code for n in home(school, community, bo).vacancy.notices] == ["facilitator_removed"]
    assert home(school, community, vanished).vacancy is None
    for _ in range(2):
        act(school, handing_over.take_on, community, bo)
    assert of(school, community, bo).role is Role.FACILITATOR
    [said] = [one for one in history(school, community) if one.startswith("took on")]
    assert said == (
        "took on the facilitation: who facilitates was taken out in Pin Board and has not been here since"
    )
    assert told(school, community) == {}


def test_who_is_away_stays_what_they_are_and_is_told(school, community, vanished, bo):
    school.clock.pass_by(days=CYCLE + 1)
    act(school, handing_over.take_on, community, bo)
    for _ in range(3):
        a_look(school, community)
    stays = of(school, community, vanished)
    assert (stays.role, stays.standing) == (Role.FACILITATOR, Standing.JOINED)
    assert school.board.seats == {AccountId("2"): Role.FACILITATOR}, "and nobody puts them back over there"
    assert home(school, community, vanished).taken_out == ("Pin Board",)
    assert home(school, community, bo).taken_out == ()
    with school.services.begin() as uow:
        page = explain.explain(
            uow,
            vanished,
            community.id,
            vanished.id,
            school.services.manifests,
            school.clock.now(),
            school.clock.now() - school.clock.now(),
        )
    assert "it was left or taken away over there" in str(page.places[0].step.reason)
    school.board.seats[AccountId("1")] = Role.MEMBER
    for _ in range(2):
        a_look(school, community)
    assert school.board.seats == {AccountId("1"): Role.FACILITATOR, AccountId("2"): Role.FACILITATOR}
    assert home(school, community, vanished).taken_out == ()


def test_who_was_away_and_joins_again_is_seated_again(school, community, vanished, bo):
    school.clock.pass_by(days=CYCLE + 1)
    act(school, handing_over.take_on, community, bo)
    a_look(school, community)
    act(school, join.leave, community, vanished)
    a_look(school, community)
    school.join(community, vanished)
    for _ in range(2):
        a_look(school, community)
    assert school.board.seats == {AccountId("1"): Role.FACILITATOR, AccountId("2"): Role.FACILITATOR}


def test_who_comes_by_any_door_is_not_silent(school, community, vanished, bo):
    school.clock.pass_by(days=CYCLE - 2)
    school.arrive("ana", leads=True)
    school.clock.pass_by(days=4)
    a_look(school, community)
    assert home(school, community, bo).vacancy is None
    school.clock.pass_by(days=CYCLE)
    assert home(school, community, bo).vacancy is not None


def test_who_listens_or_does_not_belong_takes_nothing_on(school, community, vanished, bo):
    school.clock.pass_by(days=CYCLE + 1)
    invited = school.arrive("ivo").person
    act(school, join.offer, community.id, invited, Role.MEMBER)
    act(school, join.choose_level, community, bo, True)
    with pytest.raises(DomainError, match="just listen in"):
        act(school, handing_over.take_on, community, bo)
    for who in (invited, replace(invited, id="nobody")):
        with pytest.raises(NotAllowed):
            act(school, handing_over.take_on, community, who)
    assert of(school, community, bo).role is Role.LISTENING_IN


def test_where_somebody_facilitates_nothing_is_there_to_take_on(school, community, ana, bo):
    cy = school.arrive("cy", account="3").person
    act(school, join.offer, community.id, cy, Role.MEMBER)
    school.join(community, cy)
    act(school, leads_too, community, ana, bo)
    act(school, join.leave, community, ana)
    school.clock.pass_by(days=90)
    with pytest.raises(DomainError, match="Somebody facilitates"):
        act(school, handing_over.take_on, community, cy)
    assert of(school, community, cy).role is Role.MEMBER

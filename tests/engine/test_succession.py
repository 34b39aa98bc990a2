"""Facilitators in first, out last: where one who leads goes by their own word, others lead before that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import act, leads_too, told

from coplink.core.people import Role, Standing
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join, lifecycle, plans
from coplink.ports.errors import OutcomeUnknown, PermissionMissing, Throttled, Unavailable
from coplink.testing.beginnings import once

LEADS, MEMBER = Role.FACILITATOR, Role.MEMBER


@pytest.fixture
@once
def bo(school, community):
    return school.arrive("bo", account="2").person


@pytest.fixture
def seen(school):
    """Who sat there after each write that changed it."""
    found, wrote = [dict(school.board.seats)], school.board.wrote

    def noted():
        if found[-1] != school.board.seats:
            found.append(dict(school.board.seats))
        wrote()

    school.board.wrote = noted
    return found


def joined(school, community, subject, account=None):
    person = school.arrive(subject, account=account).person
    act(school, join.offer, community.id, person, MEMBER)
    school.join(community, person)
    return person


def handed_over(school, community, ana, to):
    act(school, leads_too, community, ana, to)
    act(school, join.leave, community, ana)


def look(school, community):
    school.clock.pass_by(hours=1)
    school.mark(community, Kind.RECONCILE)
    school.work(patience=300)


def test_whoever_takes_over_leads_before_the_one_who_led_is_gone(school, ana, bo, community, seen):
    handed_over(school, community, ana, bo)
    school.work()
    assert seen[1:] == [{"1": LEADS, "2": LEADS}, {"2": LEADS}]
    assert told(school, community) == {}


def test_whoever_takes_over_and_has_just_joined_sits_before_the_one_who_led_is_gone(
    school, ana, community, seen
):
    cem = joined(school, community, "cem", "5")
    handed_over(school, community, ana, cem)
    school.work()
    assert seen[1:] == [{"1": LEADS, "2": MEMBER, "5": LEADS}, {"2": MEMBER, "5": LEADS}]


@pytest.mark.parametrize(
    "trouble",
    [
        PermissionMissing(say("No."), "caretaker"),
        Unavailable(say("Not now.")),
        Throttled(say("Slow."), 5),
        OutcomeUnknown("lost"),
    ],
)
def test_where_nobody_can_be_made_to_lead_the_one_who_led_goes_all_the_same(
    school, ana, bo, community, trouble
):
    handed_over(school, community, ana, bo)
    school.board.trouble["seats.put"] = [trouble]
    school.jobs.run_until_idle()
    assert "1" not in school.board.seats
    school.work()
    look(school, community)
    assert school.board.seats == {"2": LEADS}, "once it can be done it is"
    assert "nobody_leads" not in told(school, community)


def test_where_nobody_who_facilitates_leads_any_more_they_are_told_until_somebody_does(
    school, ana, community
):
    eve = joined(school, community, "eve")
    school.work()
    handed_over(school, community, ana, eve)
    school.work()
    look(school, community)
    assert school.board.seats == {"2": MEMBER}
    said = told(school, community)["nobody_leads"]
    assert said.startswith("Nobody who facilitates the community leads its board in Pin Board now.")
    assert "opens the staff room once" in said
    school.arrive("eve", account="7")
    look(school, community)
    assert school.board.seats == {"2": MEMBER, "7": LEADS}
    assert told(school, community) == {}


def test_they_are_told_also_where_the_one_who_led_left_over_there(school, ana, community):
    eve = joined(school, community, "eve")
    school.work()
    look(school, community)
    act(school, leads_too, community, ana, eve)
    school.work()
    del school.board.seats["1"]
    look(school, community)
    look(school, community)
    assert list(told(school, community)) == ["nobody_leads"]


def test_nobody_is_told_where_a_member_leaves_or_the_place_is_let_go(school, ana, bo, community):
    eve = joined(school, community, "eve")
    act(school, join.leave, community, bo)
    school.work()
    assert told(school, community) == {}
    handed_over(school, community, ana, eve)
    school.work()
    assert list(told(school, community)) == ["nobody_leads"]
    act(school, lifecycle.detach, school.spaces(community)[0], eve, "Pin Board", False)
    school.work()
    assert told(school, community) == {}


# --- beside a question ------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(school, community):
    """Twelve more people, four of whom turn out not to belong: that is asked about."""
    found = [joined(school, community, f"p{number}", str(number)) for number in range(10, 22)]
    for _ in range(2):
        look(school, community)
    with school.services.begin() as uow:
        for person in found[:4]:
            membership = uow.communities.membership(community.id, person.id)
            uow.communities.put_membership(replace(membership, standing=Standing.INVITED))
        uow.commit()
    return found


def waiting(school, community):
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        return uow.plans.of(space.id)


def test_a_question_keeps_nobody_in_and_is_not_about_who_takes_over(school, ana, bo, community, crowd):
    look(school, community)
    before = waiting(school, community)
    handed_over(school, community, ana, bo)
    school.work()
    assert "1" not in school.board.seats
    assert school.board.seats["2"] is LEADS
    assert len(school.board.seats) == 13, "nobody else lost the seat"
    assert waiting(school, community).digest == before.digest


def test_an_approval_that_names_who_takes_over_is_good_for_what_is_left(school, ana, bo, community, crowd):
    act(school, leads_too, community, ana, bo)
    look(school, community)
    kept = waiting(school, community)
    assert "2" in {line.account for line in kept.lines}
    act(school, plans.approve, school.spaces(community)[0], kept.digest, ana, "Pin Board")
    act(school, join.leave, community, ana)
    school.work()
    assert set(school.board.seats) == {"2", *map(str, range(14, 22))}
    assert (school.board.seats["2"], waiting(school, community)) == (LEADS, None)
    assert told(school, community) == {}


# --- where nothing else is done ---------------------------------------------------------------------------------------


def test_at_rest_whoever_sits_there_leads_first_and_nobody_new_sits(school, ana, bo, community, seen):
    act(school, lifecycle.conclude, community, ana)
    school.work()
    cem = joined(school, community, "cem", "5")
    act(school, leads_too, community, ana, cem)
    handed_over(school, community, ana, bo)
    school.work()
    assert seen[1:] == [{"1": LEADS, "2": LEADS}, {"2": LEADS}]


def test_before_a_place_is_let_go_too(school, ana, bo, community, seen):
    handed_over(school, community, ana, bo)
    act(school, lifecycle.detach, school.spaces(community)[0], bo, "Pin Board", False)
    school.work()
    assert seen[1:] == [{"1": LEADS, "2": LEADS}, {"2": LEADS}]

"""Whoever leaves gives up seat and meetings also where a place rests, or sticks while it is made or woken."""

from __future__ import annotations

import pytest
from tests.engine.acts import act, links, now_there, told

from coplink.core.people import Role
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join, lifecycle
from coplink.ports.errors import (
    Gone,
    OutcomeUnknown,
    PermissionMissing,
    PolicyForbids,
    Throttled,
    Unavailable,
)
from coplink.testing.beginnings import once

BO = "2@school.example"


@pytest.fixture
@once
def bo(school, community):
    return school.arrive("bo", account="2").person


@pytest.fixture
@once
def resting(school, ana, community):
    act(school, lifecycle.conclude, community, ana)
    school.work()
    return community


def state(school, community):
    return school.spaces(community)[0].state


def invited(school):
    ((_, attendees),) = school.board.series.values()
    return set(attendees)


# --- a place that sticks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [join.leave, join.pause])
def test_who_leaves_while_waking_was_refused_gives_up_the_seat(school, ana, bo, resting, verb):
    school.board.trouble["upkeep.read"] = [PolicyForbids(say("Not now."), "caretaker")] * 9
    act(school, lifecycle.reopen, now_there(school, resting), ana)
    school.work()
    assert state(school, resting) is SpaceState.STUCK
    act(school, verb, now_there(school, resting), bo)
    school.work()
    assert school.board.seats == {"1": Role.FACILITATOR}
    assert state(school, resting) is SpaceState.STUCK, "nothing else has become of it"


def test_who_leaves_while_waking_is_tried_again_and_again_does_too(school, ana, bo, resting):
    school.board.trouble["upkeep.read"] = [Unavailable(say("Not now."))] * 3
    act(school, lifecycle.reopen, now_there(school, resting), ana)
    school.jobs.run_until_idle()
    assert state(school, resting) is SpaceState.MAKING
    act(school, join.leave, now_there(school, resting), bo)
    school.jobs.run_until_idle()
    assert school.board.seats == {"1": Role.FACILITATOR}
    school.work()
    assert state(school, resting) is SpaceState.READY


def test_who_leaves_where_taking_a_place_up_again_sticks_gives_up_the_seat(school, ana, bo, community):
    act(school, lifecycle.detach, school.spaces(community)[0], ana, "Pin Board", False)
    school.work()
    school.board.trouble["spaces.describe"] = [PermissionMissing(say("No."), "caretaker")]
    act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    assert state(school, community) is SpaceState.STUCK
    act(school, join.leave, community, bo)
    school.work()
    assert school.board.seats == {"1": Role.FACILITATOR}


def test_where_a_place_sticks_nobody_is_seated_and_nobody_asked_unless_somebody_left(
    school, ana, bo, resting
):
    school.board.trouble["upkeep.read"] = [PolicyForbids(say("Not now."), "caretaker")] * 9
    act(school, lifecycle.reopen, now_there(school, resting), ana)
    school.work()
    cem = school.arrive("cem", account="5").person
    act(school, join.offer, resting.id, cem, Role.MEMBER)
    school.board.calls.clear()
    school.join(resting, cem)
    school.work()
    assert (school.board.calls, "5" in school.board.seats) == ([], False)


def test_a_place_of_which_a_part_is_there_asks_nobody_when_somebody_leaves(school, ana):
    school.board.trouble["spaces.frame"] = [PermissionMissing(say("No."), "caretaker")]
    made = school.found(ana)
    bo = school.arrive("bo", account="2").person
    act(school, join.offer, made.id, bo, Role.MEMBER)
    school.join(made, bo)
    school.work()
    assert (state(school, made), list(school.spaces(made)[0].parts)) == (SpaceState.STUCK, ["board"])
    school.board.calls.clear()
    act(school, join.leave, made, bo)
    school.work()
    assert school.board.calls == []


# --- meetings of a place at rest --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [join.leave, join.pause])
def test_who_leaves_a_community_at_rest_is_invited_to_its_meetings_no_more(school, bo, resting, verb):
    before = dict(school.board.series)
    assert BO in invited(school)
    act(school, verb, now_there(school, resting), bo)
    school.work()
    assert invited(school) == {"1@school.example"}
    assert [starts for starts, _ in before.values()] == [starts for starts, _ in school.board.series.values()]


def test_nothing_else_of_a_resting_calendar_changes(school, ana, bo, resting):
    act(school, lifecycle.rename, now_there(school, resting), ana, "Late readers")
    cem = school.arrive("cem", account="5").person
    act(school, join.offer, resting.id, cem, Role.MEMBER)
    school.join(resting, cem)
    school.work()
    ((key, (starts, _)),) = school.board.series.items()
    moved = (starts[0].replace(hour=3), *starts[1:])  # by hand
    school.board.series[key] = moved, school.board.series[key][1]
    act(school, join.leave, now_there(school, resting), bo)
    school.work()
    assert school.board.series[key] == (moved, ("1@school.example",))
    assert set(school.board.titles.values()) == {"Literacy"}
    school.board.writes = 0
    school.mark(resting, Kind.PLACE_MEETINGS)
    school.work()
    assert school.board.writes == 0, "once is enough"


@pytest.mark.parametrize(
    "trouble", [Unavailable(say("Not now.")), Throttled(say("Slow."), 5), OutcomeUnknown("lost")]
)
def test_a_calendar_that_is_silent_for_a_moment_is_asked_again(school, bo, resting, trouble):
    school.board.trouble["calendar.uninvite"] = [trouble]
    act(school, join.leave, now_there(school, resting), bo)
    school.work()
    assert invited(school) == {"1@school.example"}


def test_a_calendar_that_refuses_is_told_and_one_that_is_gone_has_no_attendees(school, bo, resting):
    school.board.trouble["calendar.uninvite"] = [PermissionMissing(say("No."), "caretaker"), Gone("away")]
    act(school, join.leave, now_there(school, resting), bo)
    school.work()
    assert str(told(school, resting)["permission_missing"]) == "No."
    school.mark(resting, Kind.PLACE_MEETINGS)
    school.work()
    assert told(school, resting) == {}


def test_who_leaves_is_taken_off_under_an_older_address_too(school, bo, resting):
    links(school, bo, "22")
    act(school, join.leave, now_there(school, resting), school.arrive("bo", account="2").person)
    school.work()
    assert invited(school) == {"1@school.example"}


def test_woken_again_whoever_stayed_is_invited(school, ana, bo, resting):
    act(school, join.leave, now_there(school, resting), bo)
    school.work()
    act(school, lifecycle.reopen, now_there(school, resting), ana)
    school.join(resting, bo)
    school.work()
    assert invited(school) == {"1@school.example", BO}

"""Whoever left gives up the seat also in a place that is let go before a worker came, or taken up again later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine.acts import act, links

from coplink.core.people import Role
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import disconnect, join, lifecycle
from coplink.ports.errors import Gone, OutcomeUnknown, PermissionMissing, Reauthorize, Throttled, Unavailable
from coplink.testing.beginnings import once


@pytest.fixture
@once
def bo(school):
    return school.arrive("bo", account="2").person


@pytest.fixture
@once
def community(school, ana, bo):
    made = school.found(ana)
    with school.services.begin() as uow:
        join.offer(uow, made.id, bo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(made, bo)
    school.work()
    look(school, made)
    return made


def look(school, community):
    school.clock.pass_by(hours=1)
    school.mark(community, Kind.RECONCILE)
    school.work()


def let_go(school, community, ana):
    act(school, lifecycle.detach, school.spaces(community)[0], ana, "Pin Board", False)
    school.work()


def left(school, community):
    (space,) = school.spaces(community)
    assert (space.state, space.parting) == (SpaceState.DETACHED, None)
    with school.services.begin() as uow:
        return [str(one.how) for one in uow.spaces.left(space.id)]


@pytest.mark.parametrize("verb", [join.leave, join.pause])
def test_who_left_just_before_the_place_is_let_go_gives_up_the_seat(school, ana, bo, community, verb):
    act(school, verb, community, bo)
    let_go(school, community, ana)
    assert school.board.seats == {"1": Role.FACILITATOR}, "and nobody else does"
    assert left(school, community) == ["Take it off its hook."]


def test_who_left_just_before_the_system_is_disconnected_does_too(school, bo, community):
    act(school, join.leave, community, bo)
    with school.services.begin() as uow:
        here = uow.institutions.connection_of(school.here.id, "pinboard")
        disconnect.disconnect(uow, here, "Pin Board", "", False, school.clock.now())
        uow.commit()
    school.work()
    assert school.board.seats == {"1": Role.FACILITATOR}
    assert left(school, community) == ["Take it off its hook."]


def test_where_nobody_left_nobody_is_asked_for_seats(school, ana, community):
    school.board.calls.clear()
    let_go(school, community, ana)
    assert school.board.calls == ["upkeep.let_go"]


def test_a_seat_that_somebody_gave_by_hand_is_not_taken_away(school, ana, bo, community):
    act(school, join.leave, community, bo)
    school.work()
    assert "2" not in school.board.seats
    look(school, community)
    school.board.seats["2"] = Role.MEMBER
    look(school, community)
    let_go(school, community, ana)
    assert "2" in school.board.seats


@pytest.mark.parametrize(
    "refusal", [PermissionMissing(say("No."), "caretaker"), Reauthorize(say("No."), "caretaker")]
)
@pytest.mark.parametrize("call", ["seats.read", "seats.remove"])
def test_where_the_platform_refuses_it_is_told_who_is_to_do_it(school, ana, bo, community, refusal, call):
    act(school, join.leave, community, bo)
    school.board.trouble[call] = [refusal]
    let_go(school, community, ana)
    first, second = left(school, community)
    assert first == "Take it off its hook."
    assert "may still sit there: 1." in second
    assert "Bo" not in second, "nobody is named"


@pytest.mark.parametrize(
    "trouble", [Unavailable(say("Not now.")), Throttled(say("Slow."), 5), OutcomeUnknown("lost")]
)
def test_a_platform_that_is_silent_for_a_moment_is_asked_again(school, ana, bo, community, trouble):
    act(school, join.leave, community, bo)
    school.board.trouble["seats.remove"] = [trouble]
    let_go(school, community, ana)
    assert school.board.seats == {"1": Role.FACILITATOR}
    assert left(school, community) == ["Take it off its hook."]


def test_a_platform_that_is_silent_for_long_holds_nobody_back(school, ana, bo, community):
    act(school, join.leave, community, bo)
    school.board.trouble["seats.read"] = [Unavailable(say("Not now."))] * 9
    let_go(school, community, ana)
    assert "may still sit there: 1." in left(school, community)[1]


def test_in_a_place_that_is_gone_nobody_sits(school, ana, bo, community):
    act(school, join.leave, community, bo)
    school.board.trouble["*"] = [Gone("away"), Gone("away")]
    let_go(school, community, ana)
    assert left(school, community) == []


def test_of_half_a_listing_nobody_is_forgotten(school, ana, bo, community):
    act(school, join.leave, community, bo)
    school.board.complete = False
    let_go(school, community, ana)
    assert school.board.seats == {"1": Role.FACILITATOR}


def test_who_left_while_it_was_let_go_gives_up_the_seat_when_it_is_taken_up_again(school, ana, bo, community):
    school.board.seats["3"] = Role.MEMBER  # by hand: somebody who is no member
    let_go(school, community, ana)
    act(school, join.leave, community, bo)
    school.work()
    assert "2" in school.board.seats, "nobody is called meanwhile"
    act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    look(school, community)
    assert school.board.seats == {"1": Role.FACILITATOR, "3": Role.MEMBER}
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        assert uow.ledger.remembered(space.id, school.clock.now(), timedelta(0)).unknown == {"1"}, "a member"
    school.join(community, bo)
    school.work()
    assert "2" in school.board.seats, "who comes back sits again"


def taken_up_again(school, community, ana):
    act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    look(school, community)
    look(school, community)


def test_who_left_and_was_seated_by_hand_while_it_was_let_go_keeps_that_seat(school, ana, bo, community):
    act(school, join.leave, community, bo)
    school.work()
    look(school, community)
    let_go(school, community, ana)
    school.board.seats["2"] = Role.MEMBER
    taken_up_again(school, community, ana)
    assert school.board.seats == {"1": Role.FACILITATOR, "2": Role.MEMBER}


def test_a_member_seated_by_hand_before_it_was_let_go_keeps_that_seat_when_they_leave(
    school, ana, bo, community
):
    school.board.seats["5"] = Role.MEMBER
    look(school, community)
    cem = school.arrive("cem", account="5").person
    act(school, join.offer, community.id, cem, Role.MEMBER)
    school.join(community, cem)
    school.work()
    let_go(school, community, ana)
    taken_up_again(school, community, ana)
    for who in (bo, cem):
        act(school, join.leave, community, who)
    look(school, community)
    assert school.board.seats == {"1": Role.FACILITATOR, "5": Role.MEMBER}


def test_whose_seat_the_platform_would_not_take_gives_it_up_when_it_is_taken_up_again(
    school, ana, bo, community
):
    act(school, join.leave, community, bo)
    school.board.trouble["seats.remove"] = [PermissionMissing(say("No."), "caretaker")]
    let_go(school, community, ana)
    assert "2" in school.board.seats
    taken_up_again(school, community, ana)
    assert school.board.seats == {"1": Role.FACILITATOR}


def test_where_nothing_was_kept_whom_their_institution_took_out_has_an_older_seat_borne_in_mind(
    school, ana, bo, community
):
    let_go(school, community, ana)
    act(school, lambda uow, now: join.set_aside(uow, [uow.communities.membership(community.id, bo.id)], now))
    links(school, bo, "22")
    (space,) = school.spaces(community)
    with school.services.begin() as uow:  # as earlier versions left it
        uow.ledger.forget(space.id, ["1", "2"])
        uow.commit()
    act(school, lifecycle.revive, space, ana, "Pin Board")
    with school.services.begin() as uow:
        assert "2" in uow.ledger.remembered(space.id, school.clock.now(), timedelta(0)).unknown

"""A community gets another name, rests and wakes; a place is let go; nothing that a person made is touched."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine.acts import a_day_later, act, history, now_there, told

from coplink.core.community import Stage
from coplink.core.errors import DomainError
from coplink.core.people import AccountId, Role
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join, lifecycle, marks, provision
from coplink.engine.sweep import due_by_time
from coplink.ports.errors import (
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
    Throttled,
    Unavailable,
)
from coplink.ports.upkeep import Kept

# --- another name -----------------------------------------------------------------------------------------------------


def test_a_new_name_reaches_the_place_and_the_calendar_and_a_second_time_writes_nothing(
    school, ana, community
):
    act(school, lifecycle.rename, community, ana, "  Reading \n circle ")
    school.work()
    assert school.board.names["board-1"] == "Reading circle"
    assert set(school.board.titles.values()) == {"Reading circle"}
    (space,) = school.spaces(community)
    assert (space.name, space.written_name) == ("Reading circle", "Reading circle")
    school.board.writes = 0
    act(school, lifecycle.rename, now_there(school, community), ana, "Reading circle")
    school.mark(community, Kind.UPKEEP)
    school.work()
    assert school.board.writes == 0
    assert history(school, community).count("named the community “Reading circle”") == 1


def test_a_name_that_is_none_is_refused(school, ana, community):
    for wrong in ("", " \n ", "x" * 81):
        with pytest.raises(DomainError):
            act(school, lifecycle.rename, community, ana, wrong)
    assert now_there(school, community).name == "Literacy"


def test_what_somebody_named_over_there_stays_and_is_told_until_a_person_decides(school, ana, community):
    school.board.names["board-1"] = "Mr. Hill's corner"
    act(school, lifecycle.rename, community, ana, "Reading circle")
    school.work()
    assert school.board.names["board-1"] == "Mr. Hill's corner"
    assert "Mr. Hill's corner" in told(school, community)["renamed_there"]
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        lifecycle.use_our_name(uow, space)
        uow.commit()
    school.work()
    assert school.board.names["board-1"] == "Reading circle"
    assert "renamed_there" not in told(school, community)


@pytest.mark.parametrize(
    "trouble", [OutcomeUnknown("lost"), Unavailable(say("Not now.")), Throttled(say("Slower."))]
)
def test_a_rename_that_was_cut_short_is_no_name_of_somebody_elses(school, ana, community, trouble):
    school.board.trouble["upkeep.rename"] = [trouble]
    act(school, lifecycle.rename, community, ana, "Reading circle")
    school.work()
    assert school.board.names["board-1"] == "Reading circle"
    assert told(school, community) == {}
    (space,) = school.spaces(community)
    assert space.written_name == "Reading circle"


def test_a_rename_that_needs_a_person_says_so_and_goes_on_when_asked_again(school, ana, community):
    refusal = PermissionMissing(say("coplink may not rename there."), "caretaker", ["pins.name"])
    school.board.trouble["upkeep.rename"] = [refusal]
    act(school, lifecycle.rename, community, ana, "Reading circle")
    school.work()
    (space,) = school.spaces(community)
    assert space.state is SpaceState.READY
    assert space.trouble.who == "caretaker"
    with school.services.begin() as uow:
        provision.try_again(uow, space)
        uow.commit()
    school.work()
    assert school.board.names["board-1"] == "Reading circle"
    assert school.spaces(community)[0].trouble is None


# --- rest and waking --------------------------------------------------------------------------------------------------


def test_a_community_at_rest_is_left_alone_and_everybody_keeps_their_seat(school, ana, community):
    seats = dict(school.board.seats)
    assert seats
    act(school, lifecycle.conclude, community, ana)
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, now_there(school, community).stage) == (SpaceState.ARCHIVED, Stage.CONCLUDED)
    assert school.board.archived == {"board-1"}
    assert space.archived_at == school.clock.now() or space.archived_at < school.clock.now()
    calls = a_day_later(school, community)
    assert set(calls) <= {"upkeep.read", "upkeep.rename"}, "only what a person asked for"
    assert school.board.writes == 0
    assert school.board.seats == seats


def test_whoever_leaves_a_community_at_rest_gives_up_the_seat_and_nothing_else_changes(
    school, ana, community
):
    ben = school.arrive("ben", account="2").person
    with school.services.begin() as uow:
        join.offer(uow, community.id, ben, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, ben)
    school.work()
    assert {"1", "2"} <= school.board.seats.keys()
    act(school, lifecycle.conclude, community, ana)
    school.work()
    school.board.seats[AccountId("77")] = Role.MEMBER  # somebody sits there by hand
    cleo = school.arrive("cleo", account="3").person
    with school.services.begin() as uow:
        join.offer(uow, community.id, cleo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, cleo)
    school.work()
    assert school.board.seats.keys() == {"1", "2", "77"}, "nobody is seated where it rests"
    with school.services.begin() as uow:
        join.leave(uow, now_there(school, community), ben, school.clock.now())
        uow.commit()
    school.work()
    assert school.board.seats.keys() == {"1", "77"}


def test_the_library_of_a_place_at_rest_is_not_due_again_and_again(school, ana, community):
    act(school, lifecycle.archive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    a_day_later(school, community)
    school.clock.pass_by(hours=1)
    often, daily = timedelta(minutes=15), timedelta(hours=24)
    assert [due_by_time(school.services.begin, school.clock.now(), often, daily) for _ in range(2)] == [0, 0]


def test_woken_everything_is_looked_at_anew(school, ana, community):
    act(school, lifecycle.conclude, community, ana)
    school.work()
    cleo = school.arrive("cleo", account="3").person
    with school.services.begin() as uow:
        join.offer(uow, community.id, cleo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, cleo)
    school.work()
    assert "3" not in school.board.seats
    act(school, lifecycle.rename, now_there(school, community), ana, "Late readers")
    school.board.calls.clear()
    act(school, lifecycle.reopen, now_there(school, community), ana)
    school.work()
    assert not school.board.archived
    assert "3" in school.board.seats
    assert school.board.names["board-1"] == "Late readers"
    (space,) = school.spaces(community)
    assert (space.state, space.archived_at) == (SpaceState.READY, None)
    for read in ("seats.read", "calendar.put", "library.changes"):
        assert read in school.board.calls
    assert "woke the community" in history(school, community)


def test_rest_and_waking_twice_are_one(school, ana, community):
    for verb in (lifecycle.conclude, lifecycle.conclude, lifecycle.reopen, lifecycle.reopen):
        act(school, verb, now_there(school, community), ana)
        school.work()
    lines = history(school, community)
    assert (lines.count("put the community to rest"), lines.count("woke the community")) == (1, 1)


def test_a_place_that_is_still_being_archived_is_asked_again_until_it_is(school, ana, community):
    still = [NotReadyYet(say("Still at it."), retry_after=30.0) for _ in range(3)]
    school.board.trouble["upkeep.archive"] = list(still)
    act(school, lifecycle.conclude, community, ana)
    school.work()
    assert school.board.archived == {"board-1"}
    assert school.board.calls.count("upkeep.archive") == 4
    assert told(school, community) == {}
    school.board.trouble["upkeep.restore"] = list(still)
    act(school, lifecycle.reopen, now_there(school, community), ana)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    assert not school.board.archived


def test_woken_before_it_rests_it_ends_awake(school, ana, community):
    act(school, lifecycle.conclude, community, ana)
    act(school, lifecycle.reopen, now_there(school, community), ana)
    school.work()
    assert not school.board.archived
    assert school.spaces(community)[0].state is SpaceState.READY


def test_what_was_done_instead_is_said_and_waking_by_hand_waits_for_a_person(
    school, ana, community, monkeypatch
):
    from coplink.testing import pinned_upkeep

    instead = Kept(False, say("The board has no cloth; its name says that it rests."))
    monkeypatch.setattr(pinned_upkeep.PinnedUpkeep, "archive", lambda self, parts: instead)
    by_hand = Kept(False, say("Somebody locked the room; the caretaker opens it."))
    monkeypatch.setattr(pinned_upkeep.PinnedUpkeep, "restore", lambda self, parts: by_hand)
    (space,) = school.spaces(community)
    act(school, lifecycle.archive, space, ana, "Pin Board")
    school.work()
    assert school.spaces(community)[0].trouble.message == instead.said
    act(school, lifecycle.restore, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, space.trouble.message, space.trouble.who) == (
        SpaceState.STUCK,
        by_hand.said,
        "caretaker",
    )
    monkeypatch.undo()
    with school.services.begin() as uow:
        provision.try_again(uow, space)
        uow.commit()
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY


def test_one_place_rests_while_the_community_goes_on_and_not_the_other_way_round(school, ana, community):
    (space,) = school.spaces(community)
    act(school, lifecycle.archive, space, ana, "Pin Board")
    school.work()
    with school.services.begin() as uow:
        marks.everything(uow, community.id)
        uow.commit()
    school.board.calls.clear()
    school.work()
    assert school.board.calls == []
    act(school, lifecycle.conclude, now_there(school, community), ana)
    with pytest.raises(DomainError, match="whole community rests"):
        act(school, lifecycle.restore, school.spaces(community)[0], ana, "Pin Board")


def test_a_place_that_is_half_made_waits_while_the_community_rests(school, ana):
    school.board.trouble["spaces.frame"] = [Unavailable(say("Not now."))]
    made = school.found(ana)
    school.jobs.run_until_idle()
    act(school, lifecycle.conclude, made, ana)
    school.work()
    assert school.spaces(made)[0].state is SpaceState.MAKING
    act(school, lifecycle.reopen, now_there(school, made), ana)
    school.work()
    assert school.spaces(made)[0].state is SpaceState.READY

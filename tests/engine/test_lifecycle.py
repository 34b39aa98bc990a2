"""A community gets another name, rests and wakes; a place is let go; nothing that a person made is touched."""

from __future__ import annotations

import pytest

from coplink.core.artifacts import FileFact
from coplink.core.community import Stage
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Role
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, join, lifecycle, marks, provision
from coplink.engine.sweep import due_by_time, full_round
from coplink.ports.errors import (
    Gone,
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
    Throttled,
    Unavailable,
)
from coplink.ports.upkeep import Kept


@pytest.fixture
def ana(school):
    return school.arrive("ana", leads=True, account="1").person


@pytest.fixture
def community(school, ana):
    made = school.found(ana)
    bo = school.arrive("bo", account="2").person
    with school.services.begin() as uow:
        join.offer(uow, made.id, bo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(made, bo)
    school.work()
    return made


def act(school, verb, *args):
    """One act of a person, kept at once."""
    with school.services.begin() as uow:
        result = verb(uow, *args, school.clock.now())
        uow.commit()
    return result


def now_there(school, community):
    with school.services.begin() as uow:
        return uow.communities.get(community.id)


def a_day_later(school, community):
    """A full round over everything, and a sweep over the libraries."""
    school.board.calls.clear()
    school.board.writes = 0
    school.clock.pass_by(days=2)
    with school.services.begin() as uow:
        full_round(uow, community.id, school.clock.now())
        for kind in Kind:
            for space in uow.spaces.of(community.id):
                if kind not in (Kind.ORDER_NOTICES, Kind.PREFLIGHT, Kind.DISCONNECT):
                    uow.work.mark(kind, space.id, community.id)
        uow.commit()
    due_by_time(school.services.begin, school.clock.now(), *(school_days() for _ in range(2)))
    school.work()
    return list(school.board.calls)


def school_days():
    from datetime import timedelta

    return timedelta(minutes=15)


def told(school, community):
    with school.services.begin() as uow:
        return {one.code: str(one.message) for one in uow.records.notices(community=community.id)}


def history(school, community):
    with school.services.begin() as uow:
        return [str(one.message) for one in uow.records.history(community.id)]


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


# --- letting go -------------------------------------------------------------------------------------------------------


def files(school):
    at = school.clock.now()
    school.board.files.append(
        FileFact("f1", "Plan.docx", "https://pinboard.example/f1", at, at, "1", author_name="Bo")
    )


@pytest.mark.parametrize("take_away", [False, True])
def test_a_place_that_was_let_go_is_never_looked_at_again(school, ana, community, take_away):
    files(school)
    school.mark(community, Kind.COLLECT)
    school.work()
    seats, (space,) = dict(school.board.seats), school.spaces(community)
    act(school, lifecycle.detach, space, ana, "Pin Board", take_away)
    school.work()
    assert school.board.seats == seats, "nobody is removed"
    assert ("frame-2" in school.board.boards) is not take_away, "only its own frame goes, and only when asked"
    with school.services.begin() as uow:
        (left,) = uow.spaces.left(space.id)
        assert (left.title, str(left.how)) == ("Literacy", "Take it off its hook.")
        assert uow.ledger.kept(space.institution) == 0
        assert uow.ledger.seats(space.id) == {}
        (artifact,) = uow.catalogue.of(community.id)
        assert artifact.link == "https://pinboard.example/f1"
    assert a_day_later(school, community) == []
    (space,) = school.spaces(community)
    assert (space.state, space.parting) == (SpaceState.DETACHED, None)


def test_letting_go_twice_is_one_and_asks_nobody(school, ana, community):
    (space,) = school.spaces(community)
    act(school, lifecycle.detach, space, ana, "Pin Board", False)
    school.work()
    school.board.calls.clear()
    act(school, lifecycle.detach, school.spaces(community)[0], ana, "Pin Board", True)
    school.mark(community, Kind.UPKEEP)
    school.work()
    assert school.board.calls == []
    assert history(school, community).count("let a place go: Pin Board") == 1


@pytest.mark.parametrize(
    ("trouble", "asked"),
    [
        (PermissionMissing(say("No."), "caretaker"), 1),
        (Gone(say("It is gone.")), 1),
        (Unavailable(say("Not now.")), 3),
        (OutcomeUnknown("lost"), 3),
    ],
)
def test_a_platform_that_lets_nobody_in_holds_nobody_back(school, ana, community, trouble, asked):
    name = "upkeep.let_go"
    school.board.trouble[name] = [trouble] * 10
    if isinstance(trouble, OutcomeUnknown):  # planned for answers, and nothing is written here
        school.board.call = raising(school.board, name, trouble)
    (space,) = school.spaces(community)
    act(school, lifecycle.detach, space, ana, "Pin Board", False)
    school.work()
    (space,) = school.spaces(community)
    assert space.parting is None
    with school.services.begin() as uow:
        left = uow.spaces.left(space.id)
    if isinstance(trouble, Gone):
        assert left == []
    else:
        assert [(one.title, one.link) for one in left] == [("Literacy", space.link)]
        assert space.marker in str(left[0].how)
        assert 10 - len(school.board.trouble[name]) == asked or school.board.calls.count(name) == asked


def raising(board, name, trouble):
    real = type(board).call

    def call(called, write=False):
        real(board, called, write) if called != name else board.calls.append(called)
        if called == name:
            raise trouble

    return call


def test_let_go_while_it_is_made_it_is_not_made_ready(school, ana):
    made = school.found(ana)
    real = school.board.answer

    def meanwhile(name):
        real(name)
        if name == "spaces.board":
            act(school, lifecycle.detach, school.spaces(made)[0], ana, "Pin Board", False)

    school.board.answer = meanwhile
    school.work()
    (space,) = school.spaces(made)
    assert (space.state, space.parting, list(space.parts)) == (SpaceState.DETACHED, None, ["board"])
    with school.services.begin() as uow:
        assert [one.title for one in uow.spaces.left(space.id)] == ["Literacy"]
    assert "spaces.frame" not in school.board.calls


def test_taken_up_again_it_is_found_by_its_mark(school, ana, community):
    (space,) = school.spaces(community)
    act(school, lifecycle.detach, space, ana, "Pin Board", True)
    with pytest.raises(DomainError, match="taking its leave"):
        act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    (space,) = school.spaces(community)
    assert space.state is SpaceState.READY
    assert space.parts["board"] == "board-1", "found, not made"
    assert sum(mark.startswith("board/") for mark in school.board.boards.values()) == 1
    assert set(school.board.seats) == {"1", "2"}
    with school.services.begin() as uow:
        assert uow.spaces.left(space.id) == []


def test_only_what_can_be_is_put_to_rest_woken_let_go_and_taken_up(school, ana, community):
    (space,) = school.spaces(community)
    with pytest.raises(DomainError):
        act(school, lifecycle.revive, _in(space, SpaceState.ARCHIVED), ana, "Pin Board")
    with pytest.raises(DomainError):
        act(school, lifecycle.archive, _in(space, SpaceState.MAKING), ana, "Pin Board")
    with pytest.raises(DomainError):
        act(school, lifecycle.restore, _in(space, SpaceState.DETACHED), ana, "Pin Board")
    with pytest.raises(DomainError):
        act(school, lifecycle.detach, _in(space, SpaceState.WAITING), ana, "Pin Board", False)
    other = connect.invite_admin
    with school.services.begin() as uow:
        admin = uow.people.get(other(uow, school.there, "Kim", school.clock.now()).person)
        with pytest.raises(NotFound):
            lifecycle.space_of_admin(uow, admin, space.id)
        with pytest.raises(NotFound):
            lifecycle.space_of_community(uow, "another", space.id)


def _in(space, state):
    from dataclasses import replace

    return replace(space, state=state)

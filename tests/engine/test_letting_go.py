"""A place is let go: it stays as it is, is never looked at again, and taken up only when a person says so."""

from __future__ import annotations

import pytest
from tests.engine.acts import a_day_later, act, history

from coplink.core.artifacts import FileFact
from coplink.core.errors import DomainError, NotFound
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, lifecycle
from coplink.ports.errors import (
    Gone,
    OutcomeUnknown,
    PermissionMissing,
    Unavailable,
)
from coplink.wiring import NoJobs
from coplink.worker.handlers import Worker


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
        (KeyError("a mistake of ours"), 3),
    ],
)
def test_a_platform_that_lets_nobody_in_holds_nobody_back(school, ana, community, trouble, asked):
    name = "upkeep.let_go"
    school.board.trouble[name] = [trouble] * 10
    if isinstance(trouble, OutcomeUnknown | KeyError):  # planned for answers, and nothing is written here
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


def test_let_go_again_before_it_was_found_nothing_is_guessed(school, ana, community):
    (space,) = school.spaces(community)
    act(school, lifecycle.detach, space, ana, "Pin Board", False)
    school.work()
    act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    act(school, lifecycle.detach, school.spaces(community)[0], ana, "Pin Board", True)
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, space.parting) == (SpaceState.DETACHED, None)
    assert "frame-2" in school.board.boards
    with school.services.begin() as uow:
        assert [one.link for one in uow.spaces.left(space.id)] == ["https://pinboard.example/board-1"]


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


@pytest.mark.parametrize(
    ("trouble", "named"), [(OutcomeUnknown("lost"), 1), (PermissionMissing(say("No."), "x"), 0)]
)
def test_let_go_while_the_making_is_in_doubt_its_mark_is_named(school, ana, trouble, named):
    school.services.jobs, worker = NoJobs(), Worker(school.services)
    community = school.found(ana)
    (space,) = school.spaces(community)
    school.board.trouble["spaces.board"] = [trouble]
    worker.perform("provision", space.id, 0)
    assert (len(school.board.boards), school.spaces(community)[0].parts) == (named, {})
    act(school, lifecycle.detach, school.spaces(community)[0], ana, "Pin Board", True)
    worker.perform("upkeep", space.id, 0)
    with school.services.begin() as uow:
        left = uow.spaces.left(space.id)
        assert uow.spaces.get(space.id).parting is None
    assert [space.marker in str(one.how) for one in left] == [True] * named

"""The settings of a connection lead to another realm: there the same account and remote ids are of strangers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine.acts import act, history

from coplink.core.errors import DomainError
from coplink.core.people import Role
from coplink.core.spaces import Remembered, SpaceState
from coplink.engine import connect, disconnect, lifecycle
from coplink.testing.board import Board


@pytest.fixture
def community(school, ana):
    with school.services.begin() as uow:  # each room is a realm of its own, from the beginning
        here = uow.institutions.connection_of(school.here.id, "pinboard")
    lead_to(school, here.settings["room"])
    school.arrive("ana", leads=True, account="1")
    made = school.found(ana)
    school.work()
    return made


@pytest.fixture
def elsewhere(school):
    """Another house, in which strangers have what has the same ids here."""
    board = school.boards.setdefault("elsewhere", Board())
    board.boards = {"board-1": "board/of strangers", "frame-2": "frame/of strangers"}
    return board


def lead_to(school, room, key="cupboard"):
    maker = school.services.integrations["pinboard"]
    with school.services.begin() as uow:
        done = connect.connect(
            uow,
            school.here.id,
            maker.manifest,
            {"room": room, "key": key},
            lambda settings: f"house/{settings['room']}",
            school.clock.now(),
        )
        uow.commit()
    school.services.close(done.id)


def end(school):
    with school.services.begin() as uow:
        here = uow.institutions.connection_of(school.here.id, "pinboard")
        disconnect.disconnect(uow, here, "Pin Board", "", False, school.clock.now())
        uow.commit()


def accounts(school, person):
    with school.services.begin() as uow:
        return [one.account for one in uow.people.accounts(person.id)]


def test_connected_again_to_another_house_nobody_is_seated_by_an_account_of_the_old(
    school, ana, community, elsewhere
):
    end(school)
    school.work()
    lead_to(school, "elsewhere")
    assert accounts(school, ana) == []
    act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, space.parts["board"]) == (SpaceState.READY, "board-3")
    assert not any(elsewhere.seats_of.values()), "nobody sits there"
    school.arrive("ana", account="9")
    school.work()
    assert elsewhere.sitting("board-3") == {"9": Role.FACILITATOR}


def test_what_was_ours_in_the_old_house_is_not_in_another(school, ana, community, elsewhere):
    end(school)
    school.work()
    lead_to(school, "elsewhere")
    act(school, lifecycle.revive, school.spaces(community)[0], ana, "Pin Board")
    with school.services.begin() as uow:
        remembered = uow.ledger.remembered(school.spaces(community)[0].id, school.clock.now(), timedelta(0))
    assert remembered == Remembered()


def test_settings_that_lead_to_another_house_take_neither_accounts_nor_ids_along(
    school, ana, community, elsewhere
):
    before = dict(school.board.seats)
    lead_to(school, "elsewhere")
    school.board.calls.clear()
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, space.parts) == (SpaceState.READY, {"board": "board-3", "frame": "frame-4"})
    assert (accounts(school, ana), any(elsewhere.seats_of.values())) == ([], False)
    assert (school.board.calls, school.board.seats) == ([], before), "where it was, nobody is called"
    assert elsewhere.boards["board-1"] == "board/of strangers"
    assert "the system of a place is another one now: Pin Board" in history(school, community)


def test_a_place_at_rest_in_the_old_house_is_let_go_and_what_may_be_there_is_named(
    school, ana, community, elsewhere
):
    act(school, lifecycle.archive, school.spaces(community)[0], ana, "Pin Board")
    school.work()
    lead_to(school, "elsewhere")
    school.work()
    (space,) = school.spaces(community)
    assert space.state is SpaceState.DETACHED
    with school.services.begin() as uow:
        (left,) = uow.spaces.left(space.id)
    assert (left.title, space.marker in str(left.how)) == ("Literacy", True)
    assert set(elsewhere.calls) <= {"check"}


def test_while_a_place_is_being_left_the_settings_stay_where_they_lead(school, ana, community, elsewhere):
    act(school, lifecycle.detach, school.spaces(community)[0], ana, "Pin Board", True)
    with pytest.raises(DomainError, match="still taking its leave"):
        lead_to(school, "elsewhere")
    lead_to(school, "here", key="another")
    school.work()
    assert "frame-2" not in school.board.boards
    lead_to(school, "elsewhere")


def test_in_the_same_house_everything_stays_as_it_is(school, ana, community):
    school.board.writes = 0
    lead_to(school, "here", key="another")
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, space.parts["board"], accounts(school, ana)) == (SpaceState.READY, "board-1", ["1"])
    assert (school.board.writes, school.board.seats) == (0, {"1": Role.FACILITATOR})

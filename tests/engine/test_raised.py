"""Who sits in a place by somebody else's making and leads there by coplink's: that, and nothing else, is undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine.acts import act, leads_too, looks, told

from coplink.core.people import AccountId, Role
from coplink.engine import explain, join, lifecycle
from coplink.ports.errors import OutcomeUnknown
from coplink.storage import backup
from coplink.testing.beginnings import once

CEM = AccountId("5")
F, M = Role.FACILITATOR, Role.MEMBER


@pytest.fixture
@once
def cem(school, community):
    """Sits there by hand, and belongs."""
    school.board.seats[CEM] = M
    looks(school, community, 1)
    person = school.arrive("cem", account=CEM).person
    act(school, lambda uow, now: join.offer(uow, community.id, person, M, now))
    school.join(community, person)
    school.work()
    return person


def raises(school, community, ana, cem):
    act(school, leads_too, community, ana, cem)
    school.work()
    looks(school, community, 1)
    assert school.board.seats[CEM] is F


def steps_down(school, community, cem):
    act(school, join.share, community, cem, cem.id, M)


def test_stepping_down_lowers_whom_coplink_raised(school, community, ana, cem):
    raises(school, community, ana, cem)
    steps_down(school, community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is M
    act(school, join.leave, community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is M, "the seat is not coplink's"
    assert told(school, community) == {}


@pytest.mark.parametrize("step_out", [join.pause, join.leave])
def test_leaving_or_a_break_lowers_them_and_leaves_the_seat(school, community, ana, cem, step_out):
    raises(school, community, ana, cem)
    act(school, step_out, community, cem)
    school.work()
    assert school.board.seats[CEM] is M
    looks(school, community, 2)
    school.board.seats[CEM] = F  # by somebody over there, later
    looks(school, community, 2)
    assert school.board.seats[CEM] is F


def test_they_are_lowered_in_a_place_at_rest_too(school, community, ana, cem):
    raises(school, community, ana, cem)
    (space,) = school.spaces(community)
    act(school, lambda uow, now: lifecycle.archive(uow, space, ana, "Pin Board", now))
    school.work()
    act(school, join.leave, community, cem)
    school.work()
    assert school.board.seats[CEM] is M


def test_who_comes_back_leads_again_and_can_be_lowered_again(school, community, ana, cem):
    raises(school, community, ana, cem)
    act(school, join.pause, community, cem)
    looks(school, community, 2)
    school.join(community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is F
    act(school, join.leave, community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is M


def test_whom_somebody_else_raised_stays(school, community, ana, cem):
    school.board.seats[CEM] = F
    act(school, leads_too, community, ana, cem)
    looks(school, community, 2)
    steps_down(school, community, cem)
    looks(school, community, 2)
    act(school, join.leave, community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is F


def test_who_was_lowered_and_raised_by_hand_since_stays(school, community, ana, cem):
    raises(school, community, ana, cem)
    del school.board.seats[CEM]
    act(school, join.pause, community, cem)
    looks(school, community, 2)
    school.board.seats[CEM] = F  # let in again, and made to lead, by somebody over there
    looks(school, community, 2)
    assert school.board.seats[CEM] is F


def test_where_the_answer_got_lost_it_is_left_alone(school, community, ana, cem):
    school.board.trouble["seats.put"] = [OutcomeUnknown("done, and nobody hears of it")]
    act(school, leads_too, community, ana, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is F
    steps_down(school, community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is F


def test_a_lowering_without_an_answer_is_looked_at_and_not_done_twice(school, community, ana, cem):
    raises(school, community, ana, cem)
    school.board.trouble["seats.put"] = [OutcomeUnknown("done, and nobody hears of it")]
    act(school, join.leave, community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is M
    school.board.seats[CEM] = F
    looks(school, community, 2)
    assert school.board.seats[CEM] is F, "that was somebody over there"


def test_a_place_that_is_let_go_and_taken_up_again_keeps_their_seat(school, community, ana, cem):
    raises(school, community, ana, cem)
    (space,) = school.spaces(community)
    act(school, lambda uow, now: lifecycle.detach(uow, space, ana, "Pin Board", False, now))
    school.work()
    (space,) = school.spaces(community)
    act(school, lambda uow, now: lifecycle.revive(uow, space, ana, "Pin Board", now))
    school.work()
    looks(school, community, 2)
    act(school, join.leave, community, cem)
    looks(school, community, 2)
    assert CEM in school.board.seats


def test_a_restored_ledger_forgets_whom_it_raised(school, community, ana, cem, tmp_path):
    raises(school, community, ana, cem)
    engine, sealer = school.services.storage._engine, school.services.sealer
    backup.back_up(engine, sealer, tmp_path / "b", school.clock.now())
    backup.restore(tmp_path / "b", engine, sealer, school.clock.now(), replace=True)
    steps_down(school, community, cem)
    looks(school, community, 3)
    assert school.board.seats[CEM] is F


def test_the_page_tells_their_seat_as_somebody_elses_making(school, community, ana, cem):
    raises(school, community, ana, cem)
    services, (space,) = school.services, school.spaces(community)
    with services.begin() as uow:
        page = explain.explain(
            uow, cem, community.id, cem.id, services.manifests, school.clock.now(), timedelta(days=1)
        )
        assert CEM not in uow.ledger.seated(space.id)
    assert [one.so for one in page.places] == [explain.SEATED_BY_HAND]

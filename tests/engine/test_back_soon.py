"""Who pauses and comes back before coplink had come to it, where what is written shows late."""

from __future__ import annotations

import pytest
from tests.engine.acts import act, leads_too, looks, standing
from tests.engine.test_gone_unseen import LAG, remembered, slow

from coplink.core.people import AccountId, Role, Standing
from coplink.engine import join

__all__ = ["slow"]
BO = AccountId("2")


@pytest.fixture
def bo(school, slow):
    """Sits there, and was seen."""
    assert BO in school.board.seats
    return school.arrive("bo", account="2").person


def comes_back(school, community, person, listening=False):
    """Pauses and joins again at once; no worker was quick enough to see the difference."""
    act(school, join.pause, community, person)
    with school.services.begin() as uow:
        join.accept(uow, school.services.sealer, community, person, school.clock.now(), listening=listening)
        uow.commit()


def test_their_seat_is_looked_at_again_once_listings_are_new(school, community, bo):
    comes_back(school, community, bo)
    school.jobs.run_until_idle()
    assert BO in remembered(school, community).unknown
    school.work(patience=2 * LAG.total_seconds())
    assert BO in remembered(school, community).ours


def test_who_is_taken_out_hours_later_stays_out(school, community, bo):
    comes_back(school, community, bo)
    school.work()
    school.clock.pass_by(hours=6)
    del school.board.seats[BO]
    looks(school, community, 4)
    assert BO not in school.board.seats
    assert standing(school, community, bo) is Standing.LEFT


def test_who_comes_back_to_listen_in_leads_there_no_more(school, community, ana, bo):
    act(school, leads_too, community, ana, bo)
    looks(school, community, 2)
    assert school.board.seats[BO] is Role.FACILITATOR
    comes_back(school, community, bo, listening=True)
    school.work()
    assert school.board.seats[BO] is Role.MEMBER

"""A seat that was gone before coplink ever saw it is not given again; a person's own act brings it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.engine.acts import act, looks, standing, told

from coplink.core.people import AccountId, Role, Standing
from coplink.core.plan import GONE_UNSEEN
from coplink.core.work import Kind
from coplink.engine import explain, join
from coplink.storage import backup
from coplink.testing.pinboard import MANIFEST

CEM = AccountId("5")
LAG = timedelta(minutes=10)


@pytest.fixture
def slow(school, community):
    """Writes take ten minutes to show; who sits there was seen."""
    pinboard = school.services.installed.integrations["pinboard"]
    pinboard.manifest = replace(MANIFEST, limits=replace(MANIFEST.limits, lag=LAG))
    school.services._open.clear()
    looks(school, community, 1)
    return community


@pytest.fixture
def cem(school, slow):
    """Has joined, got a seat, and was gone from it before coplink looked again."""
    person = joins(school, slow, "cem", CEM)
    school.jobs.run_until_idle()
    assert CEM in school.board.seats
    del school.board.seats[CEM]
    return person


def joins(school, community, name, account):
    person = school.arrive(name, account=account).person
    act(school, lambda uow, now: join.offer(uow, community.id, person, Role.MEMBER, now))
    school.join(community, person)
    return person


def reasons(school, community):
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        return {one.person: one.reason for one in uow.spaces.unreachable(space.id)}


def remembered(school, community):
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        return uow.ledger.remembered(space.id, school.clock.now(), LAG)


def test_who_left_before_coplink_saw_them_is_not_put_back_and_belongs_still(school, community, cem):
    looks(school, community, 4)
    assert CEM not in school.board.seats
    assert standing(school, community, cem) is Standing.JOINED
    assert reasons(school, community) == {cem.id: GONE_UNSEEN}
    assert told(school, community) == {}
    school.board.writes = 0
    looks(school, community, 4)
    assert school.board.writes == 0


def test_their_seat_is_not_taken_for_gone_before_two_looks(school, community, cem):
    school.board.seats[CEM] = Role.MEMBER
    school.board.own.add(CEM)  # is shown to nobody, for now
    school.clock.pass_by(minutes=15)
    school.mark(community, Kind.RECONCILE)
    school.jobs.run_until_idle()
    assert remembered(school, community).given == {CEM}
    assert reasons(school, community) == {}
    school.board.own.clear()
    looks(school, community, 2)
    assert CEM in remembered(school, community).ours


@pytest.mark.parametrize("step_out", [join.pause, join.leave])
def test_joining_again_brings_the_seat_back(school, community, cem, step_out):
    looks(school, community, 4)
    act(school, step_out, community, cem)
    school.join(community, cem)
    looks(school, community, 2)
    assert school.board.seats[CEM] is Role.MEMBER
    assert CEM in remembered(school, community).ours
    assert reasons(school, community) == {}


def test_who_joins_again_before_it_was_noticed_is_seated_again(school, community, cem):
    act(school, join.pause, community, cem)
    school.join(community, cem)
    looks(school, community, 4)
    assert school.board.seats[CEM] is Role.MEMBER


def test_nothing_is_kept_about_whoever_leaves_then(school, community, cem):
    looks(school, community, 4)
    assert remembered(school, community).out == {CEM}
    act(school, join.leave, community, cem)
    looks(school, community, 2)
    assert remembered(school, community).out == frozenset()
    assert CEM not in school.board.seats


def test_who_left_here_before_the_look_leaves_no_trace_there(school, community, cem):
    act(school, join.leave, community, cem)
    looks(school, community, 4)
    assert CEM not in remembered(school, community).out | remembered(school, community).given
    assert standing(school, community, cem) is Standing.LEFT


def test_whoever_is_let_in_by_hand_afterwards_sits_there_by_hand(school, community, cem):
    looks(school, community, 4)
    school.board.seats[CEM] = Role.MEMBER
    looks(school, community, 2)
    assert reasons(school, community) == {}
    act(school, join.leave, community, cem)
    looks(school, community, 2)
    assert CEM in school.board.seats, "somebody over there decided so, and coplink never takes that away"


def test_one_click_of_their_own_gives_the_seat_back(school, community, cem, ana):
    looks(school, community, 4)
    (space,) = school.spaces(community)
    act(school, explain.seat_again, ana, community.id, space.id)
    school.work()
    assert CEM not in school.board.seats, "nobody asks for somebody else"
    act(school, explain.seat_again, cem, community.id, space.id)
    assert reasons(school, community) == {}
    school.work()
    assert school.board.seats[CEM] is Role.MEMBER
    act(school, explain.seat_again, cem, community.id, space.id)  # again is no act
    looks(school, community, 4)
    assert CEM in remembered(school, community).ours


def test_after_a_restore_nobody_is_put_back_whose_seat_was_not_seen_when_the_backup_was_made(
    school, slow, tmp_path
):
    community, cem = slow, joins(school, slow, "cem", CEM)
    school.jobs.run_until_idle()
    assert remembered(school, community).given == {CEM}
    engine, sealer = school.services.storage._engine, school.services.sealer
    backup.back_up(engine, sealer, tmp_path / "b", school.clock.now())
    looks(school, community, 1)
    act(school, join.leave, community, cem)
    school.work()
    assert CEM not in school.board.seats
    backup.restore(tmp_path / "b", engine, sealer, school.clock.now(), replace=True)
    looks(school, community, 4)
    assert CEM not in school.board.seats
    assert reasons(school, community) == {cem.id: GONE_UNSEEN}


def test_after_a_restore_who_had_just_joined_again_is_not_put_back_either(school, community, cem, tmp_path):
    school.board.seats[CEM] = Role.MEMBER
    looks(school, community, 1)
    act(school, join.pause, community, cem)
    school.join(community, cem)
    engine, sealer = school.services.storage._engine, school.services.sealer
    backup.back_up(engine, sealer, tmp_path / "b", school.clock.now())
    act(school, join.leave, community, cem)
    school.work()
    assert CEM not in school.board.seats
    backup.restore(tmp_path / "b", engine, sealer, school.clock.now(), replace=True)
    looks(school, community, 4)
    assert CEM not in school.board.seats

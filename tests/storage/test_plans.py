"""Plans that wait, and ledgers that were lost, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from coplink.core.people import Account, AccountId, Membership, Proof, Role, Standing
from coplink.core.plan import Change
from coplink.core.spaces import Doubt, Observed
from coplink.core.words import say
from coplink.ports.plans import KeptPlan, Part, PlanLine
from coplink.ports.seats import Done
from coplink.storage import backup
from coplink.storage.database import make_engine, upgrade
from coplink.storage.tables import LedgerRow, PlanRow
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.databases import sqlite_url

ADA = AccountId("a-ada")
LAG = timedelta(minutes=1)


def plan_of(world, digest="d1", **more):
    return KeptPlan(
        world.space.id,
        world.north.id,
        world.community.id,
        digest,
        (say("It would remove {gone} people.", gone=5), say("And more.")),
        (
            PlanLine(Part.LOSES, ADA, world.ada.id, say("Does not take part.")),
            PlanLine(Part.LEFT, AccountId("ü"), None, say("Was missing.")),
        ),
        world.now,
        **more,
    )


def test_a_plan_comes_back_as_it_was_kept_and_a_newer_one_takes_its_place(keep, world):
    with keep() as uow:
        assert uow.plans.of(world.space.id) is None
        uow.plans.put(plan_of(world))
    with keep() as uow:
        assert uow.plans.of(world.space.id, to_change=True) == plan_of(world)
        assert uow.plans.approve(world.space.id, "d1", world.ada.id, world.now)
    with keep() as uow:
        uow.plans.put(plan_of(world, "d2", changed=True))
    with keep() as uow:
        assert uow.plans.of(world.space.id) == plan_of(world, "d2", changed=True)
        uow.plans.drop(world.space.id)
    with keep() as uow:
        assert uow.plans.of(world.space.id) is None


def test_only_the_plan_that_waits_is_approved_and_once(keep, world):
    with keep() as uow:
        uow.plans.put(plan_of(world))
    with keep() as uow:
        assert not uow.plans.approve(world.space.id, "d2", "somebody", world.now)
        assert not uow.plans.approve(replace(world.space, id="s2").id, "d1", "somebody", world.now)
        assert uow.plans.approve(world.space.id, "d1", "first", world.now)
        assert not uow.plans.approve(world.space.id, "d1", "second", world.now + LAG)
    with keep() as uow:
        kept = uow.plans.of(world.space.id)
        assert (kept.approved, kept.approved_by, kept.approved_at) == ("d1", "first", world.now)
        uow.plans.go_on(world.space.id, "rest")
    with keep() as uow:
        assert uow.plans.of(world.space.id).approved == "rest"


def test_nothing_goes_on_that_nobody_approved(keep, world):
    with keep() as uow:
        uow.plans.put(plan_of(world))
        uow.plans.go_on(world.space.id, "rest")
    with keep() as uow:
        assert uow.plans.of(world.space.id).approved is None


def seat(keep, world):
    change = Change(ADA, None, Role.MEMBER)
    with keep() as uow:
        uow.ledger.intend(world.space.id, [change], world.now)
        uow.ledger.record(world.space.id, change, Done.CHANGED, world.now)
        uow.ledger.count(world.space.id)


def look(keep, world, after, complete=True):
    with keep() as uow:
        return uow.ledger.doubt(world.space.id, complete, world.now + LAG * after, LAG)


def lose(keep, world):
    with keep() as uow:
        uow._transaction.session.execute(delete(LedgerRow))


def test_a_ledger_that_never_had_a_line_is_not_lost(keep, world):
    assert [look(keep, world, n) for n in range(3)] == [Doubt.NONE] * 3


def test_a_ledger_that_was_emptied_by_us_is_not_lost(keep, world):
    look(keep, world, 0)
    seat(keep, world)
    with keep() as uow:
        uow.ledger.forget(world.space.id, [ADA])
        uow.ledger.count(world.space.id)
    assert look(keep, world, 1) is Doubt.NONE


def test_a_lost_ledger_is_noticed_and_trusted_after_two_complete_readings_a_lag_apart(keep, world):
    look(keep, world, 0)
    seat(keep, world)
    lose(keep, world)
    assert look(keep, world, 1, complete=False) is Doubt.HELD
    assert look(keep, world, 9, complete=False) is Doubt.HELD, "half a reading is none"
    assert look(keep, world, 10) is Doubt.HELD
    assert look(keep, world, 10.5) is Doubt.HELD, "not a lag apart"
    assert look(keep, world, 12, complete=False) is Doubt.HELD
    assert look(keep, world, 13) is Doubt.OVER
    assert look(keep, world, 14) is Doubt.NONE


def test_lines_that_come_meanwhile_do_not_end_the_doubt(keep, world):
    look(keep, world, 0)
    seat(keep, world)
    lose(keep, world)
    assert look(keep, world, 1) is Doubt.HELD
    seat(keep, world)
    assert look(keep, world, 1.5) is Doubt.HELD
    assert look(keep, world, 2) is Doubt.OVER


def test_a_ledger_that_is_lost_once_more_while_in_doubt_is_looked_at_anew(keep, world):
    look(keep, world, 0)
    seat(keep, world)
    lose(keep, world)
    assert look(keep, world, 1) is Doubt.HELD
    seat(keep, world)
    assert look(keep, world, 1.5) is Doubt.HELD
    lose(keep, world)
    assert look(keep, world, 2) is Doubt.HELD, "a reading of before the second loss counts no more"
    assert look(keep, world, 2.5) is Doubt.HELD
    assert look(keep, world, 3) is Doubt.OVER


def test_a_ledger_lost_before_the_first_seat_was_answered_is_noticed(keep, world):
    look(keep, world, 0)
    with keep() as uow:
        uow.ledger.intend(world.space.id, [Change(ADA, None, Role.MEMBER)], world.now)
    lose(keep, world)
    assert look(keep, world, 1) is Doubt.HELD


@pytest.mark.parametrize("outcome", [Done.REFUSED, Done.ALREADY_SO])
def test_a_first_seat_that_came_to_nothing_leaves_no_doubt(keep, world, outcome):
    look(keep, world, 0)
    change = Change(ADA, None, Role.MEMBER)
    with keep() as uow:
        uow.ledger.intend(world.space.id, [change], world.now)
        uow.ledger.record(world.space.id, change, outcome, world.now)
    assert look(keep, world, 1) is Doubt.NONE


def test_whoever_is_adopted_is_unknown_and_a_line_that_is_there_stays(keep, world):
    seat(keep, world)
    both = Observed({ADA: Role.MEMBER, AccountId("b"): Role.MEMBER}, True)
    with keep() as uow:
        uow.ledger.saw(world.space.id, both, world.now + LAG, LAG)
        uow.ledger.adopt(world.space.id, [ADA, AccountId("b")], world.now + LAG)
    with keep() as uow:
        known = uow.ledger.remembered(world.space.id, world.now + LAG * 9, LAG)
    assert (known.ours, known.unknown) == ({ADA}, {"b"})


@pytest.mark.parametrize("into", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_after_a_restore_no_approval_and_no_absence_counts_and_the_ledger_is_in_doubt(
    engine, keep, world, sealer, tmp_path, into, request
):
    with keep() as uow:
        uow.people.put_account(Account(world.north.id, "teams", ADA, world.ada.id, Proof.PROVED))
        uow.communities.put_membership(
            Membership(
                world.community.id, world.ada.id, world.north.id, Role.MEMBER, Standing.JOINED, world.now
            )
        )
    look(keep, world, 0)
    seat(keep, world)
    with keep() as uow:
        there, away = Observed({ADA: Role.MEMBER}, True), Observed({AccountId("x"): Role.MEMBER}, True)
        uow.ledger.saw(world.space.id, there, world.now + LAG, LAG)
        uow.ledger.saw(world.space.id, away, world.now + LAG * 2, LAG)
        uow.plans.put(plan_of(world))
        uow.plans.approve(world.space.id, "d1", world.ada.id, world.now)
    backup.back_up(engine, sealer, tmp_path / "b", world.now)
    if into == "sqlite":
        elsewhere = make_engine(sqlite_url(tmp_path, "elsewhere.sqlite"))
        upgrade(elsewhere)
    else:
        elsewhere = request.getfixturevalue("migrated_postgres")
    backup.restore(tmp_path / "b", elsewhere, sealer, world.now, replace=True)
    with elsewhere.connect() as connection:
        assert connection.execute(select(PlanRow.space)).all() == []
    with SqlStorage(elsewhere, sealer).begin() as uow:
        later = world.now + LAG * 60
        assert uow.ledger.doubt(world.space.id, True, later, LAG) is Doubt.HELD
        assert uow.ledger.saw(world.space.id, away, later, LAG) == frozenset(), "an absence of before is none"
        assert uow.ledger.doubt(world.space.id, True, later + LAG, LAG) is Doubt.OVER
        assert uow.ledger.saw(world.space.id, away, later + LAG, LAG) == {ADA}
    if into == "sqlite":
        elsewhere.dispose()

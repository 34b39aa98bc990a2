from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.core.work import Dirty, Kind
from coplink.ports.storage import StaleTurn
from coplink.storage.unit_of_work import SqlStorage

K = Kind.RECONCILE
SOON = timedelta(minutes=5)


def due(uow, now):
    return [(d.kind, d.target, d.generation, d.attempt) for d in uow.work.dirty(now, 100)]


def test_what_is_asked_for_is_due_until_it_is_settled(keep, world):
    with keep() as uow:
        assert uow.work.begin(K, "s1", world.now) is None
        uow.work.mark(K, "s1", "k1")
        assert due(uow, world.now) == [(K, "s1", 1, 0)]
        turn = uow.work.begin(K, "s1", world.now)
        assert turn is not None
        assert (turn.generation, turn.attempt, turn.partition) == (1, 0, "k1")
        assert due(uow, world.now) == [(K, "s1", 1, 0)], "a turn is no lease: the sweep asks for live jobs"
        uow.work.settle(turn, world.now)
        assert due(uow, world.now) == []
        assert uow.work.begin(K, "s1", world.now) is None
        state = uow.work.state(K, "s1")
        assert state is not None
        assert state.done


def test_asked_for_meanwhile_it_stays_due(keep, world):
    with keep() as uow:
        uow.work.mark(K, "s1", "k1")
        turn = uow.work.begin(K, "s1", world.now)
        uow.work.mark(K, "s1", "k1")
        assert uow.work.settle(turn, world.now), "it did what it was begun for"
        assert due(uow, world.now) == [(K, "s1", 2, 0)]
        again = uow.work.begin(K, "s1", world.now)
        assert again is not None
        assert again.generation == 2
        uow.work.settle(again, world.now)
        uow.work.settle(turn, world.now)
        assert uow.work.state(K, "s1").settled == 2, "settling never lowers"


def test_an_older_worker_settles_and_postpones_nothing_and_may_not_write(keep, world):
    with keep() as uow:
        uow.work.mark(K, world.space.id, "k1")
        old = uow.work.begin(K, world.space.id, world.now)
    with keep() as uow:
        new = uow.work.begin(K, world.space.id, world.now)
        assert old.token != new.token
        assert uow.work.holds(new)
        assert not uow.work.holds(old)
        assert not uow.work.settle(old, world.now)
        assert not uow.work.postpone(old, None, "stale")
        state = uow.work.state(K, world.space.id)
        assert (state.done, state.attempt, state.reason) == (False, 0, None)
        with pytest.raises(StaleTurn):
            uow.journal.open(old, world.space.id, "put a", "key", world.now)
        assert uow.journal.open(new, world.space.id, "put a", "key", world.now)


def test_a_turn_for_work_nobody_knows_may_not_write(keep, world):
    with keep() as uow:
        uow.work.mark(K, world.space.id, "k1")
        turn = uow.work.begin(K, world.space.id, world.now)
        with pytest.raises(StaleTurn):
            uow.journal.open(
                type(turn)(Kind.COLLECT, turn.target, "k1", 1, 0, turn.token),
                world.space.id,
                "put a",
                "key",
                world.now,
            )


def test_postponed_work_waits_for_its_time(keep, world):
    with keep() as uow:
        uow.work.mark(K, "s1", "k1")
        turn = uow.work.begin(K, "s1", world.now)
        assert uow.work.postpone(turn, world.now + SOON, "throttled")
        assert due(uow, world.now) == []
        assert uow.work.begin(K, "s1", world.now) is None
        assert due(uow, world.now + SOON) == [(K, "s1", 1, 0)]
        state = uow.work.state(K, "s1")
        assert (state.not_before, state.reason) == (world.now + SOON, "throttled")
        later = uow.work.begin(K, "s1", world.now + SOON)
        assert later is not None
        assert later.attempt == 1
        uow.work.settle(later, world.now)
        state = uow.work.state(K, "s1")
        assert (state.not_before, state.reason, state.attempt) == (None, None, 0)


def test_resting_work_waits_for_a_person(keep, world):
    with keep() as uow:
        uow.work.mark(K, "s1", "k1")
        uow.work.postpone(uow.work.begin(K, "s1", world.now), None, "permission missing")
        assert due(uow, world.now + timedelta(days=400)) == []
        assert uow.work.begin(K, "s1", world.now + timedelta(days=400)) is None
        assert uow.work.state(K, "s1").reason == "permission missing"
        uow.work.mark(K, "s1", "k1")
        assert due(uow, world.now) == [(K, "s1", 2, 0)]
        assert uow.work.state(K, "s1").reason is None


@pytest.mark.parametrize("until", [None, SOON], ids=["to rest", "for a while"])
def test_what_a_person_asked_for_meanwhile_is_not_put_off(keep, world, until):
    with keep() as uow:
        uow.work.mark(K, "s1", "k1")
        turn = uow.work.begin(K, "s1", world.now)
        uow.work.mark(K, "s1", "k1")
        assert uow.work.holds(turn)
        assert not uow.work.postpone(turn, until and world.now + until, "no permission")
        assert due(uow, world.now) == [(K, "s1", 2, 0)]


@pytest.mark.parametrize(
    ("before", "asked", "waits"),
    [
        ("new", SOON, SOON),
        ("due", SOON, None),
        ("waiting", None, None),
        ("waiting", 2 * SOON, SOON),
        ("waiting", SOON / 2, SOON / 2),
        ("resting", SOON, SOON),
        ("settled", SOON, SOON),
        ("settled", None, None),
    ],
)
def test_a_later_time_never_delays_an_earlier_wish(keep, world, before, asked, waits):
    with keep() as uow:
        if before != "new":
            uow.work.mark(K, "s1", "k1")
            turn = uow.work.begin(K, "s1", world.now)
            if before == "settled":
                uow.work.settle(turn, world.now)
            elif before in ("waiting", "resting"):
                uow.work.postpone(turn, world.now + SOON if before == "waiting" else None, "why")
        uow.work.mark(K, "s1", "k1", not_before=asked and world.now + asked)
        state = uow.work.state(K, "s1")
        assert state.not_before == (waits and world.now + waits)
        first = world.now + (waits or timedelta(0))
        assert due(uow, first - timedelta(seconds=1)) == ([] if waits else due(uow, first))
        assert len(due(uow, first)) == 1


def test_due_work_comes_oldest_first_and_what_is_tried_again_goes_to_the_back(keep, world):
    with keep() as uow:
        for name in ("c", "a", "b"):
            uow.work.mark(K, name, "k1")
        uow.work.mark(K, "c", "k1")  # asked for again: keeps its place
        assert [d.target for d in uow.work.dirty(world.now, 10)] == ["c", "a", "b"]
        assert [d.target for d in uow.work.dirty(world.now, 2)] == ["c", "a"]
        again = uow.work.retry(uow.work.dirty(world.now, 1)[0])
        assert (again.target, again.generation, again.attempt) == ("c", 2, 1)
        assert [d.target for d in uow.work.dirty(world.now, 10)] == ["a", "b", "c"]
        uow.work.postpone(uow.work.begin(K, "a", world.now), world.now, "again")
        assert [d.target for d in uow.work.dirty(world.now, 10)] == ["b", "c", "a"]


def test_two_sweeps_try_again_with_the_same_go(keep, world):
    with keep() as uow:
        uow.work.mark(K, "s1", "k1")
        [seen] = uow.work.dirty(world.now, 10)
        first, second = uow.work.retry(seen), uow.work.retry(seen)
        assert first == second
        assert first.job_id == "reconcile:s1:1.1"


def test_states_are_listed_for_pages(keep, world):
    with keep() as uow:
        uow.work.mark(Kind.PROVISION, "s2", "k1")
        uow.work.mark(Kind.COLLECT, "s1", "k1")
        uow.work.mark(Kind.COLLECT, "s9", "k2")
        assert [(s.kind, s.target) for s in uow.work.of("k1")] == [
            (Kind.COLLECT, "s1"),
            (Kind.PROVISION, "s2"),
        ]
        assert len(uow.work.all()) == 3
        assert uow.work.state(Kind.RECONCILE, "s1") is None


def test_a_commit_tells_what_was_marked_once_and_only_then(engine, sealer, world):
    told: list[list[Dirty]] = []
    storage = SqlStorage(engine, sealer, lambda marked: told.append(list(marked)))
    with storage.begin() as uow:
        uow.work.mark(K, "s1", "k1")
        uow.work.mark(Kind.COLLECT, "s1", "k1")
        uow.work.mark(K, "s1", "k1")
        assert told == []
        uow.commit()
        assert told == [[Dirty(K, "s1", "k1", 2, 0), Dirty(Kind.COLLECT, "s1", "k1", 1, 0)]]
        uow.commit()
    with storage.begin() as uow:
        uow.work.mark(K, "s2", "k1")
    with storage.begin() as uow:
        uow.people.put(world.ada)
        uow.commit()
    assert len(told) == 1
    with storage.begin() as uow:
        uow.work.retry(uow.work.dirty(world.now, 1)[0])
        uow.commit()
    assert told[1] == [Dirty(K, "s1", "k1", 2, 1)]


def test_what_is_asked_for_later_is_left_to_the_sweep(engine, sealer, world):
    told: list[Dirty] = []
    storage = SqlStorage(engine, sealer, told.extend)
    with storage.begin() as uow:
        uow.work.mark(K, "s1", "k1", not_before=world.now + SOON)
        uow.work.mark(Kind.COLLECT, "s1", "k1")
        uow.commit()
    assert [dirty.kind for dirty in told] == [Kind.COLLECT]
    with storage.begin() as uow:
        assert (K, "s1", 1, 0) in due(uow, world.now + SOON)
        uow.work.mark(K, "s1", "k1")
        uow.work.mark(K, "s1", "k1", not_before=world.now + SOON)
        assert (K, "s1", 3, 0) in due(uow, world.now), "it stays due at once"
        uow.commit()
    assert [dirty.kind for dirty in told] == [Kind.COLLECT, K]


def test_nobody_holds_a_turn_of_work_that_is_not_known(keep, world):
    with keep() as uow:
        uow.work.mark(K, "s1", "k1")
        turn = uow.work.begin(K, "s1", world.now)
        elsewhere = replace(turn, target="s2")
        assert not uow.work.holds(elsewhere)
        assert not uow.work.settle(elsewhere, world.now)
        assert not uow.work.postpone(elsewhere, None, "why")


def test_a_failed_commit_tells_nothing(engine, sealer, monkeypatch):
    told: list[object] = []
    storage = SqlStorage(engine, sealer, told.append)
    with storage.begin() as uow:
        uow.work.mark(K, "s1", "k1")

        def fail() -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(uow._transaction, "commit", fail)
        with pytest.raises(OSError, match="disk"):
            uow.commit()
    assert told == []


def test_work_may_begin_another_unit_after_the_commit_inside_the_first(engine, sealer, world):
    """A queue that runs jobs at once does exactly this; SQLite has one writer only."""
    turns: list[object] = []

    def at_once(marked):
        with storage.begin() as other:
            turns.extend(other.work.begin(dirty.kind, dirty.target, world.now) for dirty in marked)
            other.commit()

    storage = SqlStorage(engine, sealer, at_once)
    with storage.begin() as uow:
        uow.work.mark(K, "s1", "k1")
        uow.commit()
    assert len(turns) == 1
    assert turns[0] is not None


def test_waiting_for_a_platform_is_not_failing(keep, world):
    with keep() as uow:
        uow.work.mark(K, "s1", "k1")
        for failed, attempt in ((False, 0), (True, 1), (False, 1)):
            uow.work.postpone(uow.work.begin(K, "s1", world.now), world.now, "why", failed)
            assert uow.work.begin(K, "s1", world.now).attempt == attempt
        uow.work.mark(K, "s1", "k1")
        assert uow.work.begin(K, "s1", world.now).attempt == 0


def test_what_a_person_asked_for_comes_before_what_the_house_does(keep, world):
    with keep() as uow:
        for target, urgent in (("a", False), ("b", True), ("c", False), ("d", True), ("e", False)):
            uow.work.mark(K, target, "co_1", urgent=urgent)
        uow.commit()
    with keep() as uow:
        assert [(d.target, d.urgent) for d in uow.work.dirty(world.now, 10)] == [
            ("b", True), ("d", True), ("a", False), ("c", False), ("e", False),
        ]  # fmt: skip
        assert [d.target for d in uow.work.dirty(world.now, 2)] == ["b", "a"], "half is left for the house"
        assert uow.work.begin(K, "b", world.now).urgent
        assert not uow.work.begin(K, "a", world.now).urgent


def test_work_is_as_urgent_as_the_most_urgent_wish_that_is_open(keep, world):
    with keep() as uow:
        uow.work.mark(K, "a", "co_1", urgent=False)
        assert not uow.work.begin(K, "a", world.now).urgent
        uow.work.mark(K, "a", "co_1")
        turn = uow.work.begin(K, "a", world.now)
        assert turn.urgent, "a person asks now"
        uow.work.mark(K, "a", "co_1", urgent=False)
        turn = uow.work.begin(K, "a", world.now)
        assert turn.urgent, "the sweep takes nothing back"
        assert uow.work.settle(turn, world.now)
        uow.work.mark(K, "a", "co_1", urgent=False)
        assert not uow.work.begin(K, "a", world.now).urgent, "that wish is done"

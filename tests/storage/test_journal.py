from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import select

from coplink.core.work import Kind
from coplink.ports.seats import Done
from coplink.storage.tables import JournalRow

K = Kind.RECONCILE


def still_open(uow):
    query = select(JournalRow.what).where(JournalRow.closed_at.is_(None))
    return list(uow._session.scalars(query))


def test_the_journal_keeps_each_write_before_and_after(keep, world):
    space = world.space.id
    with keep() as uow:
        uow.work.mark(K, space, "k1")
        turn = uow.work.begin(K, space, world.now)
        assert uow.journal.key_of(space, "make channel") is None
        entry = uow.journal.open(turn, space, "make channel", "key-1", world.now)
        assert uow.journal.key_of(space, "make channel") == "key-1", "unfinished tries count"
        uow.journal.close(entry, Done.CHANGED, world.now)
        assert uow.journal.key_of(space, "make channel") == "key-1"
        second = uow.journal.open(turn, space, "make channel", "key-2", world.now)
        assert second != entry
        assert uow.journal.key_of(space, "make channel") == "key-2"
        assert uow.journal.key_of(space, "make folder") is None
        assert uow.journal.found(world.community.id) == 0
        uow.journal.close(second, Done.ALREADY_SO, world.now, found=True)
        assert uow.journal.found(world.community.id) == 1


def test_removals_are_counted_per_institution_and_time(keep, world):
    with keep() as uow:
        uow.journal.note_removed(world.north.id, 2, world.now)
        uow.journal.note_removed(world.north.id, 3, world.now - timedelta(days=1))
        uow.journal.note_removed(world.south.id, 7, world.now)
        uow.journal.note_removed(world.north.id, 0, world.now)
        assert uow.journal.removed_since(world.north.id, world.now) == 2
        assert uow.journal.removed_since(world.north.id, world.now - timedelta(days=1)) == 5
        assert uow.journal.removed_since(world.south.id, world.now + timedelta(seconds=1)) == 0
        uow.journal.note_removed(world.north.id, 1, world.now + timedelta(days=30))
        assert uow.journal.removed_since(world.north.id, world.now - timedelta(days=9)) == 3


def test_a_write_may_name_many_accounts(keep, world):
    """On PostgreSQL an indexed text has a limit; what a batch names is longer."""
    what = "seat " + " ".join(secrets.token_hex(16) for _ in range(500))
    with keep() as uow:
        uow.work.mark(K, world.space.id, "k1")
        turn = uow.work.begin(K, world.space.id, world.now)
        uow.journal.open(turn, world.space.id, what, "key-1", world.now)
        assert uow.journal.key_of(world.space.id, what) == "key-1"


def test_what_a_killed_go_left_open_is_closed_when_the_work_is_done_and_stays_unknown(keep, world):
    space, lag = world.space.id, timedelta(minutes=5)
    with keep() as uow:
        uow.work.mark(K, space, "k1")
        killed = uow.work.begin(K, space, world.now)
        uow.journal.open(killed, space, "make channel", "key-1", world.now)
        other = uow.work.begin(K, space, world.now)
        entry = uow.journal.open(other, space, "make folder", "key-2", world.now)
        uow.journal.close(entry, Done.CHANGED, world.now)
        assert uow.journal.unfinished(space, "make channel") == world.now
        assert still_open(uow) == ["make channel"]
        uow.journal.settle(other, world.now + lag)
        assert still_open(uow) == []
        assert uow.journal.unfinished(space, "make channel") == world.now, "nobody knows to this day"
        assert uow.journal.half_made(space)
        assert uow.journal.unfinished(space, "make folder") is None
        again = uow.journal.open(other, space, "make channel", "key-1", world.now + lag)
        uow.journal.close(again, Done.ALREADY_SO, world.now + lag, found=True)
        assert uow.journal.unfinished(space, "make channel") is None
        assert not uow.journal.half_made(space)

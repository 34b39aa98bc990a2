"""A database that goes away in the middle: the error comes out as it is, and the next unit of work finds it again."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coplink.core.errors import DomainError
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.storage.unit_of_work import SqlStorage

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("engine", ["postgres"], indirect=True)]


@pytest.fixture
def end(engine):
    """Ends the server's side of a unit of work, as a restart or a failover does."""

    def end(uow):
        backend = uow._session.scalar(text("SELECT pg_backend_pid()"))
        with engine.connect() as other:
            assert other.scalar(text(f"SELECT pg_terminate_backend({backend}, 5000)")) is True

    return end


def works(engine, keep, world):
    """Whether the connection was given back and the next unit of work is none the worse."""
    if engine.pool.checkedout():
        return False
    with keep() as uow:
        uow.people.put(world.ada)
        return uow.people.get(world.ada.id) == world.ada


def test_in_the_middle_of_a_unit_of_work(storage, engine, keep, world, end):
    def read(uow):
        uow.communities.opt_out(["h1"])
        end(uow)
        uow.people.get(world.ada.id)

    with pytest.raises(DBAPIError) as caught, storage.begin() as uow:
        read(uow)
    assert caught.value.connection_invalidated
    assert works(engine, keep, world)
    with keep() as uow:
        assert uow.communities.opted_out(["h1"]) == frozenset()


def test_at_the_commit_nothing_is_told(engine, sealer, keep, world, end):
    told: list[object] = []
    storage = SqlStorage(engine, sealer, told.append)

    def mark(uow):
        uow.work.mark(Kind.RECONCILE, "s1", "k1")
        end(uow)
        uow.commit()

    with pytest.raises(DBAPIError), storage.begin() as uow:
        mark(uow)
    assert told == []
    assert works(engine, keep, world)
    with keep() as uow:
        assert uow.work.state(Kind.RECONCILE, "s1") is None


def test_after_all_was_read(storage, engine, keep, world, end):
    with storage.begin() as uow:
        found = uow.people.get(world.ada.id)
        end(uow)
    assert found == world.ada
    assert works(engine, keep, world)


def test_what_a_person_is_told_is_not_hidden_by_it(storage, engine, keep, world, end):
    def refuse(uow):
        uow.people.get(world.ada.id)
        end(uow)
        raise DomainError(say("Not like this."))

    with pytest.raises(DomainError, match="Not like this"), storage.begin() as uow:
        refuse(uow)
    assert works(engine, keep, world)


def test_while_nobody_used_it(storage, engine, keep, world):
    """Connections that lie in the pool are tried before they are handed out."""
    with storage.begin() as one, storage.begin() as two:
        lying = [uow._session.scalar(text("SELECT pg_backend_pid()")) for uow in (one, two)]
    with engine.connect() as other:
        mine = other.scalar(text("SELECT pg_backend_pid()"))
        for backend in set(lying) - {mine}:
            assert other.scalar(text(f"SELECT pg_terminate_backend({backend}, 5000)")) is True
    with storage.begin() as one, storage.begin() as two, storage.begin() as three:
        assert all(uow.people.get(world.ada.id) == world.ada for uow in (one, two, three))
    assert works(engine, keep, world)

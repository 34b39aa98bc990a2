from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from coplink.core.community import Participation
from coplink.core.people import Identity, InstitutionId
from coplink.core.words import Said, say
from coplink.ports.records import Link, LinkKind, Report
from coplink.ports.storage import Storage, UnitOfWork
from coplink.storage.database import make_engine
from coplink.storage.tables import Table as EveryTable
from coplink.storage.types import UtcDateTime


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_sqlite_is_set_up_for_safety(engine):
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20000}


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_postgres_is_set_up_for_safety(engine):
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in (
                "timezone",
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "transaction_isolation",
                "synchronous_commit",
            )
        }
    assert found == {
        "timezone": "UTC",
        "statement_timeout": "30s",
        "lock_timeout": "20s",
        "idle_in_transaction_session_timeout": "20s",
        "transaction_isolation": "read committed",
        "synchronous_commit": "on",
    }


def test_the_driver_of_postgres_need_not_be_named():
    engine = make_engine("postgresql://coplink:secret@db.example/coplink")
    assert engine.url.drivername == "postgresql+psycopg"
    assert "secret" not in repr(engine)


def test_a_sqlite_file_in_a_new_folder_is_made(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path}/state/coplink.sqlite")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()
    assert (tmp_path / "state" / "coplink.sqlite").exists()


def test_storage_is_what_the_port_asks_for(storage):
    port: Storage = storage
    with port.begin() as uow:
        whole: UnitOfWork = uow
        asked = {name for name in vars(UnitOfWork) if not name.startswith("_")}
        assert asked <= {name for name in dir(whole) if not name.startswith("_")}
        ids = {whole.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in ids)


def test_nothing_is_kept_without_a_commit(storage, keep, world):
    with storage.begin() as uow:
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
        assert uow.people.get(world.bo.id) is None
    with keep() as uow:
        assert uow.people.get(world.bo.id) == world.bo


def test_an_error_takes_everything_back(storage, keep, world):
    def fail(uow):
        uow.communities.opt_out(["h1"])
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="middle"), storage.begin() as uow:
        fail(uow)
    with keep() as uow:
        assert uow.communities.opted_out(["h1"]) == frozenset()


def test_references_are_enforced(keep, world):
    with pytest.raises(IntegrityError), keep() as uow:
        uow.communities.put_participation(Participation(world.community.id, InstitutionId("nowhere")))


ZONES = [
    UTC,
    timezone(timedelta(hours=-11)),
    ZoneInfo("Pacific/Chatham"),
    ZoneInfo("America/New_York"),
]


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_an_instant_comes_back_in_utc_whatever_zone_it_came_in(engine, zone):
    table = Table("instants_of_a_test", MetaData(), Column("at", UtcDateTime), Column("n", Integer))
    # within the doubled hour of New York's autumn, to the microsecond
    moment = datetime(2026, 11, 1, 6, 30, 0, 123456, tzinfo=UTC)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table).values(at=moment.astimezone(zone), n=1))
        connection.execute(insert(table).values(at=None, n=2))
        found = connection.execute(select(table.c.at).order_by(table.c.n)).scalars().all()
        ordered = connection.scalar(
            select(table.c.n).where(table.c.at <= moment.astimezone(ZONES[2]), table.c.at >= moment)
        )
        connection.execute(text("DROP TABLE instants_of_a_test"))
    assert found == [moment, None]
    assert found[0].tzinfo is UTC
    assert ordered == 1


def test_a_time_without_a_zone_is_refused(keep, world):
    with keep() as uow, pytest.raises(StatementError, match="without a zone"):
        uow.journal.note_removed(world.north.id, 1, datetime(2026, 9, 1))  # noqa: DTZ001


ODD = "A\0da \ud800 λ 𝒳 <b>\n'\"; DROP TABLE people; --"
WHOLE = "Ada ? λ 𝒳 <b>\n'\"; DROP TABLE people; --"


def test_what_a_database_cannot_hold_is_left_out_on_both_alike(keep, world):
    with keep() as uow:
        uow.people.put(replace(world.ada, name=ODD))
        uow.people.put_identity(Identity(world.north.id, "lti", "r1", ODD, world.ada.id))
        uow.spaces.put(replace(world.space, name=ODD, parts={ODD: ODD}))
        uow.records.report(Report("collect", "s1", world.community.id, world.now, {}, (say(ODD, name=ODD),)))
        uow.links.put(Link("l1", LinkKind.FEED, ODD, world.north.id, None, None, world.now, None))
    with keep() as uow:
        person = uow.people.by_identity(world.north.id, "lti", "r1", ODD)
        assert person is not None
        assert person.name == WHOLE
        assert uow.people.subjects(world.north.id, "lti", "r1") == {WHOLE: world.ada.id}
        assert uow.spaces.get(world.space.id).parts == {WHOLE: WHOLE}
        assert uow.records.reports(world.community.id)[0].sentences == (Said(WHOLE, {"name": WHOLE}),)
        assert uow.links.by_token(LinkKind.FEED, ODD).token == ODD, "what is sealed is kept to the letter"


def test_every_table_says_what_personal_data_it_holds_and_how_long():
    missing = []
    for mapper in EveryTable.registry.mappers:
        words = " ".join((mapper.class_.__doc__ or "").lower().split())
        says_what = any(phrase in words for phrase in ("personal data", "names nobody"))
        says_how_long = any(word in words for word in ("kept", "dropped", "replaced", "newest"))
        if not (says_what and says_how_long):
            missing.append(mapper.class_.__name__)
    assert missing == []
    assert len(list(EveryTable.registry.mappers)) == len(EveryTable.metadata.tables)


def test_every_row_of_an_institution_says_whose_it_is():
    """A table without the institution hangs, perhaps by another, on one that has it; or it belongs to the server."""
    tables = EveryTable.metadata.tables
    known = {name for name, table in tables.items() if "institution" in table.columns}
    servers = {"institutions", "key_pairs", "logins", "opt_outs", "work", "reports"}
    for table in EveryTable.metadata.sorted_tables:  # a table comes after those it refers to
        if any(key.column.table.name in known for key in table.foreign_keys):
            known.add(table.name)
    assert set(tables) - servers == known - servers

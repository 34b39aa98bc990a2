from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, inspect, select

from coplink.core.people import Identity, Institution, InstitutionId, Person, PersonId
from coplink.storage import database
from coplink.storage.database import alembic_config, downgrade, is_current, make_engine, newest, upgrade
from coplink.storage.tables import IdentityRow, InstitutionRow, Table
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.databases import postgres_server

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
both = pytest.mark.parametrize("fresh_engine", BOTH, indirect=True)


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Table.metadata.sorted_tables
        }


@both
def test_up_down_and_up_again(fresh_engine, sealer):
    assert not is_current(fresh_engine)
    upgrade(fresh_engine)
    assert is_current(fresh_engine)
    assert tables(fresh_engine) == set(Table.metadata.tables)
    with SqlStorage(fresh_engine, sealer).begin() as uow:
        uow.institutions.add(Institution(InstitutionId("north"), "North"))
        uow.commit()
    upgrade(fresh_engine)
    assert rows(fresh_engine)["institutions"] == 1, "going up where one is changes nothing"
    downgrade(fresh_engine, "base")
    assert tables(fresh_engine) == set()
    assert not is_current(fresh_engine)
    upgrade(fresh_engine)
    assert is_current(fresh_engine)
    assert tables(fresh_engine) == set(Table.metadata.tables)
    assert set(rows(fresh_engine).values()) == {0}


def test_the_last_file_is_the_head_of_the_migrations():
    assert [newest()] == ScriptDirectory.from_config(alembic_config()).get_heads()


@pytest.mark.postgres
def test_the_migrations_make_exactly_the_tables_of_the_code():
    engine = make_engine(postgres_server().fresh())
    upgrade(engine)
    with engine.connect() as connection:
        command.check(alembic_config(connection))
        assert inspect(connection).has_table("work")
    engine.dispose()


@both
def test_both_databases_have_the_same_columns(fresh_engine):
    upgrade(fresh_engine)
    inspector = inspect(fresh_engine)
    for table in Table.metadata.sorted_tables:
        found = {c["name"]: c["nullable"] for c in inspector.get_columns(table.name)}
        assert found == {column.name: column.nullable for column in table.columns}, table.name
        keys = {tuple(key["constrained_columns"]) for key in inspector.get_foreign_keys(table.name)}
        assert keys == {tuple(c.columns.keys()) for c in table.foreign_key_constraints}, table.name
        assert {i["name"] for i in inspector.get_indexes(table.name)} >= {i.name for i in table.indexes}


@both
def test_two_processes_that_upgrade_at_once_wait_for_each_other(fresh_engine):
    engines = [make_engine(fresh_engine.url) for _ in range(3)]
    barrier = threading.Barrier(len(engines))

    def go(engine: Engine) -> None:
        barrier.wait(10)
        upgrade(engine)
        engine.dispose()

    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(go, engines))
    assert is_current(fresh_engine)


LAST = max(one.name[:4] for one in (database.MIGRATIONS / "versions").glob("[0-9]*.py"))
NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{last}", None, None


def upgrade():
    {up}


def downgrade():
    {down}
"""


@pytest.fixture
def next_revision(tmp_path, monkeypatch):
    """Adds a revision to a copy of the tree, as a later release will."""

    def add(up: str, down: str = "pass") -> None:
        copy = tmp_path / "migrations"
        shutil.copytree(database.MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "versions" / "9999_next.py").write_text(NEXT.format(up=up, down=down, last=LAST))
        monkeypatch.setattr(database, "MIGRATIONS", copy)

    return add


def filled(engine, sealer):
    north = Institution(InstitutionId("north"), "North")
    with SqlStorage(engine, sealer).begin() as uow:
        uow.institutions.add(north)
        person = Person(PersonId("ada"), north.id, "Ada")
        uow.people.put(person)
        uow.people.put_identity(
            Identity(north.id, "lti", "r1", "sub-1", person.id, datetime(2026, 9, 1, tzinfo=UTC))
        )
        uow.commit()


@both
def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(fresh_engine, sealer, next_revision):
    """On SQLite with enforced keys, this took every child row along without an error."""
    upgrade(fresh_engine)
    filled(fresh_engine, sealer)
    rename = "with op.batch_alter_table('people') as t: t.alter_column('{0}', new_column_name='{1}')"
    next_revision(rename.format("name", "called"), rename.format("called", "name"))
    upgrade(fresh_engine)
    assert is_current(fresh_engine)
    with fresh_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(IdentityRow)) == 1
        assert connection.exec_driver_sql("SELECT called FROM people").scalar() == "Ada"
    downgrade(fresh_engine, LAST)
    with SqlStorage(fresh_engine, sealer).begin() as uow:
        assert [i.subject for i in uow.people.identities("ada")] == ["sub-1"]
        assert uow.people.get("ada").name == "Ada"


@both
def test_a_revision_that_fails_leaves_nothing_behind(fresh_engine, sealer, next_revision):
    upgrade(fresh_engine)
    filled(fresh_engine, sealer)
    before = rows(fresh_engine)
    next_revision(
        "op.create_table('half', sa.Column('id', sa.String(), primary_key=True))\n"
        "    op.execute('DELETE FROM identities')\n"
        "    raise OSError('the machine goes down')"
    )
    with pytest.raises(OSError, match="goes down"):
        upgrade(fresh_engine)
    assert tables(fresh_engine) == set(Table.metadata.tables)
    assert rows(fresh_engine) == before
    assert not is_current(fresh_engine)


@pytest.mark.parametrize("fresh_engine", ["sqlite"], indirect=True)
def test_a_revision_that_orphans_rows_is_refused(fresh_engine, sealer, next_revision):
    upgrade(fresh_engine)
    filled(fresh_engine, sealer)
    next_revision("op.execute('DELETE FROM people')")
    with pytest.raises(RuntimeError, match="1 rows"):
        upgrade(fresh_engine)
    assert rows(fresh_engine)["people"] == 1
    with fresh_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.scalar(select(InstitutionRow.name)) == "North"


@both
def test_who_is_let_in_already_as_a_guest_keeps_that_seat_and_nobody_else_has_agreed(fresh_engine, sealer):
    upgrade(fresh_engine, "0008")
    at = "'2026-09-02 00:00:00+00:00'"
    with fresh_engine.begin() as connection:
        say = connection.exec_driver_sql
        for school in ("north", "east", "west"):
            say(f"INSERT INTO institutions (id, name, listed) VALUES ('{school}', '{school}', TRUE)")
        for community, school in (("c", "east"), ("d", "west")):
            say(
                "INSERT INTO communities (id, institution, name, charter, stage, founded_at)"
                f" VALUES ('{community}', 'north', 'C', 1, 'forming', {at})"
            )
            say(
                "INSERT INTO connections (id, institution, integration, realm, settings, made_at)"
                f" VALUES ('k{school}', '{school}', 'teams', '{school}', '', {at})"
            )
            say(
                "INSERT INTO spaces (id, community, institution, connection, integration, kind, name, marker,"
                " state, parts, asked, written_name)"
                f" VALUES ('s{school}', '{community}', '{school}', 'k{school}', 'teams', 'channel', 'C',"
                f" 'm{school}', 'ready', '{{}}', '{{}}', '')"
            )
        for who, standing, account in (
            ("lee", "joined", "'g-1'"),
            ("mo", "joined", "NULL"),
            ("max", "left", "'g-2'"),
            ("ben", "joined", ""),
        ):
            say(
                f"INSERT INTO people (id, institution, name, admin) VALUES ('{who}', 'north', '{who}', FALSE)"
            )
            for community in ("c", "d"):
                say(
                    "INSERT INTO memberships (community, person, institution, role, standing, changed_at)"
                    f" VALUES ('{community}', '{who}', 'north', 'member', '{standing}', {at})"
                )
            if account:
                say(
                    "INSERT INTO guests (institution, integration, person, address, account, enter, asked_at)"
                    f" VALUES ('east', 'teams', '{who}', 'a', {account}, '', {at})"
                )
    upgrade(fresh_engine)
    with SqlStorage(fresh_engine, sealer).begin() as uow:
        assert uow.guests.answers_at("c", "east") == {"lee": True}
        assert uow.guests.shown_at("c", "east") == {"lee": "a"}, "by which they were let in"
        assert uow.guests.answers("d", "lee") == {}, "a place that never had the address"

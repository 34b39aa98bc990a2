"""Opens the database, and brings its schema up to date.

SQLite is a real mode for one machine, on a local disk: write-ahead log, foreign keys, every transaction taking the
write lock at its start, so that reading and then writing never fails half way. PostgreSQL is for several machines.
Alembic is loaded when there is something to migrate, which is hardly ever, and psycopg for PostgreSQL only.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from coplink.storage.transaction import BEGIN
from coplink.storage.types import to_json

if TYPE_CHECKING:
    import psycopg
    from alembic.config import Config

BUSY_SECONDS = 20
FRESH_SECONDS = 1.0
RESTS_SINCE = "coplink rests since"
MIGRATIONS = Path(__file__).with_name("migrations")


def make_engine(url: str | URL) -> Engine:
    """An engine for ``sqlite:///file`` or ``postgresql+psycopg://...``; the database is opened at the first use."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    from psycopg.pq import ExecStatus

    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        json_serializer=to_json,
        # Whoever waited for another's commit reads what was committed, whatever the server's own default.
        isolation_level="READ COMMITTED",
        pool_size=8,
        max_overflow=16,
        connect_args={
            "connect_timeout": 10,
            "prepare_threshold": None,  # ready statements are prepared by us; psycopg would drop them at a rollback
            "options": "-c timezone=UTC -c statement_timeout=30000 -c lock_timeout=20000"
            " -c idle_in_transaction_session_timeout=20000",
        },
    )

    @event.listens_for(engine, "checkin")
    def _rests(_driver: object, record: ConnectionPoolEntry) -> None:
        record.info[RESTS_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _still_there(driver: psycopg.Connection[Any], record: ConnectionPoolEntry, _proxy: object) -> None:
        """Ask one that rested whether its server is still there; one that was just used is not asked each time."""
        rested = time.monotonic() - record.info.get(RESTS_SINCE, 0.0)
        if rested > FRESH_SECONDS and driver.pgconn.exec_(b"SELECT 1").status != ExecStatus.TUPLES_OK:
            raise InvalidatePoolError

    return engine


def _sqlite(address: URL) -> Engine:
    if address.database and "vfs" not in address.query:  # one in memory lies in no folder
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        address,
        json_serializer=to_json,
        connect_args={"timeout": BUSY_SECONDS},
        # As many as there are threads at once, and none is opened twice; the warmest is taken first.
        pool_size=0,
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we begin ourselves, below
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # A page changed many times in a busy minute is copied back once: 4,000 pages of 4 KiB are 16 MiB of log.
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("PRAGMA foreign_keys=ON")
        # Each connection would keep 2 MiB of the file for itself, which the machine keeps for all of them anyway.
        connection.execute("PRAGMA cache_size=-256")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        raw = connection.connection.driver_connection
        if not cast(sqlite3.Connection, raw).in_transaction:  # a unit of work has begun it already
            connection.exec_driver_sql(BEGIN)

    return engine


def alembic_config(connection: Connection | None = None) -> Config:
    """Where the migrations lie, for Alembic's commands; they run on ``connection``."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to ``revision``. Two processes at once are safe: one waits for the other."""
    if revision == "head" and is_current(engine):
        return
    from alembic import command

    _migrate(engine, command.upgrade, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to ``revision``; ``base`` is an empty database."""
    from alembic import command

    _migrate(engine, command.downgrade, revision)


def newest() -> str:
    """The revision this code was written for: the files of the migrations are named after theirs, in order."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def is_current(engine: Engine) -> bool:
    """Whether the schema is the one this code was written for."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        here = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    return here == [newest()]


def _migrate(engine: Engine, step: Any, revision: str) -> None:
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(730128411)")
                step(alembic_config(connection), revision)
            return
        # A table rebuilt under enforced keys takes its children with it, without an error. The switch works outside
        # a transaction only.
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101  (it is: the engine is ours)
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                step(alembic_config(connection), revision)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise RuntimeError(f"{len(broken)} rows would lose what they refer to")
        finally:
            raw.execute("PRAGMA foreign_keys=ON")

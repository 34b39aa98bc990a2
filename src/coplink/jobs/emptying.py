"""Forgets every job. Nothing is lost: what is to be done stands in the application's database; the sweep finds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import sqlalchemy as sa

from coplink.core.errors import ConfigurationError
from coplink.core.words import say
from coplink.jobs.store import SCHEMA, is_file

SILENT_SECONDS = 30
BUSY = say("A coplink process is still running on this. Stop every process of coplink first.")


def empty_jobs(address: str) -> bool:
    """Empty the job store at ``address``; whether there was one. Raises ``ConfigurationError`` while a worker lives."""
    url = sa.make_url(address)
    if is_file(address):
        return _forget_file(Path(url.database or ""))
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        with engine.begin() as connection:
            there = sa.inspect(connection).has_schema(SCHEMA)
            if there and _somebody_works(connection):
                raise ConfigurationError(BUSY)
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            return there
    finally:
        engine.dispose()


def _forget_file(file: Path) -> bool:
    if not file.exists():
        return False
    lock = os.open(f"{file}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(BUSY) from None
        for one in (file, *(Path(f"{file}-{end}") for end in ("wal", "shm"))):
            one.unlink(missing_ok=True)
    finally:
        os.close(lock)
    return True


def _somebody_works(connection: sa.Connection) -> bool:
    if not sa.inspect(connection).has_table("coplink_heartbeats", schema=SCHEMA):
        return False
    beats = sa.table("coplink_heartbeats", sa.column("beat"), schema=SCHEMA)
    alive: sa.ColumnElement[float] = sa.literal_column(
        f"extract(epoch from clock_timestamp()) - {SILENT_SECONDS}"
    )
    return connection.execute(sa.select(sa.exists().where(beats.c.beat > alive))).scalar_one()

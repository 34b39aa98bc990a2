"""A backup: one file that holds everything that lasts, from SQLite and PostgreSQL alike, and restores into either.

The file is a SQLite database of our schema, filled from one consistent look while coplink goes on working, with a card
that says what it is. It holds sealed values as they are and no key: without the master key it is worth nothing, and
with another one it is refused before anything is touched.

After a restore the world is newer than what coplink knows. Seats of people who do not belong count as put by hand from
then on, so that nobody is removed by what an old ledger says; nothing is taken from anybody until each space was read
twice, no absence and no approval of before counts, and everything is looked at anew.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, and_, delete, exists, insert, literal, or_, select, update
from sqlalchemy.engine import URL

from coplink import __version__
from coplink.core.errors import ConfigurationError
from coplink.core.people import Proof, Standing
from coplink.core.words import say
from coplink.ports.sealing import Sealer
from coplink.storage import copying
from coplink.storage.database import make_engine, newest, upgrade
from coplink.storage.repositories.mails import DONE
from coplink.storage.seat_states import SeatState
from coplink.storage.tables import (
    AccountRow,
    LedgerLookRow,
    LedgerRow,
    MailRow,
    MembershipRow,
    PlanRow,
    SpaceRow,
    WorkRow,
)

CARD = "coplink_backup"
SERVER, PROBE = "coplink", "backup"


@dataclass(frozen=True, slots=True)
class Card:
    """What a backup says of itself. ``rows`` by table; ``probe`` is a sealed word that only the right key opens."""

    version: str
    revision: str
    made_at: str
    rows: Mapping[str, int]
    probe: str


def back_up(engine: Engine, sealer: Sealer, path: Path, now: datetime) -> Card:
    """Write a backup beside ``path``, prove it, and move it there; mode 600. Raises ``ConfigurationError``."""
    if not path.parent.is_dir():
        raise ConfigurationError(say("There is no folder {folder}.", folder=str(path.parent)))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.touch(mode=0o600)
        with closing(sqlite3.connect(fresh)) as quiet:  # one file, no log beside it
            quiet.execute("PRAGMA journal_mode=DELETE")
        with _opened(fresh) as copy:
            upgrade(copy)
            with _one_look(engine) as source, copy.begin() as target:
                rows = copying.copy(source, target)
                card = Card(__version__, newest(), now.isoformat(), rows, sealer.seal(SERVER, PROBE, PROBE))
                target.exec_driver_sql(f"CREATE TABLE {CARD} (card TEXT NOT NULL)")
                target.exec_driver_sql(f"INSERT INTO {CARD} VALUES (?)", (json.dumps(asdict(card)),))  # noqa: S608
        with closing(sqlite3.connect(fresh)) as quiet:
            quiet.execute("PRAGMA journal_mode=DELETE")
        check(fresh, sealer)
        with fresh.open("rb") as written:
            os.fsync(written.fileno())
        fresh.replace(path)
    finally:
        for left in (fresh, *path.parent.glob(f"{fresh.name}-*")):
            left.unlink(missing_ok=True)
    return card


def check(path: Path, sealer: Sealer) -> Card:
    """Open a backup, count it, and see that the master key fits; raises ``ConfigurationError`` with a sentence."""
    card = _card(path)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        whole = file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not whole or file.execute("PRAGMA foreign_key_check").fetchall():
            raise ConfigurationError(say("The backup is damaged. Use another one."))
        for table, rows in card.rows.items():
            if file.execute(f'SELECT count(*) FROM "{table}"').fetchone() != (rows,):  # noqa: S608  (our tables)
                raise ConfigurationError(say("The backup is damaged. Use another one."), f"rows of {table}")
    sealer.open(SERVER, PROBE, card.probe)
    return card


def may_restore(path: Path, engine: Engine, sealer: Sealer, replace: bool = False) -> Card:
    """Whether a backup may be put into a database; what is there stays. ``replace`` gives it up.

    Raises ``ConfigurationError``: a damaged file, another key, a newer coplink's backup, a database that holds
    something.
    """
    card = check(path, sealer)
    if card.revision > newest():
        raise ConfigurationError(say("This backup is of a newer coplink. Update coplink first."))
    upgrade(engine)
    with engine.connect() as connection:
        held = connection.execute(select(copying.tables()[0].c.id).limit(1)).first()
    if held and not replace:
        raise ConfigurationError(
            say("The database is not empty. With --replace everything in it is given up for the backup.")
        )
    return card


def restore(path: Path, engine: Engine, sealer: Sealer, now: datetime, replace: bool = False) -> Card:
    """Put a backup into a database, whole or not at all; ``replace`` gives up what is there.

    An older backup is brought up to date in a copy first. Refuses like ``may_restore``.
    """
    card = may_restore(path, engine, sealer, replace)
    working = path.with_name(f".{path.name}.{os.getpid()}.restoring")
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file,
            closing(sqlite3.connect(working)) as copy,
        ):
            os.chmod(working, 0o600)
            file.backup(copy)
        with _opened(working) as old:
            upgrade(old)
            with old.connect() as source, engine.begin() as target:
                _patient(target)
                copying.empty(target)
                copying.copy(source, target)
                know_less(target, now)
    finally:
        for left in (working, *path.parent.glob(f"{working.name}-*")):
            left.unlink(missing_ok=True)
    return card


def _card(path: Path) -> Card:
    unreadable = ConfigurationError(say("That file is not a backup of coplink’s, or it cannot be read."))
    if not path.is_file():
        raise unreadable
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            found = file.execute(f"SELECT card FROM {CARD}").fetchone()  # noqa: S608  (a name of ours)
        return Card(**json.loads(found[0]))
    except (sqlite3.Error, TypeError, ValueError, OSError) as error:
        raise unreadable from error


@contextmanager
def _opened(path: Path) -> Iterator[Engine]:
    engine = make_engine(URL.create("sqlite", database=str(path)))
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _one_look(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database, and holds nobody up."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                _patient(connection)
                yield connection
            return
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101  (it is: the engine is ours)
        raw.execute("BEGIN DEFERRED")  # readers of SQLite's log hold up no writer
        try:
            yield connection
        finally:
            raw.rollback()


def _patient(connection: Connection) -> None:
    """A copy may take longer than a page may."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def know_less(target: Connection, now: datetime) -> None:
    """What an old ledger says is no reason to remove anybody; everything known is looked at anew."""
    belongs = exists(
        select(SpaceRow.id)
        .join(
            AccountRow,
            and_(
                AccountRow.institution == SpaceRow.institution, AccountRow.integration == SpaceRow.integration
            ),
        )
        .join(
            MembershipRow,
            and_(MembershipRow.community == SpaceRow.community, MembershipRow.person == AccountRow.person),
        )
        .where(
            SpaceRow.id == LedgerRow.space,
            AccountRow.account == LedgerRow.account,
            AccountRow.proof == Proof.PROVED.value,
            MembershipRow.standing == Standing.JOINED.value,
        )
        .correlate(LedgerRow)
    )
    # Nor is that somebody leads by our making, nor that they joined again: they may have left, or been raised, since.
    target.execute(delete(LedgerRow).where(or_(~belongs, LedgerRow.state == SeatState.RAISED.value)))
    rejoined = LedgerRow.state == SeatState.REJOINED.value
    target.execute(update(LedgerRow).where(rejoined).values(state=SeatState.PUT.value))
    target.execute(update(LedgerRow).values(absent_since=None))
    target.execute(delete(PlanRow))
    # A letter that waited may have gone out since, and may have been answered with a no: none goes by itself.
    target.execute(update(MailRow).where(MailRow.state != DONE).values(state=DONE))
    target.execute(delete(LedgerLookRow))
    every = select(SpaceRow.id, SpaceRow.institution, literal(True), literal(True))
    target.execute(insert(LedgerLookRow).from_select(["space", "institution", "held", "adopting"], every))
    target.execute(
        update(WorkRow).values(
            generation=WorkRow.generation + 1,
            token=None,
            attempt=0,
            failures=0,
            not_before=None,
            resting=False,
        )
    )

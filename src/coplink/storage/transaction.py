"""One transaction: statements that are ready run on the driver's own connection, all others on an ORM session over it.

The connection is taken, and the transaction begun, when the first statement asks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from coplink.storage.ready import Ready, Row

BEGIN = "BEGIN IMMEDIATE"
LASTING = "coplink lasting"
PATIENCE = 20

READ_ANEW = {"populate_existing": True, "synchronize_session": False}
"""Rows are read anew each time: repositories write statements, they do not change objects."""


class Transaction:
    """One transaction of one thread; ``end`` takes back what was not committed and returns the connection.

    In one that is ``single`` each ready statement is kept at once: for what writes a single row at its end.
    """

    def __init__(
        self,
        engine: Engine,
        lasting: bool = True,
        turn: threading.Lock | None = None,
        single: bool = False,
    ) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._lasting, self._single = lasting, single
        self._turn, self._holds = turn, False
        self._pooled: PoolProxiedConnection | None = None
        self._wide: Connection | None = None
        self._session: Session | None = None

    @property
    def sqlite(self) -> bool:
        """Whether SQLite keeps it; PostgreSQL does otherwise."""
        return self._sqlite

    def run(self, ready: Ready, /, **values: Any) -> list[Row]:
        """Run a ready statement; its rows, none where it returns none."""
        words = ready.words(self._engine.dialect)
        pooled = self._pooled or self._begun()
        try:
            return words.run(pooled, values)
        except self._driver_errors() as error:
            raise self._told(words.text, error) from error

    def each(self, ready: Ready, /, **values: Any) -> Iterator[Row]:
        """The rows of a ready statement that only reads, one after the other, to be gone through at once."""
        words = ready.words(self._engine.dialect)
        pooled = self._pooled or self._begun()
        try:
            yield from words.each(pooled, values)
        except self._driver_errors() as error:
            raise self._told(words.text, error) from error

    def first(self, ready: Ready, /, **values: Any) -> Row | None:
        """The first row, if there is one."""
        rows = self.run(ready, **values)
        return rows[0] if rows else None

    @property
    def session(self) -> Session:
        """The ORM's session, in the same transaction."""
        if self._session is None:
            self._wide = Connection(self._engine, self._pooled or self._begun())
            self._wide.begin()
            self._session = Session(self._wide, autoflush=False, execution_options=READ_ANEW)
        return self._session

    def commit(self) -> None:
        """Keep everything; what comes after is a transaction of its own."""
        under_way = self._wide.get_transaction() if self._wide is not None else None
        if under_way is not None:
            under_way.commit()
        elif self._pooled is not None and not self._single:
            try:
                if self._sqlite:
                    self._pooled.commit()
                else:
                    postgres = _postgres()
                    postgres.commit(self._pooled)
            except self._driver_errors() as error:
                raise self._told("COMMIT", error) from error
        self.end()

    def end(self) -> None:
        """Take back what was not committed and return the connection.

        A server that has gone away took it back by itself: that is no reason to hide what was read, or another error.
        """
        session, wide, pooled = self._session, self._wide, self._pooled
        self._session = self._wide = self._pooled = None
        try:
            self._give_back(session, wide, pooled)
        finally:
            if self._holds and self._turn is not None:
                self._holds = False
                self._turn.release()

    @staticmethod
    def _give_back(
        session: Session | None, wide: Connection | None, pooled: PoolProxiedConnection | None
    ) -> None:
        try:
            if session is not None:
                session.close()
            if wide is not None:
                wide.close()
            elif pooled is not None:
                pooled.close()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            if pooled is not None and pooled.is_valid:
                pooled.invalidate()

    def _begun(self) -> PoolProxiedConnection:
        """The connection, with the transaction begun."""
        if self._turn is not None:
            # SQLite lets one write at a time; who waits here is woken in turn and looks no further meanwhile. Who has
            # waited too long goes on, and hears from SQLite why.
            self._holds = self._turn.acquire(timeout=PATIENCE)
        try:
            return self._begin()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._begin()  # its server went away while it rested, and nothing was asked yet

    def _begin(self) -> PoolProxiedConnection:
        try:
            self._pooled = self._engine.raw_connection()
            if self._pooled.info.get(LASTING, True) is not self._lasting:
                self._wait_for_disk(self._pooled)
            if self._single:
                pass
            elif self._sqlite:
                cast(Any, self._pooled.driver_connection).execute(BEGIN)
            else:
                postgres = _postgres()
                postgres.command(self._pooled, postgres.BEGIN)
        except self._driver_errors() as error:
            raise self._told("BEGIN", error) from error
        return self._pooled

    def _wait_for_disk(self, pooled: PoolProxiedConnection) -> None:
        """Say whether this connection's commits wait until they are on disk; it stays as it was said last."""
        if self._sqlite:
            driver = cast(Any, pooled.driver_connection)
            driver.execute(f"PRAGMA synchronous={'FULL' if self._lasting else 'NORMAL'}")
        else:
            postgres = _postgres()
            postgres.command(pooled, postgres.LASTING if self._lasting else postgres.PASSING)
        pooled.info[LASTING] = self._lasting

    def _driver_errors(self) -> type[Exception]:
        return cast(type[Exception], self._engine.dialect.loaded_dbapi.Error)

    def _told(self, text: str, error: Exception) -> Exception:
        """The driver's error as SQLAlchemy tells it; a connection that is lost does not go back to the pool."""
        dialect, lost = self._engine.dialect, False
        if self._pooled is not None:
            lost = dialect.is_disconnect(error, self._pooled.dbapi_connection, None)  # type: ignore[arg-type]
            if lost:
                self._pooled.invalidate(error)
                self._engine.dispose()  # those at rest are as old as this one was
                if self._wide is None:
                    self._pooled = None
        return DBAPIError.instance(
            text,
            None,
            error,
            self._driver_errors(),
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        )


def _postgres() -> ModuleType:
    """What speaks to PostgreSQL, loaded where one is spoken to."""
    from coplink.storage import postgres

    return postgres

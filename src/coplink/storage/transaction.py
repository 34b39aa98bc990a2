"""One transaction: statements that are ready run on the driver's own connection, all others on an ORM session over it.

Most of what a page or a launch asks is asked in the same words each time. ``Ready`` keeps those words, compiled once
for each database, and the columns' own types still bind and read the values; what is saved is everything the ORM does
anew at each call. The connection is taken, and the transaction begun, when the first statement asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Connection, Engine, PoolProxiedConnection, Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

Insert = Callable[..., Any]
Row = tuple[Any, ...]
BEGIN = "BEGIN IMMEDIATE"
LASTING = "coplink lasting"
PATIENCE = 20
_Turn = Callable[[Any], Any]

READ_ANEW = {"populate_existing": True, "synchronize_session": False}
"""Rows are read anew each time: repositories write statements, they do not change objects."""


class Ready:
    """One statement in the words of each database; ``make`` is given the insert that knows ON CONFLICT.

    Values are bound by name (``bindparam``) and rows come back as tuples, in the order of the statement's columns.
    """

    def __init__(self, make: Callable[[Insert], Select[*tuple[Any, ...]] | UpdateBase]) -> None:
        self._make = make
        self._words: dict[str, _Words] = {}

    def words(self, dialect: Dialect) -> _Words:
        """The statement for one database, compiled at its first use."""
        found = self._words.get(dialect.name)
        if found is None:
            insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
            found = self._words[dialect.name] = _Words(self._make(insert), dialect)
        return found


class _Words:
    """A compiled statement: its text, how values go in, how columns come out."""

    __slots__ = ("_defaults", "_into", "_named", "_names", "_out", "text")

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._named = not compiled.positional
        turns = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._defaults = {name: turn(fixed[name]) if (turn := turns[name]) else fixed[name] for name in fixed}
        self._into: tuple[tuple[str, _Turn], ...] = tuple(
            (name, turn) for name, turn in turns.items() if turn is not None and name not in fixed
        )
        columns = list(statement.exported_columns)
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._out: list[tuple[int, _Turn]] = [(n, turn) for n, turn in enumerate(readers) if turn is not None]

    def bound(self, values: dict[str, Any]) -> Any:
        """The values as the driver wants them."""
        for name, turn in self._into:
            values[name] = turn(values[name])
        if self._defaults:
            values.update(self._defaults)
        return values if self._named else [values[name] for name in self._names]

    def read(self, rows: list[Row]) -> list[Row]:
        """The rows in Python's own types."""
        out = self._out
        if not out or not rows:
            return rows
        read = []
        for row in rows:
            turned = list(row)
            for n, turn in out:
                turned[n] = turn(turned[n])
            read.append(tuple(turned))
        return read


class Transaction:
    """One transaction of one thread; ``end`` takes back what was not committed and returns the connection."""

    def __init__(self, engine: Engine, lasting: bool = True, turn: threading.Lock | None = None) -> None:
        self._engine = engine
        self._lasting = lasting
        self._turn, self._holds = turn, False
        self._pooled: PoolProxiedConnection | None = None
        self._wide: Connection | None = None
        self._session: Session | None = None

    def run(self, ready: Ready, /, **values: Any) -> list[Row]:
        """Run a ready statement; its rows, none where it returns none."""
        words = ready.words(self._engine.dialect)
        bound = words.bound(values)
        driver = self._driver()
        try:
            found = driver.execute(words.text, bound)
            return words.read(found.fetchall()) if found.description is not None else []
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
            self._driver()
            self._wide = Connection(self._engine, self._pooled)
            self._wide.begin()
            self._session = Session(self._wide, autoflush=False, execution_options=READ_ANEW)
        return self._session

    def commit(self) -> None:
        """Keep everything; what comes after is a transaction of its own."""
        under_way = self._wide.get_transaction() if self._wide is not None else None
        if under_way is not None:
            under_way.commit()
        elif self._pooled is not None:
            try:
                self._pooled.commit()
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

    def _driver(self) -> Any:
        """The driver's connection, with the transaction begun."""
        if self._pooled is None:
            if self._turn is not None:
                # SQLite lets one write at a time; who waits here is woken in turn and looks no further meanwhile. Who
                # has waited too long goes on, and hears from SQLite why.
                self._holds = self._turn.acquire(timeout=PATIENCE)
            try:
                self._pooled = self._engine.raw_connection()
                if self._engine.dialect.name == "sqlite":
                    self._begin_sqlite(self._pooled)
            except self._driver_errors() as error:
                raise self._told("BEGIN", error) from error
        return self._pooled.driver_connection

    def _begin_sqlite(self, pooled: PoolProxiedConnection) -> None:
        driver = cast(Any, pooled.driver_connection)
        if pooled.info.get(LASTING, True) is not self._lasting:
            driver.execute(f"PRAGMA synchronous={'FULL' if self._lasting else 'NORMAL'}")
            pooled.info[LASTING] = self._lasting
        driver.execute(BEGIN)

    def _driver_errors(self) -> type[Exception]:
        return cast(type[Exception], self._engine.dialect.loaded_dbapi.Error)

    def _told(self, text: str, error: Exception) -> Exception:
        """The driver's error as SQLAlchemy tells it; a connection that is lost does not go back to the pool."""
        dialect, lost = self._engine.dialect, False
        if self._pooled is not None:
            lost = dialect.is_disconnect(error, self._pooled.dbapi_connection, None)  # type: ignore[arg-type]
            if lost:
                self._pooled.invalidate(error)
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

"""Statements that are ready: asked in the same words each time, compiled once for each database.

Most of what a page or a launch asks is of this kind. The columns' own types still say how values go in and come out;
what is saved is everything the ORM does anew at each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import PoolProxiedConnection, Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import UpdateBase

if TYPE_CHECKING:
    import sqlite3

Insert = Callable[..., Any]
Row = tuple[Any, ...]
Statement = Select[*tuple[Any, ...]] | UpdateBase
Turned = Callable[[Any], Any]
"""How one value goes in, or comes out."""


class Words(Protocol):
    """A statement in the words of one database."""

    text: str

    def run(self, pooled: PoolProxiedConnection, values: dict[str, Any]) -> list[Row]:
        """Run it on a connection; its rows, none where it returns none. Raises the driver's own errors."""
        ...

    def each(self, pooled: PoolProxiedConnection, values: dict[str, Any]) -> Iterator[Row]:
        """Run one that only reads; its rows one after the other, none of which is kept here."""
        ...


class Ready:
    """One statement; ``make`` is given the insert that knows ON CONFLICT.

    Values are bound by name (``bindparam``) and rows come back as tuples, in the order of the statement's columns.
    """

    def __init__(self, make: Callable[[Insert], Statement]) -> None:
        self._make = make
        self._words: dict[str, Words] = {}

    def words(self, dialect: Dialect) -> Words:
        """The statement for one database, compiled at its first use."""
        found = self._words.get(dialect.name)
        if found is None:
            if dialect.name == "sqlite":
                found = SqliteWords(self._make(sqlite.insert), dialect)
            else:
                from coplink.storage.postgres import PostgresWords  # with its driver, where it is spoken to

                found = PostgresWords(self._make(postgresql.insert))
            self._words[dialect.name] = found
        return found


class SqliteWords:
    """For the standard library's driver."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        turns = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._fixed = {name: turn(fixed[name]) if (turn := turns[name]) else fixed[name] for name in fixed}
        self._into: tuple[tuple[str, Turned], ...] = tuple(
            (name, turn) for name, turn in turns.items() if turn is not None and name not in fixed
        )
        columns = list(statement.exported_columns)
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._out: list[tuple[int, Turned]] = [
            (n, turn) for n, turn in enumerate(readers) if turn is not None
        ]

    def run(self, pooled: PoolProxiedConnection, values: dict[str, Any]) -> list[Row]:
        """Run it."""
        rows = self._asked(pooled, values)
        return [self._turned(row) for row in rows] if self._out else rows.fetchall()

    def each(self, pooled: PoolProxiedConnection, values: dict[str, Any]) -> Iterator[Row]:
        """Run it; SQLite finds a row when it is asked for one."""
        rows: Iterator[Row] = self._asked(pooled, values)
        return map(self._turned, rows) if self._out else rows

    def _asked(self, pooled: PoolProxiedConnection, values: dict[str, Any]) -> sqlite3.Cursor:
        for name, turn in self._into:
            values[name] = turn(values[name])
        values.update(self._fixed)
        driver: Any = pooled.driver_connection
        cursor: sqlite3.Cursor = driver.execute(self.text, [values[name] for name in self._names])
        return cursor

    def _turned(self, row: Row) -> Row:
        turned = list(row)
        for n, turn in self._out:
            turned[n] = turn(turned[n])
        return tuple(turned)

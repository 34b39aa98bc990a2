"""What the repositories share: one session, the sealer, and writes that add or change a row in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, CursorResult, Executable, Select, delete, select
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from coplink.ports.sealing import Sealer
from coplink.storage import shapes
from coplink.storage.ready import Ready
from coplink.storage.ready import Row as Found
from coplink.storage.tables import Table
from coplink.storage.transaction import Transaction

Row = TypeVar("Row", bound=Table)
Value = TypeVar("Value")

SERVER = "coplink"
"""The owner of what is sealed for the server itself."""

SWEEP = 200
"""How many expired rows one write takes along."""


AT_ONCE = 1000
"""How many values are asked for in one statement: they travel as one text, which is copied more than once."""


class AnotherInstitution(ValueError):
    """A row of one institution was about to be replaced by another's; a mistake of ours, never a person's."""


class Repository:
    """One aggregate's part of a unit of work."""

    def __init__(self, transaction: Transaction, sealer: Sealer) -> None:
        self._transaction = transaction
        self._sealer = sealer

    @property
    def _session(self) -> Session:
        return self._transaction.session

    def _run_ready(self, ready: Ready, /, **values: Any) -> list[Found]:
        return self._transaction.run(ready, **values)

    def _one(self, query: Select[Row]) -> Row | None:
        return self._session.scalars(query).one_or_none()

    def _rows(self, query: Select[Row]) -> Sequence[Row]:
        return self._session.scalars(query).all()

    def _run(self, statement: Executable) -> int:
        """Run a statement that changes rows; how many it changed."""
        return cast(CursorResult[Any], self._session.execute(statement)).rowcount

    def _find(self, table: type[Row], *order: str, lock: bool = False, **equal: Any) -> list[Row]:
        """Rows whose columns equal these values, None being equal to an empty one."""
        target = sql(table)
        names, none, values = _compared(equal)
        rows = self._transaction.run(shapes.found(target, names, none, order, lock), **values)
        return list(map(shapes.reading(target)._make, rows))

    def _each(self, table: type[Row], *order: str, lock: bool = False, **equal: Any) -> Iterator[Row]:
        """The same, one after the other: there may be tens of thousands, of which less is kept than their rows."""
        target = sql(table)
        names, none, values = _compared(equal)
        rows = self._transaction.each(shapes.found(target, names, none, order, lock), **values)
        return map(shapes.reading(target)._make, rows)

    def _find_one(self, table: type[Row], lock: bool = False, **equal: Any) -> Row | None:
        """The row of a key, if there is one."""
        rows = self._find(table, lock=lock, **equal)
        return rows[0] if rows else None

    def _each_among(
        self, table: type[Row], column: str, values: Iterable[str], **equal: Any
    ) -> Iterator[Row]:
        """Rows in which one column is among these values, in any order, one after the other."""
        target = sql(table)
        ready, made = shapes.among(target, column, tuple(equal)), shapes.reading(target)._make
        for listed in portions(sorted(set(values)), AT_ONCE):
            yield from map(made, self._transaction.each(ready, listed=listed, **equal))

    def _change(self, table: type[Table], key: Mapping[str, Any], **values: Any) -> None:
        """Set columns where the key's equal these values."""
        ready = shapes.changed(sql(table), tuple(key), tuple(values))
        wanted = {f"is_{name}": value for name, value in key.items()}
        self._transaction.run(ready, **wanted, **_new(values))

    def _remove(self, table: type[Table], **equal: Any) -> None:
        """Delete rows whose columns equal these values."""
        names, none, values = _compared(equal)
        self._transaction.run(shapes.dropped(sql(table), names, none), **values)

    def _append(self, table: type[Table], ignore: bool = False, **values: Any) -> None:
        """Add a row; one whose key is there stays as it was, if that is to be ignored."""
        self._transaction.run(shapes.added(sql(table), tuple(values), ignore), **_new(values))

    def _put(self, table: type[Table], **values: Any) -> None:
        """Add a row, or change the one with the same key; it never moves to another institution."""
        target, names = sql(table), tuple(values)
        kept = self._transaction.run(shapes.put(target, names), **_new(values))
        if not kept and shapes.walled(target, names):
            raise AnotherInstitution(f"a row of {target.name} belongs to another institution")

    def _put_many(self, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add or change many rows of one owner, all with the same fields."""
        if not rows:
            return
        target = sql(table)
        key = [column.name for column in target.primary_key]
        adding = self._insert(table)
        rest = {name: adding.excluded[name] for name in rows[0] if name not in key}
        self._session.connection().execute(
            adding.on_conflict_do_update(index_elements=key, set_=rest), list(rows)
        )

    def _insert(self, table: type[Table]) -> postgresql.Insert | sqlite.Insert:
        """An insert that knows what to do when the row is there; both databases have it, each in its own name."""
        if self._transaction.sqlite:
            return sqlite.insert(table)
        return postgresql.insert(table)

    def _drop_some(self, table: type[Table], key: Any, which: ColumnElement[bool]) -> None:
        """Drop at most ``SWEEP`` rows, so that nobody waits for a long cleaning."""
        self._run(delete(table).where(key.in_(select(key).where(which).limit(SWEEP))))

    def _seal_map(self, owner: str, purpose: str, values: Mapping[str, str]) -> str:
        return self._sealer.seal(owner, purpose, json.dumps(dict(values)))

    def _open_map(self, owner: str, purpose: str, sealed: str) -> dict[str, str]:
        return cast(dict[str, str], json.loads(self._sealer.open(owner, purpose, sealed)))


def sql(table: type[Table]) -> SqlTable:
    """The table itself, for statements that return values and not rows."""
    return cast(SqlTable, table.__table__)


def portions(values: Iterable[Value], size: int = 500) -> Iterator[list[Value]]:
    """Many values in lists that a statement can hold."""
    rest = iter(values)
    while portion := list(islice(rest, size)):
        yield portion


def _compared(equal: Mapping[str, Any]) -> tuple[shapes.Names, shapes.Names, dict[str, Any]]:
    """The columns compared with a value, those that are to be empty, and the values."""
    if None not in equal.values():
        return tuple(equal), (), dict(equal)
    wanted = {name: value for name, value in equal.items() if value is not None}
    return tuple(wanted), tuple(name for name in equal if name not in wanted), wanted


def _new(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}

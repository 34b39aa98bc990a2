"""Copies every row of one database into another of the same schema, whichever of the two kinds each is.

Sealed values go along as they are. Sessions, logins and what else lives for minutes stays behind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, Table, func, insert, select, text

from coplink.storage.tables import LoginRow, SessionRow
from coplink.storage.tables import Table as Mapped

AT_ONCE = 500
PASSING = frozenset({LoginRow.__tablename__, SessionRow.__tablename__})


def tables(but: Collection[str] = PASSING) -> list[Table]:
    """All tables that last, those that others refer to first."""
    return [table for table in Mapped.metadata.sorted_tables if table.name not in but]


def copy(source: Connection, target: Connection) -> Mapping[str, int]:
    """Copy into an empty database, inside the callers' two transactions; how many rows of each table."""
    counted = {}
    for table in tables():
        counted[table.name] = 0
        rows = source.execution_options(yield_per=AT_ONCE).execute(select(table)).mappings()
        for portion in rows.partitions(AT_ONCE):
            target.execute(insert(table), [dict(row) for row in portion])
            counted[table.name] += len(portion)
    _number_on(target)
    return counted


def empty(target: Connection) -> None:
    """Drop every row, those that refer to others first."""
    for table in reversed(tables(but=())):
        target.execute(table.delete())


def count(connection: Connection) -> Mapping[str, int]:
    """How many rows each table holds."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables()
    }


def _number_on(target: Connection) -> None:
    """PostgreSQL numbers new rows after those that came with a number of their own."""
    if target.dialect.name != "postgresql":
        return
    for table in tables():
        column = table.autoincrement_column
        if column is not None and column.autoincrement is True:
            # names of ours, none from outside
            target.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"  # noqa: S608
                    f" (SELECT coalesce(max({column.name}), 0) + 1 FROM {table.name}), false)"
                )
            )

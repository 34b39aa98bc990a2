"""Seals every stored secret anew, so that an old master key can be retired."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy import Table as SqlTable

from coplink.storage.sealing import FernetSealer
from coplink.storage.tables import Table
from coplink.storage.types import SealedText


def rotate(engine: Engine, sealer: FernetSealer) -> int:
    """Seal everything with the newest key, in one transaction; returns how many values.

    Nothing is kept if one of them does not open (``ConfigurationError``): a half rotation would hide which key is
    still needed. The oldest key also makes the keyed hashes; it stays, in last place.
    """
    with engine.begin() as connection:
        return sum(
            _column(connection, table, column.name, sealer)
            for table in Table.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, SealedText)
        )


def _column(connection: Connection, table: SqlTable, name: str, sealer: FernetSealer) -> int:
    key, sealed = table.primary_key.columns, table.c[name]
    rows = connection.execute(select(*key, sealed).with_for_update()).all()
    for *which, value in rows:
        here: list[Any] = [column == part for column, part in zip(key, which, strict=True)]
        connection.execute(update(table).where(*here).values({name: sealer.rotate(value)}))
    return len(rows)

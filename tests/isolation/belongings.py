"""What belongs to whom in the database: every row and every secret of one institution, or of one community.

A row belongs to an institution if it says so itself, or if it hangs on a row that does. A table whose rows say neither
is named in ``THE_HOUSES`` with a reason; a new table that is not there and hangs on nothing is a mistake, and is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import select

from coplink.storage.tables import Table
from coplink.storage.types import SealedText

THE_HOUSES = {
    "key_pairs": "coplink's own signing keys: one set for all platforms",
    "opt_outs": "keyed hashes that name nobody; the institution or the community is part of what is hashed",
}
# Columns that lead to an owner without being a foreign key.
LEAD = frozenset(
    {
        "community",
        "space",
        "person",
        "partition",
        "about",
        "target",
        "registration",
        "artifact",
        "institution",
    }
)
Row = Mapping[str, Any]


class Belongings:
    """The rows of one owner, by table, as they are now; ``owner`` is an institution's or a community's id."""

    def __init__(self, services: Any, owner: str, home: str = "institutions") -> None:
        self._keys = [Fernet(key.get_secret_value()) for key in services.settings.master_keys]
        self.tables = Table.metadata.tables
        with services.storage._engine.connect() as connection:
            everything = {
                name: [dict(row._mapping) for row in connection.execute(select(table))]
                for name, table in self.tables.items()
            }
        self.rows: dict[str, list[Row]] = {name: [] for name in self.tables}
        self.rows[home] = [row for row in everything[home] if row["id"] == owner]
        self._grow(everything, {owner}, deep=home == "institutions")
        self.bearers = {self._open(row["token"])[1] for row in everything["links"]}

    def _grow(self, everything: Mapping[str, list[Row]], known: set[str], deep: bool) -> None:
        """Follow what hangs on what is known until nothing new is found."""
        before = -1
        while before != sum(map(len, self.rows.values())):
            before = sum(map(len, self.rows.values()))
            for name, rows in everything.items():
                if name in THE_HOUSES or name == "institutions":
                    continue
                self.rows[name] = [row for row in rows if self._belongs(name, row, known, deep)]
                known |= {row["id"] for row in self.rows[name] if "id" in row}

    def _belongs(self, name: str, row: Row, known: set[str], deep: bool) -> bool:
        if "institution" in row and row["institution"] is not None and deep:
            return row["institution"] in known  # its own word counts, whatever else it hangs on
        # Downwards only: a community does not own the people in it, nor the connection its place was made by.
        ways = LEAD if deep else {"community", "space", "partition", "artifact", "target"}
        return any(row.get(way) in known for way in ways) or (not deep and row.get("id") in known)

    def loose(self) -> list[str]:
        """Tables whose rows lead to no owner at all."""
        return sorted(
            name
            for name, table in self.tables.items()
            if name not in THE_HOUSES and name != "institutions" and not LEAD & set(table.columns.keys())
        )

    def names(self, table: str) -> list[str]:
        """What a row of this table could be addressed by: its key, part by part."""
        keys = [column.name for column in self.tables[table].primary_key]
        found = {str(row[key]) for row in self.rows[table] for key in keys if isinstance(row[key], str)}
        return sorted(found)

    def everything(self) -> list[str]:
        """Every key of every row."""
        return sorted({one for table in self.rows for one in self.names(table)})

    def secrets(self) -> list[tuple[str, str, str]]:
        """Every sealed value in the clear, taken apart: where it stands, for whom it was sealed, the value."""
        found = []
        for name, table in self.tables.items():
            for column in table.columns:
                if isinstance(column.type, SealedText):
                    for row in self.rows[name]:
                        owner, text = self._open(row[column.name])
                        found += [(f"{name}.{column.name}", owner, one) for one in _texts(text)]
        return found

    def _open(self, sealed: str) -> tuple[str, str]:
        owner, _, value = json.loads(self._keys[0].decrypt(sealed.encode()))
        return owner, value

    def picture(self) -> dict[str, list[str]]:
        """All rows as they stand, to see afterwards whether anything was touched."""
        return {
            name: sorted(repr(sorted(row.items(), key=str)) for row in rows)
            for name, rows in self.rows.items()
        }


def _texts(value: str) -> Iterator[str]:
    """The texts inside a value: itself, or those of the JSON it holds."""
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    inner = list(found.values()) if isinstance(found, dict) else [value]
    for one in inner:
        if isinstance(one, str) and one:
            yield one

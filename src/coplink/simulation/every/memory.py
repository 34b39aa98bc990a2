"""The house of a stage: its database lies in the memory of the process, so that a copied process has its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from copy import copy
from functools import cache
from typing import Any

from coplink.simulation.house import House, Storage
from coplink.storage.database import make_engine

PLACE = "file:/every-fault?vfs=memdb"


@cache
def _kept() -> sqlite3.Connection:
    """Held open: with its last connection the database would go."""
    return sqlite3.connect(PLACE, uri=True, isolation_level=None)


@cache
def _engine() -> Any:
    _kept()
    return make_engine(f"sqlite:///{PLACE}&uri=true")


class MemoryHouse(House):
    """``House`` on a database in memory."""

    @classmethod
    def of(cls, house: House) -> MemoryHouse:
        """A house that stands already, moved into memory with all that is in it."""
        _engine().dispose()
        whole = bytearray(house._observer.serialize())
        whole[18:20] = b"\x01\x01"  # no log is written ahead in memory
        with closing(sqlite3.connect(":memory:")) as copied:
            copied.deserialize(bytes(whole))
            copied.backup(_kept())
        moved = copy(house)
        moved.__class__ = cls
        assert isinstance(moved, cls)  # noqa: S101
        moved._observer = _kept()
        moved.restart()
        return moved

    def restart(self) -> None:
        """Anew, on what is left in memory."""
        super().restart()
        services = self.services
        self.storage = Storage(_engine(), services.sealer, services.enqueue_marked, self._fresh)
        self.storage.dies = self._dies
        services.storage = self.storage

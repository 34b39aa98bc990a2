"""When a table is swept of what has expired: every so often, by whoever happens to write to it.

The worker's round comes once a minute, which a flood outruns, and no write must pay for a sweep each time. A sweep is
due after a minute or after 64 writes, whichever is first, and takes along more than the writes since the last one
could have left behind.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

EVERY = 64
AT_LEAST_EVERY = timedelta(minutes=1)


class Sweeps:
    """One for each process and database; knows when each table was swept."""

    def __init__(self) -> None:
        self._swept: dict[str, datetime] = {}
        self._writes: dict[str, int] = {}
        self._lock = threading.Lock()

    def due(self, table: str, now: datetime) -> bool:
        """Count a write; whether this one is to sweep."""
        with self._lock:
            writes, last = self._writes.get(table, 0) + 1, self._swept.get(table)
            due = last is None or writes >= EVERY or abs(now - last) >= AT_LEAST_EVERY
            self._writes[table] = 0 if due else writes
            if due:
                self._swept[table] = now
            return due

"""A sandbox's state: small JSON documents by kind and id, in memory or durable in one SQLite file.

Every sandbox of a region may share one store; kinds are prefixed by the sandbox's key. A change is on disk before
``change()`` returns, so that a reader never sees what a crash would take back.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Store:
    """Documents by ``(kind, id)``, in order of their first writing. Safe to use from many threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents"
            " (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id))"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS serials (kind TEXT PRIMARY KEY, last INTEGER NOT NULL)")

    @contextmanager
    def change(self) -> Iterator[None]:
        """One atomic change; nested ones join the outer. Holds the store for this thread alone."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def get(self, kind: str, key: str) -> Document | None:
        """The document, or None; a copy, to be put back after a change."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, key)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, document: Document) -> None:
        """Write a document; a known one keeps its place in the order."""
        with self.change():
            self._db.execute(
                "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(document)),
            )

    def drop(self, kind: str, key: str) -> None:
        """Forget a document; one that is not there is no error."""
        with self.change():
            self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, key))

    def all(self, kind: str) -> list[Document]:
        """Every document of a kind, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM documents WHERE kind = ? ORDER BY n", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def keys(self, kind: str) -> list[str]:
        """The ids of every document of a kind, oldest first."""
        with self._lock:
            return [
                r[0] for r in self._db.execute("SELECT id FROM documents WHERE kind = ? ORDER BY n", (kind,))
            ]

    def count(self, kind: str) -> int:
        """How many documents of a kind there are."""
        with self._lock:
            row = self._db.execute("SELECT count(*) FROM documents WHERE kind = ?", (kind,)).fetchone()
        return int(row[0])

    def serial(self, kind: str) -> int:
        """The next number of a kind: 1, 2, 3 …, never twice."""
        with self.change():
            self._db.execute(
                "INSERT INTO serials VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET last = last + 1", (kind,)
            )
            return int(self._db.execute("SELECT last FROM serials WHERE kind = ?", (kind,)).fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

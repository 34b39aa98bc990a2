"""What is pinned to a board: a log, read page by page; a complete listing holds what is there now, once."""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.words import say
from coplink.ports.errors import CursorExpired
from coplink.ports.library import Changes
from coplink.testing.board import Board


class PinnedFiles:
    """A ``Library``. A cursor is the age, how it began (a listing or changes), and a place in the log."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        """The page after ``cursor``."""
        self._board.call("library.changes")
        self._board.here(parts.get("board", ""))
        log = self._board.log(parts.get("board", ""))
        listing, start = self._place(cursor)
        page = log[start : start + self._board.page]
        end = start + len(page)
        last = end >= len(log)
        superseded = {fact.remote for fact in log[end:]} if listing else set()
        told = {fact.remote: fact for fact in page}
        facts = [f for f in told.values() if not listing or not (f.gone or f.remote in superseded)]
        kind = "listing" if listing and not last else "changes"
        return Changes(tuple(facts), f"{self._board.age}/{kind}/{end}", last)

    def _place(self, cursor: str | None) -> tuple[bool, int]:
        if cursor is None:
            return True, 0
        age, _, rest = cursor.partition("/")
        kind, _, place = rest.partition("/")
        if age != str(self._board.age) or kind not in ("listing", "changes") or not place.isdigit():
            raise CursorExpired(say("Nobody remembers where the reading stopped."))
        return kind == "listing", int(place)

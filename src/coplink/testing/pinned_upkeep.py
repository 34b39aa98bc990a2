"""What happens to a board after it was hung: renamed, covered, uncovered, left hanging."""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.words import say
from coplink.ports.upkeep import Kept, Left, UpkeepFacts
from coplink.testing.board import Board, fitted


class PinnedUpkeep:
    """An ``Upkeep``: a board is covered with a cloth, and its frame is coplink's own."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def read(self, parts: Mapping[str, str]) -> UpkeepFacts:
        """The board as it hangs."""
        board = parts["board"]
        self._board.call("upkeep.read")
        self._board.here(board)
        return UpkeepFacts(self._board.names.get(board, "Board"), board in self._board.archived)

    def rename(self, parts: Mapping[str, str], name: str) -> str:
        """Another name over it."""
        board, wanted = parts["board"], fitted(name)
        self._board.call("upkeep.rename")
        self._board.here(board)
        if self._board.names.get(board) != wanted:
            self._board.wrote()
            self._board.names[board] = wanted
            self._board.answer("upkeep.rename")
        return wanted

    def archive(self, parts: Mapping[str, str]) -> Kept:
        """Covered."""
        board = parts["board"]
        self._board.call("upkeep.archive", write=board not in self._board.archived)
        self._board.here(board)
        self._board.archived.add(board)
        return Kept(True, say("The board is covered."))

    def restore(self, parts: Mapping[str, str]) -> Kept:
        """Uncovered."""
        board = parts["board"]
        self._board.call("upkeep.restore", write=board in self._board.archived)
        self._board.here(board)
        self._board.archived.discard(board)
        return Kept(True, say("The board can be seen."))

    def let_go(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        """The board stays; its frame comes off."""
        board, frame = parts["board"], parts.get("frame", "")
        mine = take_away and frame in self._board.boards
        self._board.call("upkeep.let_go", write=mine)
        self._board.here(board)
        if mine:
            del self._board.boards[frame]
        name = self._board.names.get(board, "Board")
        return (Left(name, f"https://pinboard.example/{board}", say("Take it off its hook.")),)

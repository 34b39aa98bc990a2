"""What somebody says to everybody in the staff room, on a note of its own."""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.announcing import Announcement
from coplink.ports.announcements import PostLink
from coplink.testing.board import Board


class PinnedAnnouncements:
    """An ``Announcements``: a note on the board, which carries its key on the back."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def post(self, parts: Mapping[str, str], announcement: Announcement, key: str) -> PostLink:
        """Pin the note, unless it hangs there already."""
        board = parts["board"]
        notes = self._board.notes.setdefault(board, {})
        self._board.call("announcements.post")
        self._board.here(board)
        found = key in notes
        if not found:
            self._board.wrote()
            notes[key] = announcement
            self._board.answer("announcements.post")
        remote = f"{board}/note-{list(notes).index(key) + 1}"
        return PostLink(remote, f"https://pinboard.example/{remote}", found)

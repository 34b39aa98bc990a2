"""What hangs in the staff room of the pin board (see ``pinboard``), and the trouble that is planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from coplink.core.announcing import Announcement
from coplink.core.artifacts import FileFact
from coplink.core.people import AccountId, Role
from coplink.core.words import Said, say
from coplink.ports.directory import Found
from coplink.ports.errors import Gone, IntegrationError, OutcomeUnknown

NAME_LENGTH = 60


def fitted(name: str) -> str:
    """A name as it hangs over a board: in one line, and not too long."""
    return " ".join(name.split())[:NAME_LENGTH].strip() or "Board"


@dataclass
class Board:
    """What hangs in the staff room, and the trouble that is planned.

    ``seats`` belong to the first board of the room, ``seats_of`` to the others; ``files`` hang on every board that has
    none of its own in ``files_of``, and are a log: what changes is added once more. ``torn_down`` are boards somebody
    took away, ``twofold`` addresses that two people have, ``own`` accounts of the house that are never reported. In an
    ``open_house`` people of elsewhere get a key by their address, but for the ``unwelcome``; who has ``entered`` need
    not ring any more.
    """

    boards: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    seats: dict[AccountId, Role] = field(default_factory=dict)
    seats_of: dict[str, dict[AccountId, Role]] = field(default_factory=dict)
    strangers: set[AccountId] = field(default_factory=set)
    own: set[AccountId] = field(default_factory=set)
    directory: dict[str, Found] = field(default_factory=dict)
    twofold: set[str] = field(default_factory=set)
    open_house: bool = False
    guests: dict[str, AccountId] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)
    unwelcome: set[str] = field(default_factory=set)
    series: dict[str, tuple[tuple[datetime, ...], tuple[str, ...]]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    hung: dict[str, str] = field(default_factory=dict)
    no_room: Said | None = None
    files: list[FileFact] = field(default_factory=list)
    files_of: dict[str, list[FileFact]] = field(default_factory=dict)
    notes: dict[str, dict[str, Announcement]] = field(default_factory=dict)
    trouble: dict[str, list[IntegrationError]] = field(default_factory=dict)
    torn_down: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)
    complete: bool = True
    page: int = 2
    age: int = 0
    writes: int = 0
    calls: list[str] = field(default_factory=list)
    lag: timedelta = timedelta(0)

    def call(self, name: str, write: bool = False) -> None:
        """Count a call and raise what was planned for it, unless the work is to be done first."""
        self.calls.append(name)
        planned = self.trouble.get(name) or self.trouble.get("*")
        if planned and not isinstance(planned[0], OutcomeUnknown):
            raise planned.pop(0)
        self.writes += write

    def here(self, board: str) -> None:
        """Raise ``Gone`` where somebody took the board down."""
        if board in self.torn_down:
            raise Gone(say("Somebody took the board down."))

    def wrote(self) -> None:
        """Count a write that turned out to be needed."""
        self.writes += 1

    def answer(self, name: str) -> None:
        """Lose the answer of a write that has been done, if that was planned."""
        planned = self.trouble.get(name) or self.trouble.get("*")
        if planned and isinstance(planned[0], OutcomeUnknown):
            raise planned.pop(0)

    def is_first(self, board: str) -> bool:
        """Whether this is the room's first board, or one that the room knows nothing of."""
        boards = [remote for remote, marker in self.boards.items() if marker.startswith("board/")]
        return board not in boards[1:]

    def sitting(self, board: str) -> dict[AccountId, Role]:
        """Who sits around this board."""
        return self.seats if self.is_first(board) else self.seats_of.setdefault(board, {})

    def log(self, board: str) -> list[FileFact]:
        """What was pinned to this board, oldest first."""
        return self.files_of.get(board, self.files)

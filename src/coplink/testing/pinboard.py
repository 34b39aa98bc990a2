"""A complete little integration in memory: a pin board in a staff room. For tests of engine and pages.

It keeps every port's promises (found by marker, idempotent, attendees, cursors) and counts its writes. Trouble is
planned per call: ``board.trouble["seats.read"] = [Throttled(...)]`` makes the next such call raise; a write planned to
raise ``OutcomeUnknown`` is done first, as a lost answer would have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from coplink.core.artifacts import FileFact
from coplink.core.people import AccountId, Role
from coplink.core.rhythm import Series
from coplink.core.spaces import Observed, Seat, SpaceKind
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.directory import Found
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.errors import IntegrationError, OutcomeUnknown
from coplink.ports.integration import Capability, Check, Field, Limits, Manifest, Scope, Surroundings
from coplink.ports.library import Changes
from coplink.ports.seats import BatchResult, Done
from coplink.ports.spaces import Made, Planned, SpaceFacts, SpaceWish
from coplink.ports.watch import Heard

MANIFEST = Manifest(
    key="pinboard",
    title="Pin Board",
    capabilities=frozenset(
        {Capability.SPACES, Capability.SEATS, Capability.DIRECTORY, Capability.CALENDAR, Capability.LIBRARY}
    ),
    kind=SpaceKind.GROUP,
    roles=frozenset({Role.FACILITATOR, Role.MEMBER}),
    limits=Limits(seats=500, facilitators=50, name_length=60, batch=3, lag=timedelta(0)),
    scopes=(Scope("pins.write", "to pin things", "nothing is pinned"),),
    fields=(Field("room", "Room"), Field("key", "Key of the cupboard", secret=True)),
    extra="",
    admin="caretaker",
    door_name="the staff room",
    space_word="board",
    steps=("board", "frame"),
    invites_attendees=True,
)


@dataclass
class Board:
    """What hangs in the staff room, and the trouble that is planned."""

    boards: dict[str, str] = field(default_factory=dict)
    seats: dict[AccountId, Role] = field(default_factory=dict)
    strangers: set[AccountId] = field(default_factory=set)
    directory: dict[str, Found] = field(default_factory=dict)
    series: dict[str, tuple[tuple[datetime, ...], tuple[str, ...]]] = field(default_factory=dict)
    files: list[FileFact] = field(default_factory=list)
    trouble: dict[str, list[IntegrationError]] = field(default_factory=dict)
    complete: bool = True
    writes: int = 0
    calls: list[str] = field(default_factory=list)
    lag: timedelta = timedelta(0)

    def call(self, name: str, write: bool = False) -> None:
        """Count a call and raise what was planned for it, unless the work is to be done first."""
        self.calls.append(name)
        planned = self.trouble.get(name)
        if planned and not isinstance(planned[0], OutcomeUnknown):
            raise planned.pop(0)
        self.writes += write

    def answer(self, name: str) -> None:
        """Lose the answer of a write that has been done, if that was planned."""
        planned = self.trouble.get(name)
        if planned and isinstance(planned[0], OutcomeUnknown):
            raise planned.pop(0)


class _Spaces:
    def __init__(self, board: Board) -> None:
        self._board = board

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        return MANIFEST.steps

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        marker = f"{step}/{wish.marker}"
        found = next((remote for remote, mark in self._board.boards.items() if mark == marker), None)
        self._board.call(f"spaces.{step}", write=found is None)
        if found is not None:
            return Made(found, found=True)
        remote = f"{step}-{len(self._board.boards) + 1}"
        self._board.boards[remote] = marker
        self._board.answer(f"spaces.{step}")
        return Made(remote)

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        self._board.call("spaces.describe")
        return SpaceFacts("Board", f"https://pinboard.example/{parts['board']}")


class _Seats:
    def __init__(self, board: Board) -> None:
        self._board = board

    def read(self, parts: Mapping[str, str]) -> Observed:
        self._board.call("seats.read")
        return Observed(dict(self._board.seats), self._board.complete)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        self._board.call("seats.look")
        return self._board.seats.get(account)

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        self._board.call("seats.put", write=True)
        outcomes, reasons = {}, {}
        for seat in seats:
            if seat.account in self._board.strangers:
                outcomes[seat.account] = Done.REFUSED
                reasons[seat.account] = say("Has no key to the staff room.")
                continue
            before = self._board.seats.get(seat.account)
            outcomes[seat.account] = Done.ALREADY_SO if before is seat.role else Done.CHANGED
            self._board.seats[seat.account] = seat.role
        self._board.answer("seats.put")
        return BatchResult(outcomes, reasons)

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        self._board.call("seats.remove", write=True)
        outcomes = {a: Done.CHANGED if self._board.seats.pop(a, None) else Done.ALREADY_SO for a in accounts}
        self._board.answer("seats.remove")
        return BatchResult(outcomes)


class _Directory:
    def __init__(self, board: Board) -> None:
        self._board = board

    def find(self, addresses: Sequence[str]) -> Mapping[str, Found]:
        self._board.call("directory.find")
        return {a: self._board.directory[a] for a in addresses if a in self._board.directory}


class _Calendar:
    def __init__(self, board: Board) -> None:
        self._board = board

    def put(
        self,
        parts: Mapping[str, str],
        series: Series,
        attendees: tuple[str, ...],
        known: SeriesLink | None,
        key: str,
    ) -> SeriesLink:
        wanted = (tuple(meeting.starts for meeting in series.held), attendees)
        there = self._board.series.get(key)
        self._board.call("calendar.put", write=there != wanted and known is None)
        if known is None and there is not None:
            return SeriesLink({"series": key}, digest=str(hash(wanted)), found=1)
        if known is not None and known.digest != str(hash(wanted)):
            self._board.writes += 1
        if known is None or known.digest != str(hash(wanted)):
            self._board.series[key] = wanted
        self._board.answer("calendar.put")
        return SeriesLink({"series": key}, digest=str(hash(wanted)))

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        self._board.call("calendar.read")
        starts, _ = self._board.series.get(link.remote["series"], ((), ()))
        found: dict[date, datetime | None] = {m.original: m.starts for m in series.held if m.starts in starts}
        moved = [start for start in starts if start not in {m.starts for m in series.held}]
        for meeting in series.held:
            if meeting.original not in found and moved:
                found[meeting.original] = moved.pop(0)
        return SeriesFacts(found, {}, True)


class _Library:
    PAGE = 2

    def __init__(self, board: Board) -> None:
        self._board = board

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        self._board.call("library.changes")
        start = int(cursor or 0)
        page = tuple(self._board.files[start : start + self.PAGE])
        end = start + len(page)
        return Changes(page, str(end), last=end >= len(self._board.files))


@dataclass
class Pinned:
    """An open connection to the staff room."""

    board: Board

    def __post_init__(self) -> None:
        self.spaces = _Spaces(self.board)
        self.seats = _Seats(self.board)
        self.directory = _Directory(self.board)
        self.calendar = _Calendar(self.board)
        self.library = _Library(self.board)
        self.watch = None
        self.upkeep = None

    def check(self) -> Sequence[Check]:
        """The staff room is open."""
        return (Check("Staff room", True, say("The door is open.")),)

    def realm(self) -> str:
        """There is one staff room."""
        return "staff-room"


class PinBoard:
    """The integration; every connection with the same ``room`` shares one board."""

    manifest = MANIFEST

    def __init__(self) -> None:
        self.rooms: dict[str, Board] = {}

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Pinned:
        """Enter the room named in the settings."""
        return Pinned(self.rooms.setdefault(settings["room"], Board()))

    def look_over(self, settings: Mapping[str, str]) -> str:
        """There is one staff room."""
        return "staff-room"

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """What hangs over the board."""
        return Planned(wish.name[: MANIFEST.limits.name_length], self.manifest.steps)

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """A pin board calls nobody."""
        return None

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        """The staff room has no door of its own."""
        return None

"""A complete little integration in memory: a pin board in a staff room. For tests of engine and pages.

It keeps every port's promises (found by marker, idempotent, attendees, cursors) and counts its writes; the conformance
suites say so. Trouble is planned per call: ``board.trouble["seats.read"] = [Throttled(...)]`` makes the next such call
raise, ``"*"`` the next of any name; a write planned to raise ``OutcomeUnknown`` is done first, as a lost answer would
have it. What hangs in the room is in ``board``; files, upkeep and announcements are in
``pinned_files``, ``pinned_upkeep`` and ``pinned_announcements``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from coplink.core.people import AccountId, Role
from coplink.core.rhythm import Series
from coplink.core.spaces import Observed, Seat, SpaceKind
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.directory import Found
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.errors import Ambiguous, IntegrationError, Misconfigured, OutcomeUnknown
from coplink.ports.integration import Capability, Check, Consent, Field, Limits, Manifest, Scope, Surroundings
from coplink.ports.seats import BatchResult, Done
from coplink.ports.spaces import Made, Planned, SpaceFacts, SpaceWish
from coplink.ports.watch import Heard
from coplink.testing.board import NAME_LENGTH, Board, fitted
from coplink.testing.pinned_announcements import PinnedAnnouncements
from coplink.testing.pinned_files import PinnedFiles
from coplink.testing.pinned_guests import PinnedGuests
from coplink.testing.pinned_upkeep import PinnedUpkeep

__all__ = ["MANIFEST", "Board", "PinBoard", "Pinned"]

MANIFEST = Manifest(
    key="pinboard",
    title="Pin Board",
    capabilities=frozenset(
        {
            Capability.SPACES,
            Capability.SEATS,
            Capability.DIRECTORY,
            Capability.CALENDAR,
            Capability.LIBRARY,
            Capability.UPKEEP,
            Capability.ANNOUNCEMENTS,
        }
    ),
    kind=SpaceKind.GROUP,
    roles=frozenset({Role.FACILITATOR, Role.MEMBER}),
    limits=Limits(seats=500, facilitators=50, name_length=NAME_LENGTH, batch=3, lag=timedelta(0)),
    scopes=(Scope("pins.write", "to pin things", "nothing is pinned"),),
    fields=(Field("room", "Room"), Field("key", "Key of the cupboard", secret=True)),
    extra="",
    admin="caretaker",
    door_name="the staff room",
    space_word="board",
    steps=("board", "frame"),
    invites_attendees=True,
    announced_as="a note on the board",
)


class _Spaces:
    def __init__(self, board: Board) -> None:
        self._board = board

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        return MANIFEST.steps

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        marker = f"{step}/{wish.marker}"
        found = [remote for remote, mark in self._board.boards.items() if mark == marker]
        self._board.call(f"spaces.{step}", write=not found)
        if len(found) > 1:
            raise Ambiguous(say("Two boards carry our mark."), MANIFEST.admin, found)
        if found:
            return Made(found[0], found=True)
        remote = f"{step}-{len(self._board.boards) + 1}"
        self._board.boards[remote] = marker
        self._board.names[remote] = fitted(wish.name)
        self._board.answer(f"spaces.{step}")
        return Made(remote)

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        board = parts["board"]
        self._board.call("spaces.describe")
        self._board.here(board)
        return SpaceFacts(self._board.names.get(board, "Board"), f"https://pinboard.example/{board}")


class _Seats:
    def __init__(self, board: Board) -> None:
        self._board = board

    def read(self, parts: Mapping[str, str]) -> Observed:
        self._board.call("seats.read")
        self._board.here(parts["board"])
        sitting = self._board.sitting(parts["board"])
        seen = {account: role for account, role in sitting.items() if account not in self._board.own}
        return Observed(seen, self._board.complete)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        self._board.call("seats.look")
        self._board.here(parts["board"])
        return None if account in self._board.own else self._board.sitting(parts["board"]).get(account)

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        self._board.call("seats.put")
        self._board.here(parts["board"])
        sitting = self._board.sitting(parts["board"])
        outcomes, reasons = {}, {}
        for seat in seats:
            if seat.account in self._board.strangers | self._board.own:
                outcomes[seat.account] = Done.REFUSED
                reasons[seat.account] = say("Has no key to the staff room.")
                continue
            role = Role.FACILITATOR if seat.role.leads else Role.MEMBER
            there = sitting.get(seat.account)
            so = there is role or seat.spares(there)
            outcomes[seat.account] = Done.ALREADY_SO if so else Done.CHANGED
            sitting[seat.account] = there if so and there else role
        return self._ended("seats.put", BatchResult(outcomes, reasons))

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        self._board.call("seats.remove")
        self._board.here(parts["board"])
        sitting = self._board.sitting(parts["board"])
        outcomes = {
            a: Done.CHANGED if a not in self._board.own and a in sitting else Done.ALREADY_SO
            for a in accounts
        }
        for account in set(outcomes) - self._board.own:
            sitting.pop(account, None)
        return self._ended("seats.remove", BatchResult(outcomes))

    def _ended(self, name: str, result: BatchResult) -> BatchResult:
        """The result, or where its answer is lost: nobody knows, of those who were written about."""
        written = {account for account, done in result.outcomes.items() if done is Done.CHANGED}
        if written:
            self._board.wrote()
            try:
                self._board.answer(name)
            except OutcomeUnknown:
                unknown = dict.fromkeys(written, Done.UNKNOWN)
                return BatchResult({**result.outcomes, **unknown}, result.reasons)
        return result


class _Directory:
    def __init__(self, board: Board) -> None:
        self._board = board

    def find(self, addresses: Sequence[str]) -> Mapping[str, Found]:
        if not addresses:
            return {}
        self._board.call("directory.find")
        known = {address.casefold(): found for address, found in self._board.directory.items()}
        asked = {address: address.strip().casefold() for address in addresses}
        return {
            a: known[name] for a, name in asked.items() if name in known and name not in self._board.twofold
        }


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
        digest = str(hash((wanted[0], frozenset(attendees), series.title)))
        there = self._board.series.get(key)
        self._board.call("calendar.put")
        self._board.here(parts.get("board", ""))
        found = known is None and there is not None
        as_wanted = found and (there, self._board.titles.get(key)) == (wanted, series.title)
        if not as_wanted and (known is None or known.digest != digest):
            self._board.wrote()
            self._clear(parts.get("board", ""), key)
            self._board.series[key], self._board.titles[key] = wanted, series.title
            self._board.answer("calendar.put")
        return SeriesLink({"series": key}, digest=digest, found=int(found))

    def uninvite(self, parts: Mapping[str, str], link: SeriesLink, addresses: Collection[str]) -> SeriesLink:
        self._board.call("calendar.uninvite")
        self._board.here(parts.get("board", ""))
        key = link.remote["series"]
        starts, there = self._board.series.get(key, ((), ()))
        gone = {address.casefold() for address in addresses}
        staying = tuple(address for address in there if address.casefold() not in gone)
        if staying != there:
            self._board.wrote()
            self._board.series[key] = starts, staying
            self._board.answer("calendar.uninvite")
        return replace(link, digest="")

    def _clear(self, board: str, key: str) -> None:
        """Take down earlier versions of what hangs on this board."""
        for other in [name for name, where in self._board.hung.items() if where == board and name != key]:
            self._board.series.pop(other, None)
            del self._board.hung[other]
        self._board.hung[key] = board

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        self._board.call("calendar.read")
        self._board.here(parts.get("board", ""))
        starts, _ = self._board.series.get(link.remote["series"], ((), ()))
        found: dict[date, datetime | None] = {m.original: m.starts for m in series.held if m.starts in starts}
        moved = [start for start in starts if start not in {m.starts for m in series.held}]
        for meeting in series.held:
            if meeting.original not in found and moved:
                found[meeting.original] = moved.pop(0)
        return SeriesFacts(found, {}, True, self._board.no_room)


@dataclass
class Pinned:
    """An open connection to the staff room."""

    board: Board

    def __post_init__(self) -> None:
        self.spaces = _Spaces(self.board)
        self.seats = _Seats(self.board)
        self.directory = _Directory(self.board)
        self.calendar = _Calendar(self.board)
        self.library = PinnedFiles(self.board)
        self.watch = None
        self.upkeep = PinnedUpkeep(self.board)
        self.announcements = PinnedAnnouncements(self.board)

    @property
    def guests(self) -> PinnedGuests | None:
        """Keys for people of elsewhere, where the house is open."""
        return PinnedGuests(self.board) if self.board.open_house else None

    def check(self) -> Sequence[Check]:
        """The staff room is open."""
        try:
            self.board.call("check")
        except IntegrationError as error:
            return (Check("Staff room", False, error.message, MANIFEST.admin),)
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
        """There is one staff room; it must be named, and its cupboard has a key."""
        if not settings.get("room") or not settings.get("key"):
            raise Misconfigured(say("Name the room and the key of its cupboard."), MANIFEST.admin)
        return "staff-room"

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """What hangs over the board."""
        return Planned(fitted(wish.name), self.manifest.steps)

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """A pin board calls nobody."""
        return None

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        """The staff room has no door of its own."""
        return None

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> Consent | None:
        """Nobody need be asked."""
        return None

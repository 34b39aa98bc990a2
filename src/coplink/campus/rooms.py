"""What stands in one suite of one institution, and what its own people do there by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from coplink.core.artifacts import FileFact
from coplink.core.people import AccountId, Role
from coplink.ports.clock import Clock

KEPT = 60


@dataclass
class Room:
    """One place: who sits there now and who sat there a moment ago, its files as a log, its series of meetings.

    ``by_hand`` are accounts that people of the suite seated, ``raised`` those of them whom coplink made facilitators.
    ``shown`` are seats that coplink has been shown since they were made; ``shown_last`` is how many it was shown the
    last time. ``doubtful`` were perhaps seated by coplink, and ``unsure`` perhaps removed, not shown since.
    ``lacking`` are those whom its listing leaves out, and does not say so, until it is whole again. ``looks`` are its
    whole readings since its ledger was lost, ``sat_then`` who sat there at that moment and was not moved since,
    ``taken_over`` whom it showed until it was looked at long enough, with the number of the call.
    """

    name: str
    marker: str
    made_at: datetime
    seats: dict[AccountId, Role] = field(default_factory=dict)
    past: list[tuple[datetime, dict[AccountId, Role]]] = field(default_factory=list)
    by_hand: set[AccountId] = field(default_factory=set)
    raised: set[AccountId] = field(default_factory=set)
    shown: set[AccountId] = field(default_factory=set)
    shown_last: int | None = None
    doubtful: set[AccountId] = field(default_factory=set)
    unsure: set[AccountId] = field(default_factory=set)
    removed: set[AccountId] = field(default_factory=set)
    lacking: frozenset[AccountId] = frozenset()
    looks: list[datetime] | None = None
    sat_then: set[AccountId] = field(default_factory=set)
    taken_over: dict[AccountId, int] = field(default_factory=dict)
    files: list[FileFact] = field(default_factory=list)
    age: int = 0
    series: dict[str, tuple[str, tuple[datetime, ...], tuple[str, ...]]] = field(default_factory=dict)

    def changed(self, now: datetime) -> None:
        """Remember how it is from now on."""
        self.past.append((now, dict(self.seats)))
        del self.past[:-KEPT]

    def as_of(self, moment: datetime) -> dict[AccountId, Role]:
        """Who sat there at a moment."""
        found: dict[AccountId, Role] = {}
        for since, seats in self.past:
            if since > moment:
                break
            found = seats
        return dict(found)


class Watcher(Protocol):
    """Sees every write to a room before it is done; raises where coplink must not have made it."""

    def seats(self, suite: Rooms, room: str, account: AccountId, role: Role) -> None:
        """coplink seats somebody, or changes their role."""
        ...

    def removes(self, suite: Rooms, room: str, account: AccountId) -> None:
        """coplink takes somebody's seat away."""
        ...

    def repeats(self, suite: Rooms, room: str, account: AccountId) -> None:
        """coplink asks for a removal again whose outcome it does not know, and has not looked since."""
        ...

    def makes(self, suite: Rooms, room: str, what: str) -> None:
        """coplink makes or changes something else."""
        ...


@dataclass
class Rooms:
    """One suite of one institution. ``lag`` is how late a listing may be; accounts that exist are ``people``."""

    institution: str
    key: str
    clock: Clock
    lag: timedelta
    watcher: Watcher
    people: dict[AccountId, str]
    rooms: dict[str, Room] = field(default_factory=dict)
    signed_out: bool = False
    writes: int = 0
    calls: int = 0
    told: Callable[[str], None] = lambda _: None

    @property
    def name(self) -> str:
        """How the suite is called in a trace."""
        return f"{self.institution}'s {self.key}"

    def make(self, step: str, name: str, marker: str) -> str:
        """A new room or part of one; its id is the same in the same suite of another institution."""
        remote = f"{step}-{len(self.rooms) + 1}"
        self.rooms[remote] = Room(name, marker, self.clock.now())
        self.rooms[remote].changed(self.clock.now())
        return remote

    def forgotten(self) -> None:
        """The process that called has died: what it removed since it looked, the next one cannot be sure of."""
        for _, room in self.boards():
            room.unsure |= room.removed

    def lost(self) -> None:
        """coplink's ledger of these rooms is lost, or older than they are."""
        for _, room in self.boards():
            room.looks, room.sat_then, room.taken_over = [], set(room.seats), {}
            room.raised.clear()

    def known(self, remote: str, account: AccountId) -> bool:
        """Whether coplink may take something from them: not where it lost its ledger and has not looked long enough."""
        return account not in self.rooms[remote].sat_then or self.looked_twice(remote)

    def looked_twice(self, remote: str) -> bool:
        """Whether coplink looked long enough since its ledger was lost, if it was."""
        looks = self.rooms[remote].looks
        # What was long enough once stays so, whatever the clock does afterwards.
        return looks is None or any(one - looks[0] >= self.lag for one in looks[1:])

    def marked(self, marker: str) -> list[str]:
        """The ids of what carries this marker."""
        return [remote for remote, room in self.rooms.items() if room.marker == marker]

    def write(self, remote: str, account: AccountId, role: Role | None) -> None:
        """What coplink writes, done."""
        room = self.rooms[remote]
        led = account in room.seats and room.seats[account].leads
        if role is None or not role.leads:
            room.raised.discard(account)
        elif account in room.by_hand and not led:
            room.raised.add(account)
        if role is None:
            room.seats.pop(account, None)
            room.by_hand.discard(account)
            room.shown.discard(account)
            room.sat_then.discard(account)
        else:
            if account not in room.seats:
                room.shown.discard(account)
            room.seats[account] = role
        self.writes += 1
        room.changed(self.clock.now())
        self.told(
            f"    {self.name} {remote}: {account} {'is removed' if role is None else f'is {role.value}'}"
        )

    # --- by hand --------------------------------------------------------------------------------------------------

    def add_by_hand(self, remote: str, account: AccountId, role: Role = Role.MEMBER) -> None:
        """Somebody over there seats an account, or changes its role."""
        room = self.rooms[remote]
        if account not in room.seats:
            room.by_hand.add(account)
            room.shown.discard(account)
        if role.leads and not (account in room.seats and room.seats[account].leads):
            room.raised.discard(account)
        room.seats[account] = role
        room.changed(self.clock.now())
        self.told(f"  {self.name}: {account} is made {role.value} of {remote} by hand")

    def remove_by_hand(self, remote: str, account: AccountId) -> bool:
        """Somebody over there takes a seat away; whether coplink had been shown it."""
        room = self.rooms[remote]
        room.seats.pop(account, None)
        room.by_hand.discard(account)
        room.raised.discard(account)
        room.sat_then.discard(account)
        shown = account in room.shown
        room.shown.discard(account)
        room.changed(self.clock.now())
        self.told(f"  {self.name}: {account} is taken out of {remote} by hand")
        return shown

    def boards(self) -> Iterator[tuple[str, Room]]:
        """The rooms people sit in, by id."""
        return ((remote, room) for remote, room in self.rooms.items() if remote.startswith("room-"))

"""The port of seats over a room: stale, half and short listings, lots in doubt, answers that never come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from coplink.campus.rooms import Room, Rooms
from coplink.campus.weather import LISTING, READING, SEATING, Fault, Weather
from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import say
from coplink.ports.errors import Gone, OutcomeUnknown, Reauthorize, Throttled, Unavailable
from coplink.ports.seats import BatchResult, Done

ADMIN = "admin of the suite"


class CampusSeats:
    """``ports.Seats`` over the rooms of one suite."""

    def __init__(self, rooms: Rooms, weather: Weather) -> None:
        self._rooms, self._weather = rooms, weather

    def read(self, parts: Mapping[str, str]) -> Observed:
        """Everybody, perhaps as of some seconds ago, perhaps not all."""
        fault = begun(self._rooms, self._weather, "read seats", LISTING)
        room = self._room(parts)
        seats = dict(room.seats)
        if fault is Fault.STALE:
            ago = timedelta(seconds=self._weather.draw.random() * self._rooms.lag.total_seconds())
            moment = self._rooms.clock.now() - ago
            seats = room.as_of(max(moment, room.made_at))
        if fault in (Fault.HALF, Fault.SHORT):
            kept = sorted(seats)[: self._weather.draw.randrange(len(seats) + 1)]
            seats = {account: seats[account] for account in kept}
        if fault is Fault.SHORT:
            room.lacking = frozenset(room.seats.keys() - seats.keys())
        elif room.lacking and self._weather.lasts(Fault.SHORT, f"{self._rooms.name}: read seats"):
            seats = {account: role for account, role in seats.items() if account not in room.lacking}
        else:
            room.lacking = frozenset()
        self._weather.after(fault, "read seats")
        room.shown |= seats.keys() & room.seats.keys()
        room.shown_last = len(seats)
        room.doubtful -= seats.keys()
        room.unsure.clear()
        room.removed.clear()
        if not self._rooms.looked_twice(parts["room"]):
            now = len(self._weather.calls)
            room.taken_over = dict.fromkeys(seats, now) | room.taken_over
        if fault is not Fault.HALF and room.looks is not None:
            room.looks.append(self._rooms.clock.now())
        return Observed(seats, complete=fault is not Fault.HALF)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        """One account, as it is now."""
        begun(self._rooms, self._weather, "look", READING)
        room = self._room(parts)
        room.unsure.discard(account)
        room.doubtful.discard(account)
        if (role := room.seats.get(account)) is not None and room.shown_last is not None:
            room.shown_last += 1
        return role

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        """Seat a lot."""
        sitting = self._room(parts).seats
        asked: dict[AccountId, Role | None] = {
            seat.account: Role.FACILITATOR
            if seat.role.leads or seat.spares(sitting.get(seat.account))
            else Role.MEMBER
            for seat in seats
        }
        return self._write(parts, "seat", asked)

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        """Take away the seats of a lot."""
        return self._write(parts, "remove", dict.fromkeys(accounts))

    def _write(
        self, parts: Mapping[str, str], call: str, asked: Mapping[AccountId, Role | None]
    ) -> BatchResult:
        remote = parts["room"]
        fault = begun(self._rooms, self._weather, call, SEATING)
        room = self._room(parts)
        self._in_doubt(remote, room, asked, fault)
        if fault is Fault.LOST_BEFORE:
            raise OutcomeUnknown("time-out")
        outcomes: dict[AccountId, Done] = {}
        reasons = {}
        odd = self._weather.draw.choice(sorted(asked))
        for account, role in asked.items():
            if account == odd and fault is Fault.REFUSED:
                outcomes[account], reasons[account] = Done.REFUSED, say("Not this one, not now.")
                continue
            if role is not None and account not in self._rooms.people:
                outcomes[account], reasons[account] = Done.REFUSED, say("There is no such account.")
                continue
            unclear = account == odd and fault is Fault.UNCLEAR
            if not (unclear and self._weather.draw.random() < 0.5):
                outcomes[account] = self._one(remote, room, account, role)
            if unclear:
                outcomes.pop(account, None)  # a lot that does not name everybody leaves the others in doubt
                (room.unsure if role is None else room.doubtful).add(account)
        self._weather.after(fault, call)
        if fault is Fault.LOST_AFTER:
            raise OutcomeUnknown("time-out")
        if fault is Fault.ANSWERED_LATE:
            raise Throttled(say("Not so fast."), "429 though done")
        return BatchResult(outcomes, reasons)

    def _in_doubt(
        self, remote: str, room: Room, asked: Mapping[AccountId, Role | None], fault: Fault | None
    ) -> None:
        """Note what coplink will not know of this call; and that it asks again for what it does not know."""
        going = {account for account, role in asked.items() if role is None}
        for account in sorted(going & room.unsure):
            self._rooms.watcher.repeats(self._rooms, remote, account)
        room.removed |= going
        if fault in (Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.ANSWERED_LATE, Fault.CRASH_AFTER):
            room.unsure |= going
            room.doubtful |= asked.keys() - going - room.seats.keys()

    def _one(self, remote: str, room: Room, account: AccountId, role: Role | None) -> Done:
        if room.seats.get(account) == role:
            return Done.ALREADY_SO
        if role is None:
            self._rooms.watcher.removes(self._rooms, remote, account)
        else:
            self._rooms.watcher.seats(self._rooms, remote, account, role)
        self._rooms.write(remote, account, role)
        return Done.CHANGED

    def _room(self, parts: Mapping[str, str]) -> Room:
        room = self._rooms.rooms.get(parts.get("room", ""))
        if room is None:
            raise Gone(say("Somebody took the room down."))
        return room


def begun(rooms: Rooms, weather: Weather, call: str, kinds: tuple[Fault, ...]) -> Fault | None:
    """Count a call and raise where it does nothing; else the fault it goes on with."""
    rooms.calls += 1
    fault = weather.at(f"{rooms.name}: {call}", kinds)
    if fault is Fault.SIGNED_OUT:
        rooms.signed_out = True
    if rooms.signed_out:
        raise Reauthorize(say("The sign-in has ended."), ADMIN)
    if fault is Fault.BUSY:
        raise Unavailable(say("Too busy."), "503")
    if fault is Fault.SLOW_DOWN:
        raise Throttled(say("Not so fast."), "429")
    if fault is Fault.WAIT:
        raise Throttled(say("Not so fast."), "429", retry_after=weather.draw.choice((0.0, 1.0, 30.0, 300.0)))
    return fault

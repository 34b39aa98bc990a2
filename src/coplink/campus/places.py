"""The ports of spaces, directory, calendar and library over the rooms of one suite."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from coplink.campus.rooms import Room, Rooms
from coplink.campus.seats import ADMIN, begun
from coplink.campus.weather import CATALOGUE, READING, WRITING, Fault, Weather
from coplink.core.rhythm import Series
from coplink.core.words import say
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.directory import Found
from coplink.ports.errors import Ambiguous, CursorExpired, Gone, NotReadyYet, OutcomeUnknown
from coplink.ports.library import Changes
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish

STEPS = ("frame", "room")
PAGE = 3


class CampusSpaces:
    """``ports.Spaces``: a frame, and in it the room."""

    def __init__(self, rooms: Rooms, weather: Weather) -> None:
        self._rooms, self._weather = rooms, weather

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        """The frame first."""
        return STEPS

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        """Find it by our marker, or make it."""
        fault = begun(self._rooms, self._weather, f"make {step}", (*WRITING, Fault.NOT_YET))
        if fault is Fault.LOST_BEFORE:
            raise OutcomeUnknown("time-out")
        if fault is Fault.NOT_YET and parts:
            raise NotReadyYet(say("Not there yet."), "404", retry_after=5.0)
        marker = f"{step}/{wish.marker}"
        found = self._rooms.marked(marker)
        if len(found) > 1:
            raise Ambiguous(say("Two rooms carry our mark."), ADMIN, found)
        if not found:
            self._rooms.watcher.makes(self._rooms, marker, f"make {step}")
            remote = self._rooms.make(step, wish.name, marker)
            self._rooms.writes += 1
        else:
            remote = found[0]
        self._weather.after(fault, f"make {step}")
        if fault is Fault.LOST_AFTER:
            raise OutcomeUnknown("time-out")
        return Made(remote, found=bool(found))

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The room."""
        begun(self._rooms, self._weather, "describe", READING)
        room = _room(self._rooms, parts)
        return SpaceFacts(room.name, f"https://campus.example/{self._rooms.key}/{parts['room']}")


class CampusDirectory:
    """``ports.Directory``: everybody has one address."""

    def __init__(self, rooms: Rooms, weather: Weather) -> None:
        self._rooms, self._weather = rooms, weather

    def find(self, addresses: Sequence[str]) -> Mapping[str, Found]:
        """The accounts of these addresses."""
        if not addresses:
            return {}
        begun(self._rooms, self._weather, "find", READING)
        accounts = {address: account for account, address in self._rooms.people.items()}
        known = {address: accounts.get(address.strip().casefold()) for address in addresses}
        return {address: Found(account, address) for address, account in known.items() if account is not None}


class CampusCalendar:
    """``ports.Calendar``: one series a room and key; looked for before it is made."""

    def __init__(self, rooms: Rooms, weather: Weather) -> None:
        self._rooms, self._weather = rooms, weather

    def put(
        self,
        parts: Mapping[str, str],
        series: Series,
        attendees: tuple[str, ...],
        known: SeriesLink | None,
        key: str,
    ) -> SeriesLink:
        """Make the room's calendar show the series; what people moved there stays as it is."""
        fault = begun(self._rooms, self._weather, "place meetings", WRITING)
        if fault is Fault.LOST_BEFORE:
            raise OutcomeUnknown("time-out")
        room = _room(self._rooms, parts)
        starts = tuple(meeting.starts for meeting in series.held)
        digest = hashlib.sha256(f"{series.title}{starts}{attendees}".encode()).hexdigest()[:16]
        there = room.series.get(key)
        found = known is None and there is not None
        as_wanted = there is not None and there[0] == digest
        if not as_wanted:
            self._rooms.watcher.makes(self._rooms, room.marker, "place meetings")
            room.series[key] = (digest, starts, attendees)
            self._rooms.writes += 1
        self._weather.after(fault, "place meetings")
        if fault is Fault.LOST_AFTER:
            raise OutcomeUnknown("time-out")
        return SeriesLink({"series": key}, digest=digest, found=int(found))

    def uninvite(self, parts: Mapping[str, str], link: SeriesLink, addresses: Collection[str]) -> SeriesLink:
        """Take these off the series."""
        fault = begun(self._rooms, self._weather, "uninvite", WRITING)
        if fault is Fault.LOST_BEFORE:
            raise OutcomeUnknown("time-out")
        room, key = _room(self._rooms, parts), link.remote["series"]
        _, starts, there = room.series.get(key, ("", (), ()))
        staying = tuple(address for address in there if address.casefold() not in addresses)
        if staying != there:
            self._rooms.watcher.makes(self._rooms, room.marker, "uninvite")
            room.series[key] = ("", starts, staying)
            self._rooms.writes += 1
        self._weather.after(fault, "uninvite")
        if fault is Fault.LOST_AFTER:
            raise OutcomeUnknown("time-out")
        return replace(link, digest="")

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        """What hangs there."""
        begun(self._rooms, self._weather, "read meetings", READING)
        there = _room(self._rooms, parts).series.get(link.remote["series"])
        shown = there[1] if there else ()
        found: dict[date, datetime | None] = {m.original: m.starts for m in series.held if m.starts in shown}
        moved = [start for start in shown if start not in {m.starts for m in series.held}]
        for meeting in series.held:
            if meeting.original not in found and moved:
                found[meeting.original] = moved.pop(0)
        return SeriesFacts(found, {}, complete=True)


class CampusLibrary:
    """``ports.Library``: a log, read from a place in it; a listing holds what is there, once."""

    def __init__(self, rooms: Rooms, weather: Weather) -> None:
        self._rooms, self._weather = rooms, weather

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        """The page after ``cursor``: ``age/listing or changes/place``."""
        fault = begun(self._rooms, self._weather, "read files", CATALOGUE)
        room = _room(self._rooms, parts)
        if fault is Fault.FORGOTTEN:
            room.age += 1
        age, _, rest = (cursor or "").partition("/")
        kind, _, place = rest.partition("/")
        if cursor is not None and age != str(room.age):
            raise CursorExpired(say("The place of the reading is forgotten."))
        start, listing = int(place or 0), cursor is None or kind == "listing"
        page = room.files[start : start + PAGE]
        end = start + len(page)
        last = end >= len(room.files)
        later = {fact.remote for fact in room.files[end:]} if listing else set()
        told = {fact.remote: fact for fact in page}
        facts = [one for one in told.values() if not listing or not (one.gone or one.remote in later)]
        again = "listing" if listing and not last else "changes"
        return Changes(tuple(facts), f"{room.age}/{again}/{end}", last)


def _room(rooms: Rooms, parts: Mapping[str, str]) -> Room:
    room = rooms.rooms.get(parts.get("room", ""))
    if room is None:
        raise Gone(say("Somebody took the room down."))
    return room

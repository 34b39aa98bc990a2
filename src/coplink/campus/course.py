"""The roster of a course on the campus: read page by page, whole, half, short or empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from coplink.campus.weather import LISTING, Fault, Weather
from coplink.core.arrival import RosterSourceAddress
from coplink.core.roster import Comparison, Listed, Snapshot
from coplink.core.spaces import Trouble
from coplink.core.words import say
from coplink.ports.errors import Throttled, Unavailable

PAGE = 4


@dataclass
class Courses:
    """Who is listed in each course, by the address its platform gave; ``empty`` ones list nobody for a while."""

    weather: Weather
    listed: dict[str, list[Listed]] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)

    def read(
        self, address: RosterSourceAddress, last: Snapshot | None = None, secret: bytes = b""
    ) -> CourseReading:
        """Begin to read; the first page may fail."""
        name = address.values["url"]
        fault = self.weather.at(f"{name}: read roster", LISTING)
        _raise(fault)
        people = [] if name in self.empty else list(self.listed.get(name, []))
        if fault in (Fault.SHORT, Fault.HALF):
            people = people[: self.weather.draw.randrange(len(people) + 1)]
        return CourseReading(self, name, people, fault is not Fault.HALF, Comparison("campus", last), secret)


@dataclass
class CourseReading:
    """A roster being read."""

    courses: Courses
    name: str
    people: Sequence[Listed]
    ends_well: bool
    compared: Comparison
    secret: bytes
    complete: bool = False
    again: float | None = None
    lacking: Trouble | None = None

    def __iter__(self) -> Iterator[Sequence[Listed]]:
        """Page by page, those who are new or have changed; a later page may fail, which ends the reading."""
        for start in range(0, len(self.people), PAGE):
            if start:
                fault = self.courses.weather.at(f"{self.name}: next page of the roster", LISTING)
                if fault in (Fault.BUSY, Fault.SLOW_DOWN, Fault.WAIT, Fault.SIGNED_OUT, Fault.HALF):
                    return
            page = self.people[start : start + PAGE]
            digest = self._hash(repr(page), 16)
            if self.compared.carry(digest):
                yield ()
                continue
            prints = [int.from_bytes(self._hash(repr(one), 8)) for one in page]
            yield self.compared.take(digest, [one.subject for one in page], prints, _by_place(page)) or ()
        self.complete = self.ends_well

    def _hash(self, text: str, size: int) -> bytes:
        return blake2b(text.encode(), key=self.secret, digest_size=size).digest()


def _by_place(page: Sequence[Listed]) -> Callable[[int], Listed]:
    return lambda place: page[place]


def _raise(fault: Fault | None) -> None:
    if fault in (Fault.SLOW_DOWN, Fault.WAIT):
        raise Throttled(say("Not so fast."), "429", retry_after=30.0)
    if fault in (Fault.BUSY, Fault.SIGNED_OUT):
        raise Unavailable(say("Too busy."), "503")

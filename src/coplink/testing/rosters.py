"""A roster on paper, for tests: what it lists, in pages, and whether it can be read to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from coplink.core.arrival import RosterSourceAddress
from coplink.core.roster import Comparison, Listed, Snapshot
from coplink.core.spaces import Trouble


@dataclass
class PaperRoster:
    """A ``RosterSource``; ``looked`` counts the people whose entries were looked at since it was set."""

    people: list[Listed] = field(default_factory=list)
    complete: bool = True
    size: int = 50
    meaning: str = "paper"
    again: float | None = None
    lacking: Trouble | None = None
    looked: int = 0

    def read(
        self, address: RosterSourceAddress, last: Snapshot | None = None, secret: bytes = b""
    ) -> PaperReading:
        """Begin to read it, as it is now."""
        return PaperReading(self, list(self.people), self.complete, Comparison(self.meaning, last), secret)


@dataclass
class PaperReading:
    """A roster on paper being read."""

    paper: PaperRoster
    people: list[Listed]
    ends_well: bool
    compared: Comparison
    secret: bytes
    complete: bool = False

    @property
    def again(self) -> float | None:
        """What the platform asked to wait for."""
        return self.paper.again

    @property
    def lacking(self) -> Trouble | None:
        """Why it can never be read to its end."""
        return self.paper.lacking

    def __iter__(self) -> Iterator[Sequence[Listed]]:
        """Page by page, those who are new or have changed."""
        size = self.paper.size
        for start in range(0, len(self.people), size):
            page = self.people[start : start + size]
            digest = self._hash(repr(page), 16)
            if self.compared.carry(digest):
                yield ()
                continue
            prints = [int.from_bytes(self._hash(repr(one), 8)) for one in page]
            yield self.compared.take(digest, [one.subject for one in page], prints, self._look(page)) or ()
        self.complete = self.ends_well

    def _look(self, page: list[Listed]) -> Callable[[int], Listed]:
        def look(place: int) -> Listed:
            self.paper.looked += 1
            return page[place]

        return look

    def _hash(self, text: str, size: int) -> bytes:
        return blake2b(text.encode(), key=self.secret, digest_size=size).digest()

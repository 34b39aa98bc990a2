"""A roster says who may be invited and who has gone; it never seats anybody.

A course of a hundred thousand people is read page by page. What the last complete reading showed is remembered as
fingerprints that name nobody, so that the next one looks closer only at those who are new or have changed.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from coplink.core.people import AccountId
from coplink.core.spaces import Trouble


@dataclass(frozen=True, slots=True)
class Listed:
    """One person on a roster. ``accounts`` are platform accounts the roster names: proposals, not proofs."""

    subject: str
    name: str | None = None
    email: str | None = None
    leads: bool = False
    accounts: Mapping[str, AccountId] | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who a platform says is in a context. ``complete`` is False when reading stopped half way."""

    people: tuple[Listed, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class PageSeen:
    """A page as it was: a digest of its bytes, and how many people it lists."""

    digest: bytes
    listed: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a complete reading showed: its pages, and a fingerprint of 8 bytes for each person in their order.

    ``meaning`` names everything that a page's meaning depends on; under another meaning a snapshot is worth nothing.
    """

    meaning: str
    pages: tuple[PageSeen, ...]
    prints: bytes

    @property
    def listed(self) -> int:
        """How many people it lists."""
        return len(self.prints) // 8


class Reading(Protocol):
    """A roster being read. Iterating gives, page by page, those who are new or have changed since the snapshot."""

    def __iter__(self) -> Iterator[Sequence[Listed]]: ...

    @property
    def complete(self) -> bool:
        """After the last page: whether everything was read."""
        ...

    @property
    def again(self) -> float | None:
        """Seconds the platform asked to wait for, where that ended the reading."""
        ...

    @property
    def lacking(self) -> Trouble | None:
        """Why it is not complete, and would not be if it were read again at once; None where it may be."""
        ...

    @property
    def compared(self) -> Comparison:
        """What was read, held against the snapshot."""
        ...


def whole(reading: Reading) -> Roster:
    """Everybody of a reading at once: for small rosters; without a snapshot all are new."""
    people = tuple(listed for page in reading for listed in page)
    return Roster(people, reading.complete)


class Comparison:
    """A roster as it is read, held against the last complete snapshot of the same meaning.

    Two memories keep a person from counting twice: fingerprints, and subjects where a page was looked into. Both are
    made only once a page differs; an unchanged roster costs a look at its digests.
    """

    def __init__(self, meaning: str, last: Snapshot | None = None) -> None:
        self.meaning = meaning
        self.fresh = 0
        self._last = last if last is not None and last.meaning == meaning else None
        self._places = _places(self._last)
        self._digests: set[bytes] = set()
        self._pages: list[PageSeen] = []
        self._prints = array("Q")
        self._waiting: set[int] | None = None  # in the snapshot, not yet seen
        self._seen: set[int] = set()
        self._subjects: set[int] = set()

    @property
    def listed(self) -> int:
        """How many people have been listed so far."""
        return len(self._prints)

    @property
    def incremental(self) -> bool:
        """Whether there was a snapshot to hold it against."""
        return self._last is not None

    @property
    def unchanged(self) -> bool:
        """Whether it is the snapshot, page for page."""
        return self._last is not None and tuple(self._pages) == self._last.pages

    def snapshot(self) -> Snapshot:
        """What has been read, to be kept once it is complete."""
        return Snapshot(self.meaning, tuple(self._pages), self._prints.tobytes())

    def repeats(self, digest: bytes) -> bool:
        """Whether this reading had the very same page, with people on it, already."""
        return digest in self._digests

    def carry(self, digest: bytes) -> bool:
        """Take a page over from the snapshot without looking into it; False when that cannot be done."""
        place = self._places.get(digest)
        if place is None or self._last is None:
            return False
        prints = array("Q")
        prints.frombytes(self._last.prints[place[0] * 8 : (place[0] + place[1]) * 8])
        if self._waiting is not None:
            if not self._seen.isdisjoint(prints):
                return False  # somebody on it was listed before: to be looked into
            self._meet(prints)
        self._add(digest, prints)
        return True

    def take(
        self,
        digest: bytes,
        subjects: Sequence[str],
        prints: Sequence[int],
        listed: Callable[[int], Listed | None],
    ) -> list[Listed] | None:
        """Add a page; those who are new or have changed, or None when all of it had been listed before.

        ``subjects`` and ``prints`` name everybody on the page; ``listed`` looks at one of them, by place, and says None
        for whoever does not count. It is asked only about those whom the snapshot does not have as they are now.
        """
        waiting = self._look_closer()
        places = self._first_time(subjects, prints)
        if subjects and not places:
            return None
        fresh: list[Listed] = []
        left_out: set[int] = set()
        unknown = set(prints).difference(waiting)
        for place in [place for place in places if prints[place] in unknown] if unknown else ():
            person = listed(place)
            if person is None:
                left_out.add(place)
            else:
                fresh.append(person)
        if left_out or len(places) < len(prints):
            prints = [prints[place] for place in places if place not in left_out]
        counted = prints if isinstance(prints, array) else array("Q", prints)
        self._meet(counted)
        self._add(digest, counted)
        self.fresh += len(fresh)
        return fresh

    def _first_time(self, subjects: Sequence[str], prints: Sequence[int]) -> Sequence[int]:
        """The places of those who had not been listed yet."""
        hashes = list(map(hash, subjects))
        if (
            len(set(hashes)) == len(hashes)
            and self._subjects.isdisjoint(hashes)
            and self._seen.isdisjoint(prints)
        ):
            self._subjects.update(hashes)
            return range(len(hashes))
        places = []
        for place, one in enumerate(hashes):
            if one not in self._subjects and prints[place] not in self._seen:
                places.append(place)
            self._subjects.add(one)
        return places

    def _look_closer(self) -> set[int]:
        if self._waiting is None:
            every = array("Q")
            every.frombytes(self._last.prints if self._last else b"")
            self._waiting = set(every)
            self._meet(self._prints)
        return self._waiting

    def _meet(self, prints: array[int]) -> None:
        if self._waiting is not None:
            self._waiting.difference_update(prints)
            self._seen.update(prints)

    def _add(self, digest: bytes, prints: array[int]) -> None:
        self._prints.extend(prints)
        self._pages.append(PageSeen(digest, len(prints)))
        if prints:
            self._digests.add(digest)


def _places(last: Snapshot | None) -> dict[bytes, tuple[int, int]]:
    """Where the people of each page stand in a snapshot."""
    found: dict[bytes, tuple[int, int]] = {}
    start = 0
    for page in last.pages if last else ():
        found.setdefault(page.digest, (start, page.listed))
        start += page.listed
    return found

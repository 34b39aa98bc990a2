"""The state of a stage as one number, taken while nothing is under way.

Two stages with the same number go on in the same way, so what came after it the first time is what would come after it
now, and need not be gone through again. Database, suites, rosters, people's words, clock and queue are in it, and every
id that will be made, since ids are made from this number. Left out is only what nothing that coplink does depends on:

    work        the token of a turn that has ended; what the next asking sets anew, of work that is done
    journal     rows that were closed knowing what came of it, but for the newest key by which each thing was made
    reports     all but when each was last gone through as a whole
    happenings  what people read, and no verb does
    notices     their ids and times
    ledger      when something was written or missed, once that is longer ago than any platform's lag
    queue       goes that are over: their names never come again

That this is so is tried too: one in sixteen of those that are alike is followed all the same.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from hashlib import blake2b
from typing import Any

from coplink.campus.rooms import Room, Rooms
from coplink.simulation.house import House
from coplink.simulation.world import KINDS, World

LONGEST_LAG = max(lag for _, lag, _ in KINDS.values())
SHORTENED = {
    "work": """
        SELECT kind, target, partition, settled >= generation AND NOT resting AS done,
          CASE WHEN settled >= generation AND NOT resting THEN NULL
          ELSE json_array(generation, settled, attempt, failures, not_before, resting, reason, urgent) END
        FROM work ORDER BY done, CASE WHEN settled < generation OR resting THEN turned END, kind, target""",
    "journal": """
        SELECT space, kind, what, closed_at IS NULL,
          CASE WHEN closed_at IS NULL OR outcome = 'unknown' THEN opened_at END,
          CASE WHEN what LIKE 'make %' OR what LIKE 'watch %' THEN key END
        FROM journal WHERE closed_at IS NULL
          OR (number IN (SELECT max(number) FROM journal GROUP BY space, what)
            AND (outcome = 'unknown' OR what LIKE 'make %' OR what LIKE 'watch %'))
        ORDER BY space, what, number""",
    "reports": "SELECT kind, target, max(at) FROM reports WHERE kind IN ('full', 'collect') GROUP BY kind, target",
    "seats": "SELECT * FROM seats ORDER BY space, rowid",
    "happenings": "SELECT 1",
    "notices": "SELECT institution, community, about, code, message, who FROM notices",
    "ledger": """
        SELECT space, account, state, prior, max(written_at, ?), max(absent_since, ?), max(prior_written_at, ?)
        FROM ledger ORDER BY space, rowid""",
}
NOT_OF_SUITES = {"clock", "lag", "watcher", "people", "rooms", "writes", "calls", "told"}
OF_FAULTS = {"past", "made_at"}  # only an old listing shows them
SIZE = 16
FOLLOWED = 16
PLACES = 1 << 20


class Seen:
    """The numbers met so far, shared by all copies of the process that made it. Two at once may both be first."""

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, SIZE * PLACES)

    def first(self, number: bytes) -> bool:
        """Whether nobody has been here, or it is to be gone through again to see; from now on somebody has."""
        place = int.from_bytes(number[:8])
        for step in range(64):
            at = (place + step) % PLACES * SIZE
            known = self._table[at : at + SIZE]
            if known == number:
                return number[-1] % FOLLOWED == 0
            if not any(known):
                self._table[at : at + SIZE] = number
                return True
        return True  # no room: it is gone through once more


def number_of(world: World, *where: object, faults: bool) -> bytes:
    """The state, and how far the scenario is. ``faults``: some may still come, and what only they would show counts."""
    digest = blake2b(digest_size=SIZE)
    for part in _parts(world, faults):
        digest.update(part.encode())
    digest.update(repr(where).encode())
    return digest.digest()


def _parts(world: World, faults: bool) -> Iterator[str]:
    yield str(world.clock.now())
    yield from _tables(world.house, world.clock.now())
    for houses in world.suites.values():
        for suite in houses.values():
            yield f"{suite.name}{_all_of(suite, NOT_OF_SUITES)}"
            yield from (f"{remote}{_room(suite, room, faults)}" for remote, room in suite.rooms.items())
    yield f"{world.courses.listed}{sorted(world.courses.empty)}"
    for key, known in sorted(world.truth.acts.items()):
        yield f"{key}{_all_of(known, {'run'})}"
    yield from _queue(world.house)


def _tables(house: House, now: datetime) -> Iterator[str]:
    for (name,) in house.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        words = SHORTENED.get(str(name), f"SELECT * FROM {name}")  # noqa: S608  (in the order in which they lie there)
        values = (str((now - LONGEST_LAG).replace(tzinfo=None)),) * words.count("?")
        yield f"{name}{house.sql(words, *values)}"


def _room(suite: Rooms, room: Room, faults: bool) -> str:
    if not faults:
        return _all_of(room, OF_FAULTS)
    oldest = suite.clock.now() - suite.lag
    past = [one for n, one in enumerate(room.past) if n + 1 == len(room.past) or room.past[n + 1][0] > oldest]
    return f"{_all_of(room, {'past'})}{[(at, sorted(s.items())) for at, s in past]}"


def _all_of(thing: Any, but: set[str]) -> str:
    """Everything it has, whatever that comes to be; what has no order in one."""
    return str([_in_order(getattr(thing, one.name)) for one in fields(thing) if one.name not in but])


def _in_order(value: object) -> object:
    if isinstance(value, dict):
        return sorted(value.items())
    return sorted(value) if isinstance(value, set | frozenset) else value


def _queue(house: House) -> Iterator[str]:
    jobs = house.jobs
    yield f"{[(one.job, one.due, one.attempt) for one in jobs._waiting.values()]}"
    yield f"{[(key, one.job, one.due, one.latest) for key, one in jobs._hints.items()]}"
    words = "SELECT kind || ':' || target || ':' || generation || '.' FROM work WHERE settled < generation"
    under_way = tuple(str(begins) for (begins,) in house.sql(words))
    yield f"{sorted(one for one in jobs._known if one.startswith(('hint:', *under_way)))}"

"""Weather that brings one fault, or two, to every call and every commit in turn, by copying the process there.

At each point the process that goes on without a fault makes one copy for each fault that can come there; the copy
meets it and goes on. So everything before a fault is done once, and a second fault also comes to what the first one
led to: tries again, looks, starts after a crash.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple

from coplink.campus.weather import Crash, Fault, Weather


class Way(StrEnum):
    """What chance would decide within a fault: how much is missing, which account, done or not, how long to wait."""

    LITTLE = "-"
    MUCH = "+"


LESS_OR_MORE = (Way.LITTLE, Way.MUCH)
WAYS = dict.fromkeys((Fault.WAIT, Fault.REFUSED, Fault.UNCLEAR, Fault.HALF, Fault.SHORT), LESS_OR_MORE)


class Met(NamedTuple):
    """A fault that was met: at which point, counted on the way there, and which."""

    point: int
    where: str
    fault: Fault
    way: Way

    def __str__(self) -> str:
        return f"{self.point}:{self.fault}{self.way} ({self.where})"


class Chance(Random):
    """Decides by ``way`` and never by chance, so that each end of what may happen is tried."""

    way = Way.MUCH

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """Nothing, or all but one; of a listing of n people n + 1 answers are possible."""
        return 0 if self.way is Way.MUCH else max(start - 2, 0)

    def choice(self, seq: Any) -> Any:
        """The first, or the last."""
        return seq[0] if self.way is Way.LITTLE else seq[-1]

    def random(self) -> float:
        """As little as can be, or nearly all."""
        return 0.0 if self.way is Way.LITTLE else 0.999


@dataclass
class Copies:
    """Copies of this process: at most ``at_once`` side by side; copies of a copy come one after the other."""

    at_once: int = 1
    running: list[int] = field(default_factory=list)
    died: int = 0

    def make(self) -> bool:
        """Whether this is the copy."""
        while len(self.running) >= self.at_once:
            self._wait_for_one()
        pid = os.fork()
        if pid == 0:
            self.at_once, self.running, self.died = 1, [], 0
            return True
        self.running.append(pid)
        if self.at_once == 1:
            self._wait_for_one()
        return False

    def all_ended(self) -> None:
        """Wait for those that still run."""
        while self.running:
            self._wait_for_one()

    def _wait_for_one(self) -> None:
        pid, status = os.wait()
        self.running.remove(pid)
        self.died += status != 0


@dataclass
class Injector(Weather):
    """``left`` is how many faults may still come; ``path`` is set where faults are not tried but repeated.

    ``kinds`` and ``each`` (every so many points) make a quick test of it; by default all is tried.
    """

    left: int = 0
    path: Sequence[tuple[int, Fault, Way]] | None = None
    kinds: frozenset[Fault] = frozenset(Fault)
    each: int = 1
    copies: Copies = field(default_factory=Copies)
    history: list[Met] = field(default_factory=list)
    points: int = 0
    quiet: bool = False

    def commit(self, when: str, what: str) -> None:
        """A commit is under way, or over: the process may die."""
        kind = Fault.CRASH_BEFORE if when == "before commit" else Fault.CRASH_AFTER
        where = f"{when} in {what}"
        if self._comes(where, (kind,)) is not None:
            self.reached[kind] += 1
            self.told(f"    {where}: {kind}")
            raise Crash(where)

    @contextmanager
    def hushed(self) -> Iterator[None]:
        """Nothing goes wrong, and nothing is counted."""
        was, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = was

    def _pick(self, number: int, kinds: tuple[Fault, ...]) -> Fault | None:
        return self._comes(self.calls[-1][0], kinds)

    def _comes(self, where: str, kinds: tuple[Fault, ...]) -> Fault | None:
        if self.fair or self.quiet:
            return None
        self.points += 1
        if self.path is not None:
            for point, fault, way in self.path:
                if point == self.points:
                    return self._meet(where, fault, way)
            return None
        if not self.left or self.points % self.each:
            return None
        for fault in dict.fromkeys(kinds):
            for way in WAYS.get(fault, (Way.MUCH,)):
                if fault in self.kinds and self.copies.make():
                    self.left -= 1
                    return self._meet(where, fault, way)
        return None

    def _meet(self, where: str, fault: Fault, way: Way) -> Fault:
        self.history.append(Met(self.points, where, fault, way))
        self.draw.way = way  # type: ignore[attr-defined]
        return fault

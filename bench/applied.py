"""What every ``apply_<vendor>.py`` counts, in one form, for ``apply.py`` to compare.

A vendor's module has a ``TITLE`` and its ``WAYS``: by name, a function ``measure(people, changes) -> Figures``. With
``changes`` 0 it fills an empty space with so many people; otherwise it brings a full one of so many people up to date
after so many changes: half of them come, three in ten go, the others change their role (``split``), and only what
follows the changes is counted. Ours are the ways whose name begins with "coplink"; the goals are theirs. They run the
real engine and the real connector, with the vendor's SDK, against the sandbox with ``enforce_limits`` (``rig.py``); a
vendor's file says what is over there. Time is a ``Clock`` that is moved, never slept. Other ways may be counted by a
model that writes to nobody: ``modelled`` says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of applying memberships cost.

    ``calls`` are the HTTP calls that write, a batch being one, and ``parts`` the sub-requests in them that write;
    ``formula`` is the least number of those (performance.md 3.3, summed over the phases) and ``phases`` in how many
    phases anything was written. ``reads`` are the HTTP calls that read who sits there, ``reads_most`` how many pages
    so many people fill, at least one, however often it began anew. ``looks`` are other calls: look-ups of people,
    what a vendor wants asked first. ``throttled`` counts what was refused for a published limit, ``seconds`` the time
    by the moved clock, ``wrong`` the seats that are not as wanted in the end. ``stopped`` is the sentence with which it
    stopped at a limit, before anything was written.
    """

    calls: int = 0
    parts: int = 0
    formula: int = 0
    phases: int = 0
    reads: int = 0
    reads_most: int = 0
    looks: int = 0
    throttled: int = 0
    seconds: float = 0.0
    wrong: int = 0
    stopped: str = ""
    modelled: bool = False


Measure = Callable[[int, int], Figures]


def split(changes: int) -> tuple[int, int, int]:
    """How many come, go, and change their role: 10 are 5, 3 and 2."""
    come, go = changes // 2, changes * 3 // 10
    return come, go, changes - come - go


class Clock:
    """A clock that stands until it is moved: for the engine, the connector's pace and the sandbox's limits alike."""

    def __init__(self, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._at = self._start = (start or datetime.now(UTC)).timestamp()

    def now(self) -> datetime:
        """The moment, as the engine asks for it."""
        return datetime.fromtimestamp(self.time(), UTC)

    def time(self) -> float:
        """The moment in seconds, as a sandbox and a pace ask for it."""
        with self._lock:
            return self._at

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        with self._lock:
            self._at += max(seconds, 0.0)

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return self.time() - self._start

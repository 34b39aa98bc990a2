"""Whoever may not have been running for a while asks whether the work is still theirs before the next call goes.

A process can be stopped for minutes between two lines: a machine that sleeps, a disk that hangs. Another worker has the
work then, and what the first one is about to write was decided on what it read long ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from coplink.ports.storage import StaleTurn

SURE_FOR = 10.0
"""Seconds after which it is asked again; less than the time after which a silent worker's jobs are handed on."""


class Ours:
    """Whether the work that calls are made for is still this worker's; ``still`` asks."""

    def __init__(self, still: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._still, self._clock, self._asked = still, clock, clock()

    def make_sure(self) -> None:
        """Raise ``StaleTurn`` where it is not."""
        if self._clock() - self._asked < SURE_FOR:
            return
        if not self._still():
            raise StaleTurn("another worker has begun this work meanwhile")
        self._asked = self._clock()


_ours: ContextVar[Ours | None] = ContextVar("coplink_ours", default=None)


@contextmanager
def as_long_as(ours: Ours) -> Iterator[None]:
    """Make calls within this block as long as the work is ours."""
    before = _ours.set(ours)
    try:
        yield
    finally:
        _ours.reset(before)


def make_sure() -> None:
    """Let the present call go only where the work it is made for is still ours."""
    ours = _ours.get()
    if ours is not None:
        ours.make_sure()

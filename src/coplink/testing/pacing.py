"""A pace on pretended time: who has to wait moves the time on, so that an hour of pacing costs a test nothing."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import AbstractContextManager

from coplink.pace import Pacer
from coplink.ports.pace import Limit, Unpaced


class Hourglass:
    """Seconds that pass only where somebody waits, or is made to. Meant for one thread."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The present moment."""
        return self.now

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let the seconds pass."""
        self.now += seconds

    def pacer(self, share: float = 1.0) -> Pacer:
        """A pacer that runs on this time, without chance."""
        return Pacer(share, self, self.wait, jitter=lambda: 0.0)


class Tally(Unpaced):
    """Nobody waits, and what was taken of each limit is counted: what a connector calls must have been taken."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    def taking(self, *limits: tuple[Limit, str], weight: int = 1) -> AbstractContextManager[None]:
        """Count, and go."""
        for limit, _ in limits:
            self.taken[limit.api] += weight
        return super().taking(*limits, weight=weight)

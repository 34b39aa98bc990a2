"""Keeps Microsoft's published limits, call by call, for everybody in this process who uses the same connection.

Teams asks for at most four requests a second on one team and 30 in all; Outlook for four at a time and 10,000 in ten
minutes on one mailbox (Microsoft's throttling page, as of 2026-11). The other services publish resource units far above
what a community needs; a plain bound keeps a runaway loop harmless. Every limit is multiplied by this process's share.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyrate_limiter import Limiter, Rate

from coplink_teams.replies import busy

PATIENCE = 2.0
WINDOW = 10  # seconds: bursts such as one $batch are allowed, the average is kept


class Quota:
    """The buckets of one connection: ``teams``, ``outlook``, ``identity``, ``files``."""

    def __init__(self, calls_per_second: float, share: float) -> None:
        self._limiters = {
            "teams": _limiter(calls_per_second * share, WINDOW, at_least=20),
            "outlook": _limiter(10_000 / 600 * share, WINDOW, at_least=20),
            "identity": _limiter(100 * share, WINDOW, at_least=20),
            "files": _limiter(20 * share, WINDOW, at_least=20),
        }
        self._mailbox = threading.BoundedSemaphore(max(1, int(4 * share)))

    @contextmanager
    def taking(self, service: str, weight: int, operation: str) -> Iterator[None]:
        """Take ``weight`` calls from a bucket for one exchange; raises ``Throttled`` after two seconds."""
        if not self._limiters[service].try_acquire(service, weight, timeout=PATIENCE):
            raise busy(operation, WINDOW / 2)
        if service != "outlook":
            yield
            return
        if not self._mailbox.acquire(timeout=PATIENCE):
            raise busy(operation, 1.0)
        try:
            yield
        finally:
            self._mailbox.release()


def _limiter(per_second: float, seconds: int, at_least: int) -> Limiter:
    calls = per_second * seconds
    if calls < at_least:  # one $batch must fit in: a longer window keeps the same average
        seconds = max(seconds, round(at_least / per_second))
        calls = at_least
    return Limiter(Rate(int(calls), seconds * 1000))

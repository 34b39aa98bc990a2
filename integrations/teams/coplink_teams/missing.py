"""What was there and does not show: Microsoft's lag for a quarter of an hour, gone after that.

Not every machine of Microsoft's shows what is new at once (Graph, "Create team": up to 15 minutes), so one 404 says
little. This process remembers since when something has been missing without a break; after a restart it waits anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from coplink.ports.clock import Clock

LAG = timedelta(minutes=15)
REMEMBERED = 1_000


class Missing:
    """What one connection misses, and since when."""

    def __init__(self, base: str, clock: Clock) -> None:
        self._base, self._clock = base, clock

    def long(self, what: str) -> bool:
        """Note that it does not show; whether it has not for longer than the lag."""
        key, now = f"{self._base} {what}", self._clock.now()
        with _lock:
            since = _since.setdefault(key, now)
            while len(_since) > REMEMBERED:
                _since.popitem(last=False)
        return now - since > LAG

    def is_long(self, what: str) -> bool:
        """Whether it was noted longer ago than the lag."""
        with _lock:
            since = _since.get(f"{self._base} {what}")
        return since is not None and self._clock.now() - since > LAG

    def shows(self, what: str) -> None:
        """It is there."""
        with _lock:
            _since.pop(f"{self._base} {what}", None)


_lock = threading.Lock()
_since: OrderedDict[str, datetime] = OrderedDict()

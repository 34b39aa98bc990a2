"""The throttle of the pretended Canvas: a leaky bucket for each token, filled by what calls cost.

A call that begins while others of the same token run finds their reservation in the bucket; one call after the other
only pays what it cost (Canvas API documentation, "Throttling"; ``request_throttle`` of open source Canvas, November
2026).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

BUCKET, LEAK, RESERVED = 700.0, 10.0, 50.0


@dataclass
class Budget:
    """A bucket holds ``size``, ``leak`` runs out of it a second; a running call holds ``reserved``."""

    size: float = BUCKET
    leak: float = LEAK
    reserved: float = 0.0
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    _running: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, token: str, now: float) -> bool:
        """Whether a call of this token may begin; then it runs until ``end``."""
        with self._lock:
            running = self._running.get(token, 0)
            if self._level(token, now) + running * self.reserved >= self.size:
                return False
            self._running[token] = running + 1
            return True

    def end(self, token: str, now: float, cost: float) -> float:
        """A call has ended and cost this much; what is left in the bucket."""
        with self._lock:
            self._running[token] -= 1
            level = self._level(token, now) + cost
            self._levels[token] = (level, now)
            return max(0.0, self.size - level - self._running[token] * self.reserved)

    def _level(self, token: str, now: float) -> float:
        level, then = self._levels.get(token, (0.0, now))
        return max(0.0, level - self.leak * max(0.0, now - then))

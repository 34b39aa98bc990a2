"""A vendor's published rate as its server keeps it: a bucket that fills up again, one for each team or project.

Used by sandboxes with ``Wire.enforce_limits``; time is the wire's clock, so that a test may move it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Quota:
    """At most ``burst`` calls at once (None: all of them), and ``calls`` in ``seconds`` from then on, for each key."""

    calls: float
    seconds: float
    burst: float | None = None
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str, now: float, weight: float = 1) -> float:
        """Zero where there was room, else the seconds until there is; a refused call takes nothing."""
        rate, most = self.calls / self.seconds, self.calls if self.burst is None else self.burst
        left, since = self._left.get(key, (most, now))
        left = min(most, left + (now - since) * rate)
        room = left >= weight - 1e-6  # what floating point leaves over is no call too many
        self._left[key] = (left - weight if room else left, now)
        return 0.0 if room else (weight - left) / rate

"""How one published rate is counted, on a clock that is handed in: never above it, in any window of its length.

``Window`` remembers what went, for rates that may be used up at once. ``Level`` is a bucket that fills evenly, for
rates with a burst: what its burst takes is taken off its flow, so that both together stay within the rate. ``speed``
(0 to 1) narrows both for a while. Weights above a whole rate go alone, and are paid for afterwards.
"""

from __future__ import annotations

import math
from collections import deque

from coplink.ports.pace import Rate

SLOTS = (
    50  # what went is kept in so many parts of a window; a part counts until its last moment is out of sight
)
NEARLY = 1e-9


class Window:
    """At most ``calls`` in any ``seconds``."""

    def __init__(self, calls: float, seconds: float) -> None:
        self._calls, self._seconds = calls, seconds
        self._slot = seconds / SLOTS
        self._went: deque[tuple[int, float, float]] = deque()  # slot, when it stops counting, weight
        self._owes = -math.inf
        self.flow = calls / seconds

    def wait(self, now: float, weight: float, leaves: float, speed: float) -> float:
        """Seconds until so much may go, if nobody else goes before."""
        over = self._used(now) + min(weight, self.most(leaves, speed)) - self.most(leaves, speed)
        until = max(now, self._owes)
        for _, ends, went in self._went:
            if over <= NEARLY:
                break
            over -= went
            until = max(until, ends)
        return until - now

    def room(self, at: float, leaves: float, speed: float) -> float:
        """How much could go at once at that moment, if nobody else goes before."""
        if self._owes > at:
            return 0.0
        return self.most(leaves, speed) - sum(went for _, ends, went in self._went if ends > at)

    def take(self, now: float, weight: float, speed: float) -> None:
        """Count what goes now."""
        self._used(now)
        slot = math.floor(now / self._slot)
        ends = max((slot + 1) * self._slot, now) + self._seconds
        if self._went and self._went[-1][0] == slot:
            _, before, went = self._went.pop()
            ends, weight = max(before, ends), weight + went
        self._went.append((slot, ends, weight))
        if weight > self._calls * speed:
            self._owes = max(self._owes, now + self._seconds * weight / (self._calls * speed))

    def idle(self, now: float) -> bool:
        """Whether nothing is counted any more."""
        return self._used(now) == 0 and self._owes <= now

    def _used(self, now: float) -> float:
        while self._went and self._went[0][1] <= now:
            self._went.popleft()
        return sum(went for _, _, went in self._went)

    def most(self, leaves: float, speed: float) -> float:
        """How much may go at once, where nothing went before."""
        calls = self._calls * speed
        return calls - math.floor(calls * leaves)


class Level:
    """``burst`` at once, then evenly, such that no window of ``seconds`` sees more than ``calls``."""

    def __init__(self, calls: float, seconds: float, burst: float) -> None:
        self._burst, self.flow = burst, (calls - burst) / seconds
        self._level, self._at = burst, -math.inf

    def wait(self, now: float, weight: float, leaves: float, speed: float) -> float:
        """Seconds until so much may go, if nobody else goes before."""
        short = min(weight + math.floor(self._burst * leaves), self._burst) - self._fill(now, speed)
        return short / (self.flow * speed) if short > NEARLY else 0.0

    def room(self, at: float, leaves: float, speed: float) -> float:
        """How much could go at once at that moment, if nobody else goes before."""
        ahead = max(0.0, at - self._at) * self.flow * speed
        return min(self._burst, self._level + ahead) - math.floor(self._burst * leaves)

    def take(self, now: float, weight: float, speed: float) -> None:
        """Count what goes now."""
        self._level = self._fill(now, speed) - weight

    def most(self, leaves: float, speed: float) -> float:
        """How much may go at once, where nothing went before."""
        return self._burst - math.floor(self._burst * leaves)

    def idle(self, now: float) -> bool:
        """Whether nothing is counted any more."""
        return self._fill(now, 1.0) >= self._burst

    def _fill(self, now: float, speed: float) -> float:
        if now > self._at:
            self._level = min(self._burst, self._level + (now - self._at) * self.flow * speed)
            self._at = now
        return self._level


def counted(rate: Rate, share: float) -> Window | Level:
    """The way to count our share of a rate."""
    calls = rate.calls * share
    burst = calls if rate.burst is None else max(1.0, rate.burst * share)
    return Level(calls, rate.seconds, burst) if burst < calls else Window(calls, rate.seconds)

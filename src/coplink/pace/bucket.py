"""One limit under one key: its rates, how many calls are under way, and what the platform said about it."""

from __future__ import annotations

import math
from collections.abc import Callable

from coplink.pace.people import Asks
from coplink.pace.rates import counted
from coplink.ports.pace import Limit

LONGEST = 24 * 3600.0
STEPS = 6  # without a time the wait doubles from a second up to 64 (Google's and Microsoft's advice)
FORGIVEN = 120.0  # seconds after which a refusal is no longer one in a row
SLOWER, RECOVERS = 0.5, 0.1 / 60  # a refusal halves the rate; a tenth of it comes back every minute
SLOWEST = 0.05
NEAR = 0.25  # below this part of the platform's own count calls slow down
TOLD_FOR = 60.0  # seconds for which a platform's own count is believed


class Bucket:
    """What is known about one limit; the gate asks and counts under its lock."""

    def __init__(self, limit: Limit, share: float, jitter: Callable[[], float]) -> None:
        self._rates = [counted(rate, share) for rate in limit.rates]
        self._at_once = None if limit.at_once is None else max(1, int(limit.at_once * share))
        self._jitter = jitter
        self._under_way = 0
        self._closed = self._refused = -math.inf
        self._refusals = 0
        self._speed, self._speed_at = 1.0, 0.0
        self._ease, self._eased = 1.0, -math.inf
        self.passed = 0  # how often people went while the house was waiting here

    def wait(self, now: float, weight: float, leaves: float) -> float:
        """Seconds until so much may go, if nobody else goes before; infinite where another call must end first."""
        if self._at_once is not None and self._under_way >= self._at_once:
            return math.inf
        speed = self._now_at(now)
        waits = [rate.wait(now, weight, leaves, speed) for rate in self._rates]
        return max([self._closed - now, 0.0, *waits])

    def flow(self, now: float) -> float:
        """Calls a second in the long run."""
        return min((rate.flow for rate in self._rates), default=math.inf) * self._now_at(now)

    def room(self, now: float, who: Asks) -> float:
        """How many could go together within what somebody plans ahead."""
        at, speed = now + who.plans, self._now_at(now)
        if self._closed > at:
            return 0.0
        rooms = [rate.room(at, who.leaves, speed) for rate in self._rates]
        if self._at_once is not None:
            rooms.append(self._at_once)
        return min(rooms, default=math.inf)

    def most(self, now: float, who: Asks) -> float:
        """How many can go together when nothing is counted yet."""
        mosts = [rate.most(who.leaves, self._now_at(now)) for rate in self._rates]
        if self._at_once is not None:
            mosts.append(self._at_once)
        return min(mosts, default=math.inf)

    def begin(self, now: float, weight: float) -> None:
        """A call goes."""
        speed = self._now_at(now)
        for rate in self._rates:
            rate.take(now, weight, speed)
        self._under_way += 1

    def end(self) -> None:
        """A call came back, however it ended."""
        self._under_way -= 1

    def refuse(self, now: float, seconds: float | None) -> None:
        """The platform throttled: nobody goes before the moment it named, and more slowly after it.

        Without a time the wait doubles from refusal to refusal. Calls that were under way together and are refused
        together count as one; the longest wait holds.
        """
        again = now >= self._closed
        if again:
            self._speed = max(SLOWEST, self._now_recovered(now) * SLOWER)
            self._speed_at = now
            self._refusals = self._refusals + 1 if now - self._refused < FORGIVEN else 0
        if seconds is None:
            seconds = 2.0 ** min(self._refusals, STEPS) * (1.0 + self._jitter() / 2)
        self._closed = max(self._closed, now + min(max(seconds, 0.0), LONGEST))
        self._refused = max(now, self._closed)

    def left(self, now: float, fraction: float) -> None:
        """The platform told how much of its own count is left."""
        self._ease, self._eased = max(SLOWEST, min(1.0, fraction / NEAR)), now

    def idle(self, now: float) -> bool:
        """Whether a fresh bucket would behave alike, so that this one may be forgotten."""
        busy = self._under_way > 0 or self._refused + FORGIVEN > now or self._now_at(now) < 1.0
        return not busy and all(rate.idle(now) for rate in self._rates)

    def _now_at(self, now: float) -> float:
        ease = self._ease if now - self._eased < TOLD_FOR else 1.0
        return max(SLOWEST, min(self._now_recovered(now), ease))

    def _now_recovered(self, now: float) -> float:
        return min(1.0, self._speed + max(0.0, now - self._speed_at) * RECOVERS)

"""Lets the calls of one institution to one platform go, people first; knows nothing of other institutions.

Who waits stands in a line, by rank and then by arrival. Somebody is held up by those ahead only at a limit where these
wait themselves, so that one full team does not stop the others. What coplink does by itself gets a turn after a few
calls of people, so that it is never put off for ever.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from coplink.core.words import say
from coplink.pace.bucket import Bucket
from coplink.pace.people import Asks, who_asks
from coplink.pace.sure import make_sure
from coplink.ports.errors import OwnPace, Throttled
from coplink.ports.pace import Limit

TURNS = 3  # calls of people that pass before one of the house goes
MOST_BUCKETS = 4_096
MOST_AT_ONCE = 1_000
LOOK = 1.0  # seconds after which somebody who waits looks again, whatever happened
NEARLY = 1e-6

Taken = tuple[Limit, str]
Wait = Callable[[threading.Condition, float], object]


@dataclass(slots=True, eq=False)
class Ticket:
    """One call that wants to go."""

    who: Asks
    number: int
    weight: int
    buckets: tuple[Bucket, ...]
    turn: threading.Condition
    api: str = ""

    @property
    def rank(self) -> tuple[int, int]:
        return self.who, self.number


@dataclass(slots=True)
class Gate:
    """The ``Pace`` of one institution at one platform."""

    share: float
    clock: Callable[[], float]
    wait: Wait
    jitter: Callable[[], float]
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _buckets: OrderedDict[Taken, Bucket] = field(default_factory=OrderedDict)
    _line: list[Ticket] = field(default_factory=list)
    _number: int = 0

    @property
    def background(self) -> bool:
        """Whether the present call is made for nobody who waits."""
        return who_asks() is Asks.HOUSE

    @contextmanager
    def taking(self, *limits: Taken, weight: int = 1) -> Iterator[None]:
        """Around one call: waits for its turn, raises ``Throttled`` when that is further off than patience.

        Raises ``StaleTurn`` where the work that the call is made for is another worker's by now.
        """
        ticket = self._admitted(limits, weight)
        try:
            make_sure()
            yield
        finally:
            with self._lock:
                for bucket in ticket.buckets:
                    bucket.end()
                self._call_next()

    def granted(self, *limits: Taken) -> int:
        """How many calls could go together within what whoever asks may plan ahead, at least one."""
        who = who_asks()
        with self._lock:
            now = self.clock()
            rooms = [self._bucket(one).room(now, who) for one in limits]
            return max(1, int(min([MOST_AT_ONCE, *rooms]) + NEARLY))

    def most(self, *limits: Taken) -> int:
        """How many calls could go together at a gate nobody else uses, at least one."""
        who = who_asks()
        with self._lock:
            now = self.clock()
            return max(
                1, int(min([MOST_AT_ONCE, *(self._bucket(one).most(now, who) for one in limits)]) + NEARLY)
            )

    def told(self, limit: Limit, key: str, retry_after: float | None) -> None:
        """Everybody at this limit waits."""
        with self._lock:
            self._bucket((limit, key)).refuse(self.clock(), retry_after)

    def left(self, limit: Limit, key: str, fraction: float) -> None:
        """Calls slow down near the end of the platform's own count."""
        with self._lock:
            self._bucket((limit, key)).left(self.clock(), fraction)

    # --- the line -------------------------------------------------------------------------------------------------

    def _admitted(self, limits: tuple[Taken, ...], weight: int) -> Ticket:
        with self._lock:
            ticket = self.join(limits, weight)
            ends = self.clock() + ticket.who.patience
            try:
                while True:
                    now = self.clock()
                    delay = self.ready(ticket, now)
                    if delay <= 0:
                        self.go(ticket, now)
                        return ticket
                    if now >= ends or (delay < math.inf and now + delay > ends):
                        raise _later(ticket, delay)
                    self.wait(ticket.turn, min(delay, ends - now, LOOK))
            finally:
                self.leave(ticket)

    def join(self, limits: tuple[Taken, ...], weight: int) -> Ticket:
        """Stand in line."""
        with self._lock:
            self._number += 1
            buckets = tuple(self._bucket(one) for one in dict.fromkeys(limits))
            apis = ", ".join(limit.api for limit, _ in limits)
            ticket = Ticket(who_asks(), self._number, weight, buckets, threading.Condition(self._lock), apis)
            self._line.append(ticket)
            return ticket

    def leave(self, ticket: Ticket) -> None:
        """Step out of the line."""
        with self._lock:
            self._line.remove(ticket)
            self._call_next()

    def ready(self, ticket: Ticket, now: float) -> float:
        """Seconds until a ticket may go; nothing is counted yet."""
        return max((self._at(bucket, ticket, now) for bucket in ticket.buckets), default=0.0)

    def go(self, ticket: Ticket, now: float) -> None:
        """Count a call that goes now; its buckets are told when it came back."""
        for bucket in ticket.buckets:
            if ticket.who is Asks.HOUSE:
                bucket.passed = 0
            elif any(one.who is Asks.HOUSE and bucket in one.buckets for one in self._line):
                bucket.passed += 1
            bucket.begin(now, ticket.weight)

    def _at(self, bucket: Bucket, ticket: Ticket, now: float) -> float:
        turn = self._turn_of_the_house(bucket)
        ahead, waits = 0, dict[tuple[int, float], bool]()
        for one in self._line:
            before = one is turn or (ticket is not turn and one.rank < ticket.rank)
            if not before or one is ticket or bucket not in one.buckets:
                continue
            like = one.weight, 0.0 if one is turn else one.who.leaves
            if like not in waits:
                waits[like] = bucket.wait(now, *like) > NEARLY
            ahead += one.weight if waits[like] else 0
        wait = bucket.wait(now, ticket.weight, 0.0 if ticket is turn else ticket.who.leaves)
        if not ahead:
            return wait if wait > NEARLY else 0.0
        flow = bucket.flow(now)
        return max(wait, NEARLY * 10) + (ahead / flow if flow < math.inf else 0.0)

    def _turn_of_the_house(self, bucket: Bucket) -> Ticket | None:
        if bucket.passed < TURNS:
            return None
        return next((one for one in self._line if one.who is Asks.HOUSE and bucket in one.buckets), None)

    def _call_next(self) -> None:
        """Wake whoever is first at a limit; the others wake by themselves when their time has come."""
        seen = set[int]()
        for one in sorted(self._line, key=lambda ticket: ticket.rank):
            fresh = {id(bucket) for bucket in one.buckets} - seen
            if fresh:
                one.turn.notify()
                seen |= fresh

    def _bucket(self, taken: Taken) -> Bucket:
        if taken not in self._buckets:
            if len(self._buckets) >= MOST_BUCKETS:
                self._make_room()
            self._buckets[taken] = Bucket(taken[0], self.share, self.jitter)
        self._buckets.move_to_end(taken)
        return self._buckets[taken]

    def _make_room(self) -> None:
        """Forget what a fresh bucket would not do otherwise; failing that, what was used longest ago."""
        now = self.clock()
        waiting = {id(bucket) for ticket in self._line for bucket in ticket.buckets}
        for taken, bucket in list(self._buckets.items()):
            if bucket.idle(now) and id(bucket) not in waiting:
                del self._buckets[taken]
        while len(self._buckets) >= MOST_BUCKETS:
            self._buckets.popitem(last=False)


def _later(ticket: Ticket, delay: float) -> Throttled:
    return OwnPace(
        say("coplink keeps to the pace that the platform asks for; it goes on by itself."),
        f"own pace: {ticket.api}",
        1.0 if delay == math.inf else max(delay, 0.1),
    )

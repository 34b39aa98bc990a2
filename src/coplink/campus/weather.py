"""The weather over the campus: at each call to a platform, whether it goes well, and if not, how it fails.

In a world made from a seed the weather is drawn; in a scripted one it is read, call by call, so that every single fault
can be tried at every call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """How a call fails."""

    BUSY = "busy"  # 503: nothing was done
    SLOW_DOWN = "slow down"  # 429 without a time
    WAIT = "wait"  # 429 with Retry-After, up to 300 seconds
    ANSWERED_LATE = "slow down, though done"  # 429 for a write that was done
    LOST_BEFORE = "lost on the way"  # a time-out; the call never arrived
    LOST_AFTER = "answer lost"  # a time-out; the write was done
    REFUSED = "refused"  # one account of a lot
    UNCLEAR = "unclear"  # one account of a lot, done or not: nobody says
    SIGNED_OUT = "signed out"  # 401 until somebody signs in again
    HALF = "half a listing"  # and it says so
    SHORT = "a short listing"  # and it does not
    STALE = "an old listing"  # as of some seconds ago, within the platform's lag
    FORGOTTEN = "cursor forgotten"  # 410
    NOT_YET = "not there yet"  # 404 just after it was made
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    MEANWHILE = "meanwhile"  # somebody acts while the call is under way


READING = (Fault.BUSY, Fault.SLOW_DOWN, Fault.WAIT, Fault.SIGNED_OUT, Fault.CRASH_BEFORE, Fault.MEANWHILE)
CATALOGUE = (*READING, *(Fault.FORGOTTEN,) * 3)
LISTING = (*READING, Fault.HALF, Fault.SHORT, Fault.STALE, Fault.STALE, Fault.CRASH_AFTER)
WRITING = (
    Fault.BUSY,
    Fault.SLOW_DOWN,
    Fault.WAIT,
    Fault.LOST_BEFORE,
    Fault.LOST_AFTER,
    Fault.SIGNED_OUT,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
    Fault.MEANWHILE,
)
SEATING = (
    *WRITING,
    *(Fault.CRASH_AFTER,) * 3,
    *(Fault.REFUSED, Fault.UNCLEAR) * 2,
    *(Fault.ANSWERED_LATE,) * 4,
)  # what leaves a seat in doubt is what the engine has to get right: it comes more often than its share


LASTS = 0.6
"""How often a listing that came short is short of the same people at the next call."""


class Crash(BaseException):
    """The process dies here. No handler may swallow it, hence no ``Exception``."""


@dataclass
class Weather:
    """Draws or reads the fault of each call; ``calls`` are the calls so far, ``reached`` how often each fault was."""

    draw: Random
    rates: Mapping[Fault, float] = field(default_factory=dict)
    script: Mapping[int, Fault] | None = None
    fair: bool = False
    meanwhile: Callable[[], None] = lambda: None
    told: Callable[[str], None] = lambda _: None
    calls: list[tuple[str, tuple[Fault, ...]]] = field(default_factory=list)
    reached: Counter[Fault] = field(default_factory=Counter)

    def at(self, call: str, kinds: tuple[Fault, ...]) -> Fault | None:
        """The fault of this call, of the ``kinds`` it can have; a crash and what happens meanwhile come at once."""
        number = len(self.calls)
        self.calls.append((call, kinds))
        fault = self._pick(number, kinds)
        if fault is None:
            return None
        self.reached[fault] += 1
        self.told(f"    {call}: {fault}")
        if fault is Fault.CRASH_BEFORE:
            raise Crash(call)
        if fault is Fault.MEANWHILE:
            self.meanwhile()
            return None
        return fault

    def lasts(self, fault: Fault, call: str) -> bool:
        """Whether what was wrong at the call before is wrong still; in a script each call says so for itself."""
        if self.fair or self.script is not None or self.draw.random() >= LASTS:
            return False
        self.reached[fault] += 1
        self.told(f"    {call}: {fault}, still")
        return True

    def after(self, fault: Fault | None, call: str) -> None:
        """The process dies when the call is over, where that was drawn."""
        if fault is Fault.CRASH_AFTER:
            raise Crash(call)

    def _pick(self, number: int, kinds: tuple[Fault, ...]) -> Fault | None:
        if self.fair:
            return None
        if self.script is not None:
            fault = self.script.get(number)
            return fault if fault in kinds else None
        fault = self.draw.choice(kinds)
        return fault if self.draw.random() < self.rates.get(fault, 0.0) else None

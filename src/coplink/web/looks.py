"""One question to the database for all who ask at the same time: so that many calls about nothing cost a few questions.

Whoever comes while a question is being asked waits for the next one, since the one under way may have been asked before
what they ask about was written. Questions begin ten milliseconds apart at least, whoever asks and about how much: a
hundred a second at most, one at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

APART = 0.01


@dataclass(eq=False)
class _Round:
    """Those who are asked about together, and the answer."""

    keys: set[str] = field(default_factory=set)
    done: threading.Event = field(default_factory=threading.Event)
    found: Collection[str] = ()
    error: BaseException | None = None


class SharedLook:
    """Asks which of some keys are there. Safe to use from several threads."""

    def __init__(
        self,
        ask: Callable[[Collection[str]], Collection[str]],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ask, self._clock, self._sleep = ask, clock, sleep
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._coming: _Round | None = None
        self._asked = float("-inf")

    def shows(self, key: str) -> bool:
        """Whether it is there, by a question that began after this call."""
        with self._lock:
            leads = self._coming is None
            mine = self._coming = self._coming or _Round()
            mine.keys.add(key)
        if leads:
            self._look(mine)
        else:
            mine.done.wait()
        if mine.error is not None:
            raise mine.error
        return key in mine.found

    def _look(self, mine: _Round) -> None:
        """Ask for everybody of this round, once the one before is answered."""
        try:
            with self._turn:
                self._sleep(max(0.0, self._asked + APART - self._clock()))
                self._asked = self._clock()
                with self._lock:
                    self._coming = None  # whoever comes from here on is of the next round
                mine.found = self._ask(mine.keys)
        except BaseException as error:
            mine.error = error
        finally:
            mine.done.set()

"""For whom a call is made: it decides who goes first, how long one may wait, and how much is left for the others.

Work that nobody looks at waits for longer than the longest window of a published limit (a minute, at Google). A refusal
would begin its run anew, and reading everybody who sits in a place once more costs more calls than the wait saves. A
worker keeps its place and its heartbeat meanwhile; what a platform closes for longer is refused at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Asks(IntEnum):
    """Who wants a call to go; the lower goes first.

    ``PERSON`` looks at a page or a terminal and waits; ``DEED`` is work that follows from what a person did a moment
    ago; ``HOUSE`` is what coplink does by itself.
    """

    PERSON = 0
    DEED = 1
    HOUSE = 2

    @property
    def patience(self) -> float:
        """The longest wait in seconds: a page must answer; a worker sits out one window of a limit."""
        return 2.0 if self is Asks.PERSON else 70.0

    @property
    def plans(self) -> float:
        """How many seconds ahead a batch may count on: one that fills less of a window lets others in between."""
        return 1.0 if self is Asks.PERSON else 15.0

    @property
    def leaves(self) -> float:
        """The part of a limit that is left untouched for those who go first."""
        return (0.0, 1 / 8, 1 / 4)[self]


# Where nobody says otherwise somebody waits: a page, a terminal. Only the worker knows of work that can wait.
_asks: ContextVar[Asks] = ContextVar("coplink_asks", default=Asks.PERSON)


def who_asks() -> Asks:
    """For whom the present thread works."""
    return _asks.get()


@contextmanager
def asking(who: Asks) -> Iterator[None]:
    """Make calls for ``who`` within this block."""
    before = _asks.set(who)
    try:
        yield
    finally:
        _asks.reset(before)

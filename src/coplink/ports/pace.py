"""The pace of calls: every HTTP call passes here first, so that coplink never runs into a platform's limit by itself.

One pace serves one institution's use of one platform in this process. What a platform publishes is data of its
integration (``Limit``); who waits, for how long, and who goes first is the house's matter.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``calls`` in any window of ``seconds``, of which ``burst`` at once (None: all of them)."""

    calls: float
    seconds: float
    burst: float | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit a platform publishes, by a name of ours (``graph.teams``, ``drive``), and how many calls at once.

    Several rates hold together. Where a limit counts per team, mailbox or account, the caller names which with a key.
    """

    api: str
    rates: tuple[Rate, ...]
    at_once: int | None = None


class Pace(Protocol):
    """Lets calls go when they may."""

    @property
    def background(self) -> bool:
        """Whether the present call is made for nobody who waits, so that a platform may be told so."""
        ...

    def taking(self, *limits: tuple[Limit, str], weight: int = 1) -> AbstractContextManager[None]:
        """Around one call (or a batch that counts as ``weight`` calls): waits until each limit has room for it.

        Each limit comes with its key, empty where it counts for the whole institution. Raises ``Throttled`` with the
        seconds until it may go, when that is longer than whoever asks can wait: two seconds for a person, more for
        background work, which leaves room for people.
        """
        ...

    def granted(self, *limits: tuple[Limit, str]) -> int:
        """How many calls could go together without using up one's patience, at least one: how large a batch may be."""
        ...

    def most(self, *limits: tuple[Limit, str]) -> int:
        """How many calls may go together at the best of times, at least one: no batch may ever be larger.

        This process may have a part only of what the platform grants.
        """
        ...

    def told(self, limit: Limit, key: str, retry_after: float | None) -> None:
        """The platform throttled a call, and said for how many seconds, if it did: everybody at this limit waits."""
        ...

    def left(self, limit: Limit, key: str, fraction: float) -> None:
        """The platform told how much of its own count is left (0 to 1): near its end calls slow down by themselves."""
        ...


class Unpaced:
    """Nobody waits: for tests of what lies behind."""

    @property
    def background(self) -> bool:
        """Nobody says so here."""
        return False

    def taking(self, *limits: tuple[Limit, str], weight: int = 1) -> AbstractContextManager[None]:
        """Go at once."""
        return nullcontext()

    def granted(self, *limits: tuple[Limit, str]) -> int:
        """As many as anybody wants."""
        return 1_000

    def most(self, *limits: tuple[Limit, str]) -> int:
        """As many as anybody wants."""
        return 1_000

    def told(self, limit: Limit, key: str, retry_after: float | None) -> None:
        """Nothing follows from it."""

    def left(self, limit: Limit, key: str, fraction: float) -> None:
        """Nothing follows from it."""


UNPACED = Unpaced()

"""Jobs: a name, a target and a go at it; only ever a hint that work may be due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """One go at a piece of work. ``id`` names it: enqueueing it twice is one job. One partition runs one at a time.

    In its partition an ``urgent`` one goes before those that are not.
    """

    id: str
    name: str
    target: str
    partition: str
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class JobStats:
    """How the queue stands: waiting, running, ended in error."""

    waiting: int
    running: int
    failed: int


class Perform(Protocol):
    """The worker's side: does a job's go number ``attempt``; None when ended, else seconds (at most 60) to the next."""

    def __call__(self, name: str, target: str, attempt: int) -> float | None: ...


class Tick(Protocol):
    """What a timer calls."""

    def __call__(self) -> None: ...


class Jobs(Protocol):
    """The queue as web, engine and command line see it; a failure to enqueue is logged, never raised."""

    def enqueue(self, job: Job) -> None: ...

    def hint(self, job: Job) -> None:
        """Enqueue after a quiet time (the debounce setting), once for many hints with the same name and target.

        A hint is a platform's, so what it enqueues is not urgent.
        """
        ...

    def live(self, ids: Iterable[str]) -> frozenset[str]:
        """Which of these are waiting or running."""
        ...

    def cancel(self, job_id: str) -> None: ...

    def stats(self) -> JobStats: ...

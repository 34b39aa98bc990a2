"""Jobs in the caller: the same port without threads, store or waiting, for tests of what jobs do.

Time is a clock passed in. ``run_due`` does what is due on it; ``run_until_idle`` also moves it on, when it is told
how, until nothing waits any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coplink.jobs.limits import LONGEST_WAIT_SECONDS, MOST_QUIET_TIMES
from coplink.ports.clock import Clock
from coplink.ports.jobs import Job, JobStats, Perform

MOST_GOES = 10_000


@dataclass(slots=True)
class _Waiting:
    job: Job
    due: datetime
    attempt: int = 0


@dataclass(slots=True)
class _Hint:
    job: Job
    due: datetime
    latest: datetime


class InlineJobs:
    """``ports.Jobs`` that runs due jobs when told to, in order, one per partition."""

    def __init__(
        self,
        perform: Perform,
        clock: Clock,
        *,
        debounce_seconds: float = 20.0,
        advance: Callable[[datetime], object] | None = None,
    ) -> None:
        self._perform = perform
        self._clock = clock
        self._quiet = timedelta(seconds=debounce_seconds)
        self._advance = advance
        self._lock = threading.RLock()
        self._waiting: dict[str, _Waiting] = {}  # in the order of enqueueing
        self._hints: dict[tuple[str, str], _Hint] = {}
        self._known: set[str] = set()
        self._running: str | None = None
        self._failed = 0

    def enqueue(self, job: Job) -> None:
        with self._lock:
            if job.id not in self._known:
                self._known.add(job.id)
                self._waiting[job.id] = _Waiting(job, self._clock.now())

    def hint(self, job: Job) -> None:
        with self._lock:
            now = self._clock.now()
            key = (job.name, job.target)
            before = self._hints.get(key)
            latest = before.latest if before else now + MOST_QUIET_TIMES * self._quiet
            self._hints[key] = _Hint(replace(job, urgent=False), min(now + self._quiet, latest), latest)

    def live(self, ids: Iterable[str]) -> frozenset[str]:
        with self._lock:
            return frozenset(ids) & (self._waiting.keys() | {hint.job.id for hint in self._hints.values()})

    def cancel(self, job_id: str) -> None:
        with self._lock:
            self._waiting.pop(job_id, None)
            self._hints = {key: hint for key, hint in self._hints.items() if hint.job.id != job_id}

    def stats(self) -> JobStats:
        with self._lock:
            running = [
                each for each in self._waiting.values() if each.attempt or each.job.id == self._running
            ]
            waiting = len(self._waiting) - len(running) + len(self._hints)
            return JobStats(waiting=waiting, running=len(running), failed=self._failed)

    def run_due(self) -> int:
        """Run what is due now and what comes of it, count the goes; raises what a failing job raised."""
        goes = 0
        while (found := self._next_due()) is not None:
            goes += 1
            if goes > MOST_GOES:
                raise RuntimeError("jobs go on making each other without time passing")
            self._go(found)
        return goes

    def run_until_idle(self) -> int:
        """``run_due``, moving the clock to the next due moment again and again until nothing waits."""
        goes = self.run_due()
        while self._advance is not None and (moment := self._next_moment()) is not None:
            if goes > MOST_GOES:
                raise RuntimeError("jobs do not come to an end")
            self._advance(moment)
            goes += self.run_due()
        return goes

    def _go(self, found: _Waiting) -> None:
        job = found.job
        self._running = job.id
        try:
            seconds = self._perform(job.name, job.target, found.attempt)
        except Exception:
            with self._lock:
                self._waiting.pop(job.id, None)
                self._failed += 1
            raise
        finally:
            self._running = None
        with self._lock:
            if seconds is None:
                self._waiting.pop(job.id, None)
            else:
                found.attempt += 1
                found.due = self._clock.now() + timedelta(seconds=min(seconds, LONGEST_WAIT_SECONDS))

    def _next_due(self) -> _Waiting | None:
        with self._lock:
            now = self._clock.now()
            for key in [key for key, hint in self._hints.items() if hint.due <= now]:
                self.enqueue(self._hints.pop(key).job)
            return next((each for each in self._heads() if each.due <= now), None)

    def _next_moment(self) -> datetime | None:
        with self._lock:
            moments = [each.due for each in self._heads()] + [hint.due for hint in self._hints.values()]
            return min(moments, default=None)

    def _heads(self) -> list[_Waiting]:
        """The first of each partition, urgent ones before; the others wait for it, even while it rests between goes."""
        heads: dict[str, _Waiting] = {}
        for each in self._waiting.values():
            head = heads.setdefault(each.job.partition, each)
            if each.attempt or (each.job.urgent and not head.attempt and not head.job.urgent):
                heads[each.job.partition] = each
        return list(heads.values())

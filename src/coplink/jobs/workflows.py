"""The three workflows dbos knows: perform a job, let a debounced trigger fire, call a timer.

All work runs in ``perform``, a loop around one step. The rule that a replay must make the same steps in the same order
therefore concerns few lines; who changes them raises ``store.VERSION``. A step that was under way at a crash runs
again: what a job does must bear that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from dbos import DBOS

from coplink.jobs.limits import LONGEST_WAIT_SECONDS
from coplink.jobs.serializer import JobFailed
from coplink.jobs.store import PERFORM, TICK, TRIGGER
from coplink.ports.jobs import Job, Perform, Tick

log = logging.getLogger("coplink.jobs")

MOST_RECOVERIES = 20  # a job that takes its process down each time must end one day


class _Interrupted(BaseException):
    """This process stops; the job goes on elsewhere or after the restart. Passes dbos by without an outcome."""


class Doing:
    """What the workflows of this process do, and how many of them are at it.

    ``places`` is how many jobs are performed at a time. A job that rests between two goes gives its place away, else
    a few slow platforms would hold up everybody.
    """

    def __init__(
        self,
        perform: Perform,
        ticks: Mapping[str, tuple[str, Tick]],
        put: Callable[[Job], None],
        places: int,
    ) -> None:
        self.put = put
        self._stopping = threading.Event()
        self._places = threading.Condition()
        self._free = places
        self._perform = perform
        self._ticks = {timer: (threading.Lock(), tick) for timer, (_, tick) in ticks.items()}
        self._counting = threading.Lock()
        self._busy = 0

    @property
    def idle(self) -> bool:
        """Whether none of our code is running for dbos."""
        return self._busy == 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count a workflow as running; none may begin any more when the process stops."""
        if self._stopping.is_set():
            raise _Interrupted
        with self._counting:
            self._busy += 1
        try:
            yield
        finally:
            with self._counting:
                self._busy -= 1

    def stop(self) -> None:
        """Let no workflow begin or go on; those that rest or wait for a place end at once."""
        self._stopping.set()
        with self._places:
            self._places.notify_all()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait for one of the places at which jobs are performed."""
        with self._places:
            self._places.wait_for(lambda: self._free > 0 or self._stopping.is_set())
            if self._stopping.is_set():
                raise _Interrupted
            self._free -= 1
        try:
            yield
        finally:
            with self._places:
                self._free += 1
                self._places.notify()

    def attempt(self, name: str, target: str, attempt: int) -> float | None:
        """One go at a job; what it raises ends the job as failed."""
        try:
            return self._perform(name, target, attempt)
        except Exception as error:
            log.exception("a job failed: %s", DBOS.workflow_id)
            raise JobFailed(type(error).__name__) from None  # dbos would write the text down once more

    def rest(self, until: float) -> None:
        """Wait as ``DBOS.sleep`` does, but give way when the process stops: the moment to go on at is stored."""
        if self._stopping.wait(max(0.0, until - time.time())):
            raise _Interrupted

    def tick(self, timer: str) -> None:
        """Call a timer; one that is still at its last tick is left alone, and so is one of an older release."""
        if timer not in self._ticks:
            return
        at_it, tick = self._ticks[timer]
        if not at_it.acquire(blocking=False):
            return
        try:
            tick()
        except Exception:
            log.exception("a timer failed: %s", timer)
        finally:
            at_it.release()


# dbos is one in a process, and knows functions; so what they do is found here.
_current: Doing | None = None


def attach(doing: Doing | None) -> None:
    """Say what the workflows of this process do; None when it works no more."""
    global _current
    _current = doing


def _doing() -> Doing:
    if _current is None:
        raise _Interrupted
    return _current


@DBOS.step(name="attempt")
def _attempt(name: str, target: str, attempt: int) -> float | None:
    return _doing().attempt(name, target, attempt)


@DBOS.step(name="wait")
def _wait(seconds: float) -> float:
    return time.time() + min(seconds, LONGEST_WAIT_SECONDS)


@DBOS.workflow(name=PERFORM, max_recovery_attempts=MOST_RECOVERIES)
def _perform(name: str, target: str) -> int:
    doing = _doing()
    with doing.one_more():
        attempt = 0
        while True:
            with doing.place():
                seconds = _attempt(name, target, attempt)
            attempt += 1
            if seconds is None:
                return attempt
            doing.rest(_wait(seconds))


@DBOS.workflow(name=TRIGGER, max_recovery_attempts=MOST_RECOVERIES)
def _trigger(job_id: str, name: str, target: str, partition: str) -> None:
    doing = _doing()
    with doing.one_more():
        doing.put(Job(job_id, name, target, partition, urgent=False))  # a platform's hint, not a person


@DBOS.workflow(name=TICK, max_recovery_attempts=MOST_RECOVERIES)
def _tick(_at: datetime, timer: str) -> None:
    doing = _doing()
    with doing.one_more():
        doing.tick(timer)

"""Runs jobs so that a crash loses none: the one workflow, its queues, the debounced trigger and the timers, on dbos.

All work runs in one workflow, a loop around one step; the rule that a replay must make the same steps in the same
order therefore concerns five lines. A step that was under way at a crash runs again: what a job does must bear that.

There is one worker in a process, because dbos is one. It is started after the web server's fork.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from dbos import DBOS, DBOSClient, DBOSConfig

from coplink.jobs.client import DurableClient
from coplink.jobs.limits import LONGEST_WAIT_SECONDS
from coplink.jobs.reaper import Heartbeats, Reaper, hand_back, holders
from coplink.jobs.retention import forget_ended
from coplink.jobs.serializer import JobFailed, SealedJson
from coplink.jobs.store import (
    APPLICATION,
    HINTS,
    JOBS,
    PERFORM,
    SCHEMA,
    TICK,
    TICKS,
    TRIGGER,
    VERSION,
    JobStore,
    SoleWorker,
    is_file,
)
from coplink.ports.jobs import Job, JobStats, Perform, Tick
from coplink.ports.sealing import Sealer

log = logging.getLogger("coplink.jobs")

MOST_RECOVERIES = 20  # a job that takes its process down each time must end one day
SOLE_EXECUTOR = "coplink"
RETENTION = "coplink-retention"

_current: DurableWorker | None = None


class _Interrupted(BaseException):
    """This process stops; the job goes on elsewhere or after the restart. Passes dbos by without an outcome."""


def _worker() -> DurableWorker:
    if _current is None:
        raise _Interrupted
    return _current


@DBOS.step(name="attempt")
def _attempt(name: str, target: str, attempt: int) -> float | None:
    return _worker().attempt(name, target, attempt)


@DBOS.step(name="wait")
def _wait(seconds: float) -> float:
    return time.time() + min(seconds, LONGEST_WAIT_SECONDS)


@DBOS.workflow(name=PERFORM, max_recovery_attempts=MOST_RECOVERIES)
def _perform(name: str, target: str) -> int:
    with _worker().busy() as worker:
        attempt = 0
        while (seconds := _attempt(name, target, attempt)) is not None:
            worker.rest(_wait(seconds))
            attempt += 1
        return attempt


@DBOS.workflow(name=TRIGGER, max_recovery_attempts=MOST_RECOVERIES)
def _trigger(job_id: str, name: str, target: str, partition: str) -> None:
    with _worker().busy() as worker:
        worker.put(Job(job_id, name, target, partition))


@DBOS.workflow(name=TICK, max_recovery_attempts=MOST_RECOVERIES)
def _tick(_at: datetime, timer: str) -> None:
    with _worker().busy() as worker:
        worker.tick(timer)


class DurableWorker:
    """``ports.Jobs``, and the process that runs them: ``perform`` for jobs, ``ticks`` by cron (seconds first, UTC).

    A SQLite store is worked on by one process, which a lock file sees to; with ``several`` many may do it, as they
    always may on PostgreSQL, each with an id of its own and a heartbeat.
    """

    def __init__(
        self,
        url: str,
        sealer: Sealer,
        perform: Perform,
        ticks: Mapping[str, tuple[str, Tick]] | None = None,
        *,
        worker_concurrency: int = 4,
        polling_seconds: float = 0.1,
        debounce_seconds: float = 20.0,
        heartbeat_seconds: float = 5.0,
        silent_seconds: float = 30.0,
        keep: timedelta = timedelta(days=1),
        several: bool = False,
    ) -> None:
        self._serializer = SealedJson(sealer)
        self._perform = perform
        self._ticks = dict(ticks or {})
        self._ticks[RETENTION] = ("17 23 * * * *", self._forget)
        self._ticking = {timer: threading.Lock() for timer in self._ticks}
        self._concurrency = worker_concurrency
        self._polling_seconds = polling_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._silent_seconds = silent_seconds
        self._keep = keep
        self._alone = is_file(url) and not several
        self._jobs = DurableClient(url, sealer, debounce_seconds=debounce_seconds)
        self._stopping = threading.Event()
        self._busy = 0
        self._counting = threading.Lock()
        self._lock: SoleWorker | None = None
        self._beats: Heartbeats | None = None
        self._reaper: Reaper | None = None
        self._dbos: DBOS | None = None
        self._executor = ""

    # ports.Jobs

    def enqueue(self, job: Job) -> None:
        self._jobs.enqueue(job)

    def hint(self, job: Job) -> None:
        self._jobs.hint(job)

    def live(self, ids: Iterable[str]) -> frozenset[str]:
        return self._jobs.live(ids)

    def cancel(self, job_id: str) -> None:
        self._jobs.cancel(job_id)

    def stats(self) -> JobStats:
        return self._jobs.stats()

    # the process that runs them

    def start(self) -> None:
        """Begin to work; raises ``ConfigurationError`` when another process works on this SQLite store."""
        global _current
        if _current is not None:
            raise RuntimeError("this process has a worker already")
        store, client = self._jobs.opened()
        self._stopping.clear()
        if self._alone:
            self._lock = SoleWorker(store)
        self._executor = (
            SOLE_EXECUTOR if self._alone else f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex}"
        )
        _current = self
        try:
            self._beats = Heartbeats(store, self._executor, self._silent_seconds)
            self._beats.prepare()
            self._beats.beat()
            self._declare(client)
            self._launch(store)
            client.set_latest_application_version(VERSION)
            if self._alone:
                # Whoever else holds something held it before this process had the lock.
                hand_back(client, holders(client) - {self._executor}, JOBS)
            else:
                self._reaper = Reaper(client, self._beats, JOBS, self._heartbeat_seconds)
                self._reaper.start()
        except BaseException:
            self.stop(grace_seconds=0)
            raise

    def stop(self, grace_seconds: float = 10) -> None:
        """Take no more jobs, let running ones end within the grace, and hand back what only waited."""
        global _current
        self._stopping.set()
        self._drain(grace_seconds)
        DBOS.destroy()
        if self._reaper is not None:
            self._reaper.stop()
        try:
            if self._beats is not None and not self._busy:
                hand_back(self._jobs.opened()[1], [self._executor], JOBS)
                self._beats.leave()
        except Exception as error:
            log.warning("could not hand back jobs: %s", type(error).__name__)
        self._jobs.close()
        if self._lock is not None:
            self._lock.release()
        self._lock, self._beats, self._reaper, self._dbos = None, None, None, None
        _current = None

    def _drain(self, seconds: float) -> None:
        """Claim no more, and wait until what runs has ended and its end is written down."""
        if self._dbos is None:
            return
        for event in self._dbos.background_thread_stop_events:
            event.set()
        until = time.monotonic() + seconds
        # dbos's own wait looks once a second, and so makes every stop last one.
        while self._dbos._active_workflows_set.activeList() and time.monotonic() < until:
            time.sleep(0.02)

    # what the workflows call

    @contextmanager
    def busy(self) -> Iterator[DurableWorker]:
        """Count a workflow as running; raises ``_Interrupted`` where none may begin any more."""
        if self._stopping.is_set():
            raise _Interrupted
        with self._counting:
            self._busy += 1
        try:
            yield self
        finally:
            with self._counting:
                self._busy -= 1

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

    def put(self, job: Job) -> None:
        """What a trigger does when it fires."""
        self._jobs.put(job)

    def tick(self, timer: str) -> None:
        """Call a timer; one that is still at its last tick is left alone."""
        if timer not in self._ticks:
            return  # of an older release, removed meanwhile
        lock = self._ticking[timer]
        if not lock.acquire(blocking=False):
            return
        try:
            self._ticks[timer][1]()
        except Exception:
            log.exception("a timer failed: %s", timer)
        finally:
            lock.release()

    def _forget(self) -> None:
        _, client = self._jobs.opened()
        forget_ended(client, datetime.now(UTC), self._keep)
        if self._beats is not None:
            self._beats.forget(self._keep.total_seconds())

    def _declare(self, client: DBOSClient) -> None:
        """Tell the store which queues and timers there are; what an older release left is removed."""
        client.register_queue(
            JOBS,
            worker_concurrency=self._concurrency,
            partition_concurrency=1,
            polling_interval_sec=self._polling_seconds,
        )
        # Triggers and ticks only mark and enqueue. They are not in a hurry, and must not wait behind jobs.
        for queue in (HINTS, TICKS):
            client.register_queue(
                queue, worker_concurrency=4, polling_interval_sec=max(self._polling_seconds, 0.5)
            )
        for schedule in client.list_schedules():
            if schedule["schedule_name"] not in self._ticks:
                client.delete_schedule(schedule["schedule_name"])
        client.apply_schedules(
            [
                {
                    "schedule_name": timer,
                    "workflow_name": TICK,
                    "schedule": cron,
                    "context": timer,
                    "queue_name": TICKS,
                }
                for timer, (cron, _) in self._ticks.items()
            ]
        )

    def _launch(self, store: JobStore) -> None:
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": store.engine,
            "dbos_system_schema": SCHEMA,
            "run_migrations": False,
            "application_version": VERSION,
            "executor_id": self._executor,
            "serializer": self._serializer,
            "log_level": "WARNING",
        }
        self._dbos = DBOS(config=config)
        DBOS.launch()

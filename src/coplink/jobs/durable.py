"""The process that runs jobs so that a crash loses none: queues, timers, starting and stopping, on dbos.

There is one worker in a process, because dbos is one. It is started after the web server's fork.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from dbos import DBOS, DBOSClient, DBOSConfig

from coplink.jobs import workflows
from coplink.jobs.client import DurableClient
from coplink.jobs.reaper import Heartbeats, Reaper, hand_back, holders
from coplink.jobs.retention import forget_ended
from coplink.jobs.serializer import SealedJson
from coplink.jobs.store import (
    APPLICATION,
    HINTS,
    JOBS,
    SCHEMA,
    TICK,
    TICKS,
    VERSION,
    JobStore,
    SoleWorker,
    is_file,
)
from coplink.ports.jobs import Job, JobStats, Perform, Tick
from coplink.ports.sealing import Sealer

log = logging.getLogger("coplink.jobs")

SOLE_EXECUTOR = "coplink"
RETENTION = "coplink-retention"

# How many jobs a process holds for each that it can perform at a time: the others rest between two goes. Not more,
# because what one process holds another cannot take.
CLAIMS_PER_PLACE = 4

_started: DurableWorker | None = None


class DurableWorker:
    """``ports.Jobs``, and the process that runs them: ``perform`` for jobs, ``ticks`` by cron (seconds first, UTC).

    A SQLite store is worked on by one process, which a lock file sees to; with ``several`` many may do it, as they
    always may on PostgreSQL, each with an id of its own and a heartbeat. ``look`` finds work that has no job: it is
    asked when this process begins and when it has handed on what a dead one held, since that one's last hints are lost.
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
        lock_seconds: float = 5.0,
        keep: timedelta = timedelta(days=1),
        several: bool = False,
        look: Callable[[], object] = lambda: None,
    ) -> None:
        self._serializer = SealedJson(sealer)
        self._perform = perform
        self._ticks = {**(ticks or {}), RETENTION: ("17 23 * * * *", self._forget)}
        self._concurrency = worker_concurrency
        self._polling_seconds = polling_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._silent_seconds = silent_seconds
        self._lock_seconds = lock_seconds
        self._keep = keep
        self._look = look
        self._alone = is_file(url) and not several
        self._jobs = DurableClient(url, sealer, debounce_seconds=debounce_seconds)
        self._doing: workflows.Doing | None = None
        self._dbos: DBOS | None = None
        self._lock: SoleWorker | None = None
        self._beats: Heartbeats | None = None
        self._reaper: Reaper | None = None
        self._executor = ""

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

    def start(self) -> None:
        """Begin to work; raises ``ConfigurationError`` when another process works on this SQLite store."""
        global _started
        if _started is not None:
            raise RuntimeError("this process has a worker already")
        _started = self
        try:
            self._start()
        except BaseException:
            self.stop(grace_seconds=0)
            raise

    def stop(self, grace_seconds: float = 10) -> None:
        """Take no more jobs, let running ones end within the grace, and hand back what only waited."""
        global _started
        if _started is not self:
            return
        self._drain(grace_seconds)
        DBOS.destroy()
        if self._reaper is not None:
            self._reaper.stop()
        try:
            if self._beats is not None and (self._doing is None or self._doing.idle):
                hand_back(self._jobs.opened()[1], [self._executor], JOBS)
                self._beats.leave()
        except Exception as error:
            log.warning("could not hand back jobs: %s", type(error).__name__)
        self._jobs.close()
        if self._lock is not None:
            self._lock.release()
        workflows.attach(None)
        self._lock, self._beats, self._reaper, self._doing, self._dbos = None, None, None, None, None
        _started = None

    def _start(self) -> None:
        store, client = self._jobs.opened()
        if self._alone:
            self._lock = SoleWorker(store, self._lock_seconds)
            self._executor = SOLE_EXECUTOR
        else:
            self._executor = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex}"
        self._doing = workflows.Doing(self._perform, self._ticks, self._jobs.put, self._concurrency)
        workflows.attach(self._doing)
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
            self._reaper = Reaper(client, self._beats, JOBS, self._heartbeat_seconds, self._find)
            self._reaper.start()
        self._find()

    def _find(self) -> None:
        try:
            self._look()
        except Exception as error:
            log.warning("could not look for work that has no job: %s", type(error).__name__)

    def _declare(self, client: DBOSClient) -> None:
        """Tell the store which queues and timers there are; what an older release left is removed."""
        client.register_queue(
            JOBS,
            worker_concurrency=CLAIMS_PER_PLACE * self._concurrency,
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

    def _drain(self, seconds: float) -> None:
        """Claim no more, and wait until what runs has ended and its end is written down."""
        if self._doing is not None:
            self._doing.stop()
        if self._dbos is None:
            return
        for stop in self._dbos.background_thread_stop_events:
            stop.set()
        until = time.monotonic() + seconds
        # dbos's own wait looks once a second, and so makes every stop last one.
        while self._dbos._active_workflows_set.activeList() and time.monotonic() < until:
            time.sleep(0.02)

    def _forget(self) -> None:
        _, client = self._jobs.opened()
        forget_ended(client, datetime.now(UTC), self._keep)
        if self._beats is not None:
            self._beats.forget(self._keep.total_seconds())

"""The queue as a process sees it that only enqueues: pages, hooks, the command line.

What a job is about (its name and target) lies sealed in the store. Its id and its partition do not: they are what the
queue works with, so they must be ids and nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import sqlalchemy as sa
from dbos import DBOSClient, DebouncerClient, EnqueueOptions

from coplink.jobs.limits import MOST_QUIET_TIMES
from coplink.jobs.serializer import PURPOSE, SealedJson
from coplink.jobs.store import APPLICATION, HINTS, JOBS, PERFORM, TRIGGER, VERSION, JobStore, open_store
from coplink.ports.jobs import Job, JobStats
from coplink.ports.sealing import Sealer

log = logging.getLogger("coplink.jobs")

WAITING = ["ENQUEUED", "DELAYED"]
RUNNING = ["PENDING"]
URGENT, LATER = 1, 2  # within a partition; the store goes through partitions in any order
FAILED = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class DurableClient:
    """``ports.Jobs`` over the durable store, without running any job. The store is opened at the first use."""

    def __init__(self, url: str, sealer: Sealer, *, debounce_seconds: float = 20.0) -> None:
        self._url = url
        self._sealer = sealer
        self._debounce_seconds = debounce_seconds
        self._lock = threading.Lock()
        self._open: tuple[JobStore, DBOSClient] | None = None

    def enqueue(self, job: Job) -> None:
        try:
            self.put(job)
        except Exception as error:
            # The work itself stands in the application's database; the sweep finds it again.
            log.warning("could not enqueue %s: %s", job.id, type(error).__name__)

    def hint(self, job: Job) -> None:
        try:
            # A queue with partitions cannot debounce, and debounced work would overlap itself: so a tiny trigger is
            # debounced, and it enqueues (G5). The key lies in the store in clear, hence the hash.
            key = self._sealer.keyed_hash(PURPOSE, job.name, job.target)
            self._debouncer().debounce(
                key, self._debounce_seconds, job.id, job.name, job.target, job.partition
            )
        except Exception as error:
            log.warning("could not note a hint for %s: %s", job.id, type(error).__name__)

    def live(self, ids: Iterable[str]) -> frozenset[str]:
        wanted = frozenset(ids)
        if not wanted:
            return frozenset()
        _, client = self.opened()
        found: set[str] = set()
        for some in _chunks(sorted(wanted)):
            active = client.list_workflows(
                workflow_ids=some, status=WAITING + RUNNING, load_input=False, load_output=False
            )
            found.update(each.workflow_id for each in active)
        found.update(job_id for _, job_id in self._hinted(client))
        return wanted & found

    def cancel(self, job_id: str) -> None:
        # A go under way is not broken off: the job ends after it, and meanwhile its partition already counts as free.
        _, client = self.opened()
        client.cancel_workflows(
            [job_id, *(trigger for trigger, hinted in self._hinted(client) if hinted == job_id)]
        )

    def stats(self) -> JobStats:
        store, _ = self.opened()
        table = sa.table("workflow_status", sa.column("status"), sa.column("queue_name"), schema=store.schema)
        count = (
            sa.select(table.c.queue_name, table.c.status, sa.func.count())
            .where(table.c.queue_name.in_([JOBS, HINTS]))
            .group_by(table.c.queue_name, table.c.status)
        )
        with store.engine.begin() as connection:
            rows = [(queue, status, int(number)) for queue, status, number in connection.execute(count)]
        return JobStats(
            waiting=sum(
                n for queue, status, n in rows if status in WAITING or (queue, status) == (HINTS, "PENDING")
            ),
            running=sum(n for queue, status, n in rows if queue == JOBS and status in RUNNING),
            failed=sum(n for queue, status, n in rows if queue == JOBS and status in FAILED),
        )

    def put(self, job: Job) -> None:
        """Enqueue or raise: the half of ``enqueue`` that the trigger needs, whose failure is its own."""
        _, client = self.opened()
        options: EnqueueOptions = {
            "queue_name": JOBS,
            "workflow_name": PERFORM,
            "workflow_id": job.id,
            "app_version": VERSION,
            "queue_partition_key": job.partition or "-",
            "priority": URGENT if job.urgent else LATER,
        }
        client.enqueue(options, job.name, job.target)

    def opened(self) -> tuple[JobStore, DBOSClient]:
        """The open store and the client on it; opened anew after a failure or after ``close``."""
        with self._lock:
            if self._open is None:
                store = open_store(self._url)
                client = DBOSClient(
                    system_database_engine=store.engine,
                    dbos_system_schema=store.schema,
                    serializer=SealedJson(self._sealer),
                    application_name=APPLICATION,
                    retry_connection_errors=False,  # a page must not wait for a database that is away
                )
                self._open = store, client
            return self._open

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            if self._open is not None:
                store, client = self._open
                client.destroy()
                store.close()
                self._open = None

    def _debouncer(self) -> DebouncerClient:
        _, client = self.opened()
        options: EnqueueOptions = {"queue_name": HINTS, "workflow_name": TRIGGER, "app_version": VERSION}
        return DebouncerClient(
            client, options, debounce_timeout_sec=MOST_QUIET_TIMES * self._debounce_seconds
        )

    def _hinted(self, client: DBOSClient) -> Iterator[tuple[str, str]]:
        """The triggers that have not fired yet, each with the id of the job it will enqueue."""
        triggers = client.list_workflows(queue_name=HINTS, status=WAITING + RUNNING, load_output=False)
        for each in triggers:
            if isinstance(each.input, dict):
                yield each.workflow_id, each.input["args"][0]


def _chunks(ids: Sequence[str], size: int = 500) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, size)):
        yield some

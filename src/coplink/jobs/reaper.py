"""What a dead worker held goes back to its queue (guard rail G2).

dbos knows no lease: what a process had claimed when it was killed stays claimed for ever. So each worker process has
an id of its own and writes a heartbeat, and every live one hands back what belongs to a silent one. A worker that was
only frozen does no harm when it wakes: dbos lets a claim's old holder write no more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

import sqlalchemy as sa
from dbos import DBOSClient

from coplink.jobs.store import JobStore

log = logging.getLogger("coplink.jobs")
_TABLES_LOCK = 0x636F706C  # any number, as long as it is ours


class Heartbeats:
    """When each worker process last showed that it lives, on the store's own clock."""

    def __init__(self, store: JobStore, executor: str, silent_seconds: float) -> None:
        self._engine = store.engine
        self._executor = executor
        self._silent_seconds = silent_seconds
        self._table = sa.Table(
            "coplink_heartbeats",
            sa.MetaData(schema=store.schema),
            sa.Column("executor", sa.String(200), primary_key=True),
            sa.Column("beat", sa.Float(precision=53), nullable=False),
        )
        if self._engine.dialect.name == "sqlite":
            self._now: sa.ColumnElement[float] = sa.literal_column("(julianday('now') - 2440587.5) * 86400.0")
        else:
            self._now = sa.literal_column("extract(epoch from clock_timestamp())::double precision")

    def prepare(self) -> None:
        """Make the table, however many processes start at the same time."""
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TABLES_LOCK)))
            self._table.metadata.create_all(connection)

    def beat(self) -> None:
        """Show that this process lives."""
        mine = self._table.c.executor == self._executor
        with self._engine.begin() as connection:
            if not connection.execute(self._table.update().where(mine).values(beat=self._now)).rowcount:
                connection.execute(self._table.insert().values(executor=self._executor, beat=self._now))

    def leave(self) -> None:
        """Say good-bye: what this process may still hold can be handed on at once."""
        with self._engine.begin() as connection:
            connection.execute(self._table.delete().where(self._table.c.executor == self._executor))

    def silent(self, executors: Iterable[str]) -> frozenset[str]:
        """Which of these do not live any more. Who never beat does not: a worker beats before it claims."""
        heard = sa.select(self._table.c.executor).where(self._table.c.beat > self._now - self._silent_seconds)
        with self._engine.begin() as connection:
            alive = frozenset(connection.execute(heard).scalars())
        return frozenset(executors) - alive - {self._executor}

    def forget(self, older_than_seconds: float) -> None:
        """Forget processes that have been silent for long."""
        with self._engine.begin() as connection:
            connection.execute(
                self._table.delete().where(self._table.c.beat < self._now - older_than_seconds)
            )


def holders(client: DBOSClient) -> frozenset[str]:
    """Who holds jobs at the moment."""
    held = client.list_workflows(status="PENDING", load_input=False, load_output=False)
    return frozenset(each.executor_id for each in held if each.executor_id)


def hand_back(client: DBOSClient, executors: Iterable[str], queue: str) -> int:
    """Put what these dead workers held back into its queue, and say how much; asked twice, it does it once.

    One conditional UPDATE in dbos, on the dead worker's id. The public ``resume_workflow`` is no substitute: it is
    unconditional and would start a job that lives.
    """
    count = 0
    for executor in sorted(executors):
        held = client.list_workflows(
            status="PENDING", executor_id=executor, load_input=False, load_output=False
        )
        for each in held:
            count += client._sys_db.reenqueue_for_recovery(each.workflow_id, [executor], queue)
    return count


class Reaper:
    """Beats for this process and, as often, looks after the others; ``handed`` hears when it handed on something."""

    def __init__(
        self,
        client: DBOSClient,
        beats: Heartbeats,
        queue: str,
        every_seconds: float,
        handed: Callable[[], None],
    ) -> None:
        self._client = client
        self._beats = beats
        self._queue = queue
        self._every_seconds = every_seconds
        self._handed = handed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="coplink-reaper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=35)

    def reap(self) -> int:
        """Hand back what silent workers hold, and say how much that was."""
        silent = self._beats.silent(holders(self._client))
        count = hand_back(self._client, silent, self._queue)
        if count:
            log.warning("handed back %d jobs of %d silent workers", count, len(silent))
            self._handed()
        return count

    def _run(self) -> None:
        trouble = False
        while not self._stop.wait(self._every_seconds):
            try:
                self._beats.beat()
                self.reap()
            except Exception as error:
                if not trouble:
                    log.warning("the job store does not answer: %s", type(error).__name__)
                trouble = True
            else:
                if trouble:
                    log.warning("the job store answers again")
                trouble = False

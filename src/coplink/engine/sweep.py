"""Enqueue whatever is dirty and has no live job, and mark what is due by time.

The job store and the application's database are two stores, so nothing may depend on a job existing: what the hints
missed, the sweep finds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from coplink.core.people import CommunityId
from coplink.core.spaces import SpaceId, SpaceState
from coplink.core.work import Dirty, Kind
from coplink.engine import marks, notice_orders
from coplink.engine.outcome import Begin
from coplink.ports.jobs import Job, Jobs
from coplink.ports.records import Report
from coplink.ports.storage import UnitOfWork

MOST = 1000
MOST_SWEEPS = 100


def job_of(dirty: Dirty) -> Job:
    """The job for one go at a piece of work."""
    return Job(dirty.job_id, dirty.kind.value, dirty.target, dirty.partition, dirty.urgent)


def sweep(begin: Begin, jobs: Jobs, now: datetime) -> int:
    """Enqueue at most 1,000 pieces of due work that no job is at; returns how many."""
    with begin() as uow:
        due = uow.work.dirty(now, MOST)
    live = jobs.live([dirty.job_id for dirty in due])  # another store: never asked inside a transaction
    lost = [dirty for dirty in due if dirty.job_id not in live]
    if not lost:
        return 0
    with begin() as uow:
        again = [uow.work.retry(dirty) for dirty in lost]
        uow.commit()
    for dirty in again:
        jobs.enqueue(job_of(dirty))
    return len(again)


def forget(begin: Begin, now: datetime) -> int:
    """Drop logins and sessions that expired, also where nobody comes any more; a bounded number, returns how many."""
    dropped = 0
    for _ in range(MOST_SWEEPS):
        with begin() as uow:
            gone = uow.logins.drop_expired(now) + uow.sessions.drop_expired(now)
            if not gone:
                break
            uow.commit()
        dropped += gone
    return dropped


def due_by_time(begin: Begin, now: datetime, collect_every: timedelta, full_every: timedelta) -> int:
    """Mark what time alone makes due: each library, and once a day everything. Returns how many were marked.

    Work that is asked for already keeps its own time: a platform that asks for patience gets it, and what rests for a
    person is woken by the daily round only.
    """
    marked = 0
    with begin() as uow:
        full, collected = uow.records.latest("full"), uow.records.latest("collect")
        late = [c for c in uow.communities.all() if c not in full or now - full[c] >= full_every]
        for community in late:
            full_round(uow, community, now)
            marked += 1
        for state in uow.work.all():
            if state.kind is not Kind.COLLECT or not state.done or state.partition in late:
                continue
            last = collected.get(state.target)
            if last is None or now - last >= collect_every:
                space = uow.spaces.get(SpaceId(state.target))
                if space is None or space.state is not SpaceState.READY:
                    continue
                uow.work.mark(Kind.COLLECT, state.target, state.partition, urgent=False)
                marked += 1
        marked += notice_orders.due(uow, now, full_every)
        if marked:
            uow.commit()
    return marked


def full_round(uow: UnitOfWork, community: CommunityId, now: datetime) -> None:
    """Mark everything of one community due, and remember when."""
    marks.everything(uow, community, urgent=False)
    uow.records.report(Report("full", community, community, now, {}))

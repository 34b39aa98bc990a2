"""Enqueue whatever is dirty and has no live job, and mark what is due by time.

The job store and the application's database are two stores, so nothing may depend on a job existing: what the hints
missed, the sweep finds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from coplink.core.people import CommunityId
from coplink.core.spaces import SpaceState
from coplink.core.work import Dirty, Kind
from coplink.engine import marks
from coplink.engine.outcome import Begin
from coplink.ports.jobs import Job, Jobs
from coplink.ports.records import Report
from coplink.ports.storage import UnitOfWork

MOST = 200


def job_of(dirty: Dirty) -> Job:
    """The job for one go at a piece of work."""
    return Job(dirty.job_id, dirty.kind.value, dirty.target, dirty.partition)


def sweep(begin: Begin, jobs: Jobs, now: datetime) -> int:
    """Enqueue at most 200 pieces of due work that no job is at; returns how many."""
    with begin() as uow:
        due = uow.work.dirty(now, MOST)
        live = jobs.live([dirty.job_id for dirty in due])
        again = [uow.work.retry(dirty) for dirty in due if dirty.job_id not in live]
        uow.commit()
    for dirty in again:
        jobs.enqueue(job_of(dirty))
    return len(again)


def due_by_time(begin: Begin, now: datetime, collect_every: timedelta, full_every: timedelta) -> int:
    """Mark what time alone makes due: files of spaces, and once a day everything. Returns how many were marked."""
    marked = 0
    with begin() as uow:
        for community in uow.communities.all():
            newest = _last(uow, community, "full")
            if newest is None or now - newest >= full_every:
                full_round(uow, community, now)
                marked += 1
                continue
            collected = _last(uow, community, "collect")
            if collected is None or now - collected >= collect_every:
                for space in uow.spaces.of(community):
                    if space.state is SpaceState.READY:
                        uow.work.mark(Kind.COLLECT, space.id, community)
                        marked += 1
        uow.commit()
    return marked


def full_round(uow: UnitOfWork, community: CommunityId, now: datetime) -> None:
    """Mark everything of one community due, and remember when."""
    marks.everything(uow, community)
    uow.records.report(Report("full", community, community, now, {}))


def _last(uow: UnitOfWork, community: CommunityId, kind: str) -> datetime | None:
    reports = uow.records.reports(community, kind, limit=1)
    return reports[0].at if reports else None

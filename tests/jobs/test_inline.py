"""Jobs in the caller keep to the test's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coplink.jobs.inline import InlineJobs
from coplink.ports.jobs import Job

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
JOB = Job("collect:sp_1:1.0", "collect", "sp_1", "co_1")


class StillClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


def test_nothing_runs_before_it_is_due():
    clock, done = StillClock(), []
    jobs = InlineJobs(lambda name, target, attempt: done.append(target), clock, debounce_seconds=20)
    jobs.hint(JOB)
    assert jobs.run_due() == 0
    clock.at += timedelta(seconds=19)
    assert jobs.run_due() == 0
    clock.at += timedelta(seconds=1)
    assert jobs.run_until_idle() == 1
    assert done == ["sp_1"]


def test_hints_that_never_stop_do_not_put_the_work_off_for_ever():
    clock, done = StillClock(), []
    jobs = InlineJobs(lambda name, target, attempt: done.append(clock.at), clock, debounce_seconds=20)
    for _ in range(20):
        jobs.hint(JOB)
        jobs.run_due()
        clock.at += timedelta(seconds=10)
    assert done == [START + timedelta(seconds=100)]


def test_a_wait_is_at_most_a_minute():
    clock, done = StillClock(), []

    def perform(name: str, target: str, attempt: int) -> float | None:
        done.append(clock.at)
        return 600.0 if attempt == 0 else None

    jobs = InlineJobs(perform, clock, advance=lambda moment: setattr(clock, "at", moment))
    jobs.enqueue(JOB)
    jobs.run_until_idle()
    assert done == [START, START + timedelta(minutes=1)]


def test_jobs_that_make_each_other_without_end_are_noticed():
    clock, number = StillClock(), iter(range(2, 1_000_000))

    def perform(name: str, target: str, attempt: int) -> float | None:
        jobs.enqueue(Job(f"collect:sp_1:{next(number)}.0", name, target, "co_1"))
        return None

    jobs = InlineJobs(perform, clock)
    jobs.enqueue(JOB)
    with pytest.raises(RuntimeError, match="without time passing"):
        jobs.run_due()


def test_what_a_job_raises_reaches_the_test():
    def perform(name: str, target: str, attempt: int) -> float | None:
        raise ValueError(target)

    jobs = InlineJobs(perform, StillClock())
    jobs.enqueue(JOB)
    with pytest.raises(ValueError, match="sp_1"):
        jobs.run_until_idle()
    assert jobs.stats().failed == 1
    assert jobs.run_until_idle() == 0

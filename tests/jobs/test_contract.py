"""What holds for jobs however they are run: once over threads and a store, once in the caller."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from coplink.jobs.durable import DurableWorker
from coplink.jobs.inline import InlineJobs
from coplink.ports.jobs import Job, Jobs, JobStats
from coplink.testing.databases import postgres_server, sqlite_url

Go = Callable[[int], float | None]

# dbos tells of a cancelled workflow by an exception in a thread of its own, sometimes only when the next test runs
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning"
)


class Doings:
    """The worker's side of the tests: what a job does is said per name; what was done is kept in order."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str, int]] = []
        self.does: dict[str, Go] = {}

    def perform(self, name: str, target: str, attempt: int) -> float | None:
        self.done.append((name, target, attempt))
        return self.does[name](attempt) if name in self.does else None

    def of(self, *names: str) -> list[tuple[str, int]]:
        return [(name, attempt) for name, _, attempt in self.done if name in names]


class World:
    jobs: Jobs
    doings: Doings

    def settle(self) -> None:
        """Until nothing waits or runs."""
        raise AssertionError("each world says how")

    def name(self, word: str) -> str:
        return f"{word}-{uuid.uuid4().hex[:8]}"

    def job(self, name: str, partition: str = "", target: str = "sp_1", generation: int = 1) -> Job:
        return Job(f"{name}:{target}:{generation}.0", name, target, partition or name)


class InCaller(World):
    def __init__(self) -> None:
        self.doings = Doings()
        self.at = datetime(2026, 9, 1, 8, tzinfo=UTC)
        self.jobs: InlineJobs = InlineJobs(self.doings.perform, self, debounce_seconds=20, advance=self.move)

    def now(self) -> datetime:
        return self.at

    def move(self, moment: datetime) -> None:
        assert moment > self.at
        self.at = moment

    def settle(self) -> None:
        while True:
            try:
                self.jobs.run_until_idle()
            except ZeroDivisionError:
                continue
            return


class Stored(World):
    def __init__(self, worker: DurableWorker, doings: Doings) -> None:
        self.jobs = worker
        self.doings = doings

    def settle(self) -> None:
        until = time.monotonic() + 20
        while (stats := self.jobs.stats()).waiting or stats.running:
            assert time.monotonic() < until, f"still busy: {stats}"
            time.sleep(0.02)


class JobsContract:
    def test_a_job_is_performed_with_its_name_and_target(self, world: World) -> None:
        name = world.name("look")
        world.jobs.enqueue(world.job(name, target="sp_7"))
        world.settle()
        assert (name, "sp_7", 0) in world.doings.done

    def test_enqueueing_twice_is_one_job_even_after_it_ended(self, world: World) -> None:
        name = world.name("look")
        world.jobs.enqueue(world.job(name))
        world.jobs.enqueue(world.job(name))
        world.settle()
        world.jobs.enqueue(world.job(name))
        world.settle()
        assert world.doings.of(name) == [(name, 0)]
        world.jobs.enqueue(world.job(name, generation=2))
        world.settle()
        assert world.doings.of(name) == [(name, 0), (name, 0)]

    def test_a_job_goes_on_until_it_says_it_has_ended(self, world: World) -> None:
        name = world.name("provision")
        world.doings.does[name] = lambda attempt: 0.05 if attempt < 2 else None
        world.jobs.enqueue(world.job(name))
        world.settle()
        assert world.doings.of(name) == [(name, 0), (name, 1), (name, 2)]

    def test_one_partition_runs_one_at_a_time_and_holds_up_no_other(self, world: World) -> None:
        first, second, other = world.name("first"), world.name("second"), world.name("other")

        def enqueue_more(attempt: int) -> float | None:
            if attempt:
                return None
            world.jobs.enqueue(world.job(second, partition=f"co-{first}"))
            world.jobs.enqueue(world.job(other))
            return 1.0

        world.doings.does[first] = enqueue_more
        world.jobs.enqueue(world.job(first, partition=f"co-{first}"))
        world.settle()
        assert world.doings.of(first, second, other) == [(first, 0), (other, 0), (first, 1), (second, 0)]

    def test_hints_within_the_quiet_time_become_one_run_of_the_last(self, world: World) -> None:
        name = world.name("collect")
        jobs = [world.job(name, generation=n) for n in range(1, 6)]
        for job in jobs:
            world.jobs.hint(job)
        assert world.jobs.live(job.id for job in jobs) == {jobs[-1].id}
        assert world.doings.of(name) == []
        world.settle()
        assert world.doings.of(name) == [(name, 0)]
        world.jobs.enqueue(jobs[-1])
        world.settle()
        assert world.doings.of(name) == [(name, 0)], "it was the last hint's job that ran"

    def test_hints_about_different_targets_are_different(self, world: World) -> None:
        name = world.name("collect")
        for target in ("sp_1", "sp_2", "sp_1", "sp_2"):
            world.jobs.hint(world.job(name, target=target))
        world.settle()
        assert sorted(target for done, target, _ in world.doings.done if done == name) == ["sp_1", "sp_2"]

    def test_a_hint_after_the_run_runs_again(self, world: World) -> None:
        name = world.name("collect")
        for generation in (1, 2):
            world.jobs.hint(world.job(name, generation=generation))
            world.settle()
        assert world.doings.of(name) == [(name, 0), (name, 0)]

    def test_live_names_what_waits_or_runs(self, world: World) -> None:
        name, waits = world.name("long"), world.name("waits")
        running, waiting = world.job(name), world.job(waits, partition=name)
        seen: list[frozenset[str]] = []

        def look(attempt: int) -> float | None:
            world.jobs.enqueue(waiting)
            seen.append(world.jobs.live([running.id, waiting.id, "nobody:1.0"]))
            return None

        world.doings.does[name] = look
        world.jobs.enqueue(running)
        world.settle()
        assert seen == [frozenset({running.id, waiting.id})]
        assert world.jobs.live([running.id, waiting.id]) == frozenset()
        assert world.jobs.live([]) == frozenset()

    def test_a_cancelled_job_is_not_performed(self, world: World) -> None:
        name, dropped = world.name("long"), world.name("dropped")

        def cancel(attempt: int) -> float | None:
            world.jobs.enqueue(world.job(dropped, partition=name))
            world.jobs.cancel(world.job(dropped).id)
            return None

        world.doings.does[name] = cancel
        world.jobs.enqueue(world.job(name))
        world.settle()
        assert world.doings.of(name, dropped) == [(name, 0)]

    def test_a_cancelled_hint_is_not_performed(self, world: World) -> None:
        name = world.name("collect")
        world.jobs.hint(world.job(name))
        world.jobs.cancel(world.job(name).id)
        world.settle()
        assert world.doings.of(name) == []

    def test_a_running_job_that_is_cancelled_goes_on_no_more(self, world: World) -> None:
        name = world.name("endless")

        def go(attempt: int) -> float | None:
            if attempt == 2:
                world.jobs.cancel(world.job(name).id)
            return 0.02

        world.doings.does[name] = go
        world.jobs.enqueue(world.job(name))
        world.settle()
        assert world.doings.of(name) == [(name, 0), (name, 1), (name, 2)]

    def test_cancelling_what_is_not_there_is_no_error(self, world: World) -> None:
        world.jobs.cancel("nobody:1.0")
        assert world.jobs.live(["nobody:1.0"]) == frozenset()

    def test_a_failing_job_is_counted_and_holds_up_nobody(self, world: World) -> None:
        name, after = world.name("breaks"), world.name("after")
        world.doings.does[name] = lambda attempt: 1 / 0
        failed = world.jobs.stats().failed
        world.jobs.enqueue(world.job(name))
        world.jobs.enqueue(world.job(after, partition=name))
        world.settle()
        # the store knows the moment of enqueueing to a second only, so either may have come first
        assert set(world.doings.of(name, after)) == {(name, 0), (after, 0)}
        assert world.jobs.stats() == JobStats(waiting=0, running=0, failed=failed + 1)

    def test_stats_tell_waiting_from_running(self, world: World) -> None:
        name = world.name("long")
        seen: list[JobStats] = []

        def look(attempt: int) -> float | None:
            world.jobs.enqueue(world.job(world.name("waits"), partition=name))
            world.jobs.hint(world.job(world.name("hinted"), partition=name))
            seen.append(world.jobs.stats())
            return None

        world.doings.does[name] = look
        world.jobs.enqueue(world.job(name))
        world.settle()
        assert [(each.waiting, each.running) for each in seen] == [(2, 1)]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def running(request, tmp_path_factory, sealer):
    """One worker for the whole contract: jobs of different tests have different names."""
    if request.param == "sqlite":
        address = sqlite_url(tmp_path_factory.mktemp("jobs"))
    else:
        address = postgres_server().fresh()
    doings = Doings()
    before = set(threading.enumerate())  # other tests of this process may have left threads of theirs
    worker = DurableWorker(address, sealer, doings.perform, debounce_seconds=0.5)
    worker.start()
    yield worker, doings
    worker.stop(grace_seconds=5)
    left = [
        each.name for each in threading.enumerate() if each not in before and each.name.startswith("coplink")
    ]
    assert left == []


class TestInline(JobsContract):
    @pytest.fixture
    def world(self) -> World:
        return InCaller()


class TestDurable(JobsContract):
    @pytest.fixture
    def world(self, running) -> World:
        return Stored(*running)

"""What only the durable store has to prove: secrets stay sealed, timers fire, stopping and starting loses nothing."""

from __future__ import annotations

import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from coplink.core.errors import ConfigurationError
from coplink.jobs.client import DurableClient
from coplink.jobs.durable import DurableWorker
from coplink.jobs.retention import forget_ended
from coplink.jobs.store import open_store
from coplink.ports.jobs import Job
from coplink.storage.sealing import FernetSealer

SECRET = "xoxb-very-secret-target"


def wait_for(condition: Callable[[], object], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def working(worker: DurableWorker) -> Iterator[DurableWorker]:
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(grace_seconds=3)


def everything_in(address: str) -> bytes:
    """All that lies in the store: of SQLite its files, of PostgreSQL every row of every table as text."""
    if address.startswith("sqlite"):
        path = Path(address.removeprefix("sqlite:///"))
        return b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'coplink_jobs'"
        ).fetchall()
        assert tables
        rows = [connection.execute(f"SELECT t::text FROM {s}.{t} AS t").fetchall() for s, t in tables]  # type: ignore[arg-type]
    return repr(rows).encode()


def test_nothing_about_a_job_but_its_id_and_partition_lies_in_clear(address, sealer):
    def perform(name: str, target: str, attempt: int) -> float | None:
        if name == "breaks":
            raise ValueError(f"{target} was refused")
        return 0.01 if attempt == 0 else None

    with working(DurableWorker(address, sealer, perform, debounce_seconds=0.2)) as worker:
        worker.enqueue(Job("id-look", "look", SECRET, "co_1"))
        worker.enqueue(Job("id-breaks", "breaks", SECRET, "co_2"))
        worker.hint(Job("id-hinted", "collect", SECRET, "co_3"))
        assert SECRET.encode() not in everything_in(address)
        wait_for(lambda: not worker.stats().waiting + worker.stats().running)
        kept = everything_in(address)
    assert b"id-look" in kept, "this does look into the right place"
    assert SECRET.encode() not in kept
    assert b"was refused" not in kept


def test_the_file_can_be_read_by_its_owner_only_and_writes_safely(file_address, sealer):
    store = open_store(file_address)
    with store.engine.begin() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
        path = Path(file_address.removeprefix("sqlite:///"))
        assert {file.stat().st_mode & 0o077 for file in path.parent.glob("jobs.sqlite*")} == {0}
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            sqlite3.connect(path, timeout=0).execute("BEGIN IMMEDIATE")
    store.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30000, "foreign_keys": 1}


def test_a_store_in_memory_is_refused(sealer):
    with pytest.raises(ConfigurationError, match="must be a file"):
        open_store("sqlite://")


def test_timers_fire_and_one_that_fails_fires_again(address, sealer):
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.time())
        if len(ticks) == 1:
            raise ValueError("the first tick goes wrong")

    with working(DurableWorker(address, sealer, lambda *_: None, {"often": ("* * * * * *", tick)})):
        wait_for(lambda: len(ticks) >= 3)
    assert all(later - before > 0.2 for before, later in itertools.pairwise(ticks))


@pytest.mark.long
def test_a_slow_timer_is_not_called_twice_at_once(file_address, sealer):
    inside, most = [0], [0]
    calls: list[int] = []

    def slow() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        calls.append(1)
        time.sleep(1.5)
        inside[0] -= 1

    with working(DurableWorker(file_address, sealer, lambda *_: None, {"slow": ("* * * * * *", slow)})):
        wait_for(lambda: len(calls) >= 2)
    assert most == [1]


@pytest.mark.long
def test_a_timer_of_an_older_release_is_forgotten(file_address, sealer):
    ticks: list[str] = []
    old = {"old": ("* * * * * *", lambda: ticks.append("old"))}
    new = {"new": ("* * * * * *", lambda: ticks.append("new"))}
    with working(DurableWorker(file_address, sealer, lambda *_: None, old)):
        wait_for(lambda: ticks)
    ticks.clear()
    with working(DurableWorker(file_address, sealer, lambda *_: None, new)):
        wait_for(lambda: len(ticks) >= 2)
    assert set(ticks) == {"new"}


def test_a_process_that_only_enqueues_hands_over_to_one_that_works(address, sealer):
    done: list[str] = []
    pages = DurableClient(address, sealer, debounce_seconds=0.2)
    pages.enqueue(Job("a:1.0", "look", "sp_1", "co_1"))
    pages.hint(Job("b:1.0", "look", "sp_2", "co_1"))
    assert pages.live(["a:1.0", "b:1.0", "c:1.0"]) == {"a:1.0", "b:1.0"}
    assert pages.stats().waiting == 2
    with working(DurableWorker(address, sealer, lambda name, target, attempt: done.append(target))):
        wait_for(lambda: len(done) == 2)
        wait_for(lambda: not pages.live(["a:1.0", "b:1.0"]))
    pages.close()
    assert sorted(done) == ["sp_1", "sp_2"]


def test_in_a_partition_what_a_person_asked_for_goes_first(address, sealer):
    done: list[str] = []
    pages = DurableClient(address, sealer)
    for number in range(3):
        pages.enqueue(Job(f"r:{number}.0", "look", f"round-{number}", "co_1", urgent=False))
    pages.enqueue(Job("a:1.0", "look", "act", "co_1"))
    with working(DurableWorker(address, sealer, lambda *go: done.append(go[1]))):
        wait_for(lambda: len(done) == 4)
    pages.close()
    assert done == ["act", "round-0", "round-1", "round-2"]


@pytest.mark.parametrize(
    "face", [DurableClient, lambda url, sealer: DurableWorker(url, sealer, lambda *_: None)]
)
def test_a_failure_to_enqueue_is_logged_and_never_raised(face, sealer, tmp_path, caplog):
    jobs = face(f"sqlite:///{tmp_path}/missing/jobs.sqlite", sealer)
    with caplog.at_level(logging.WARNING, "coplink.jobs"):
        jobs.enqueue(Job("a:1.0", "look", SECRET, "co_1"))
        jobs.hint(Job("b:1.0", "look", SECRET, "co_1"))
    logged = [each.getMessage() for each in caplog.records if each.name == "coplink.jobs"]
    assert [text.partition(": ")[0] for text in logged] == [
        "could not enqueue a:1.0".partition(": ")[0],
        "could not note a hint for b:1.0".partition(": ")[0],
    ]
    assert SECRET not in caplog.text
    (tmp_path / "missing").mkdir()
    jobs.enqueue(Job("a:1.0", "look", SECRET, "co_1"))
    assert jobs.live(["a:1.0"]) == {"a:1.0"}, "it recovers by itself"
    (jobs if isinstance(jobs, DurableClient) else jobs._jobs).close()


def test_a_process_has_one_worker(file_address, sealer):
    with working(DurableWorker(file_address, sealer, lambda *_: None)):
        second = DurableWorker(file_address, sealer, lambda *_: None)
        with pytest.raises(RuntimeError, match="already"):
            second.start()


def test_a_job_that_rests_gives_its_place_to_others(file_address, sealer):
    done: list[tuple[str, float]] = []

    def perform(name: str, target: str, attempt: int) -> float | None:
        done.append((target, time.time()))
        return 2.0 if target == "slow" and attempt == 0 else None

    with working(DurableWorker(file_address, sealer, perform, worker_concurrency=1)) as worker:
        worker.enqueue(Job("slow:1.0", "look", "slow", "co_1"))
        wait_for(lambda: done)
        worker.enqueue(Job("quick:1.0", "look", "quick", "co_2"))
        wait_for(lambda: len(done) == 3)
    assert [target for target, _ in done] == ["slow", "quick", "slow"]


def test_no_more_jobs_are_performed_at_a_time_than_there_are_places(file_address, sealer):
    inside, most, done, counting = [0], [0], [], threading.Lock()

    def perform(name: str, target: str, attempt: int) -> float | None:
        with counting:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.1)
        with counting:
            inside[0] -= 1
            done.append(target)
        return None

    with working(DurableWorker(file_address, sealer, perform, worker_concurrency=2)) as worker:
        for number in range(8):
            worker.enqueue(Job(f"a:{number}.0", "look", f"sp_{number}", f"co_{number}"))
        wait_for(lambda: len(done) == 8)
    assert most == [2]


def test_stopping_interrupts_a_wait_and_starting_goes_on_with_it(address, sealer):
    done: list[tuple[int, float]] = []

    def perform(name: str, target: str, attempt: int) -> float | None:
        done.append((attempt, time.time()))
        return 3.0 if attempt == 0 else None

    first = DurableWorker(address, sealer, perform)
    first.start()
    first.enqueue(Job("a:1.0", "look", "sp_1", "co_1"))
    wait_for(lambda: done)
    time.sleep(0.2)  # until the wait is written down
    began = time.monotonic()
    first.stop(grace_seconds=5)
    assert time.monotonic() - began < 2.5, "a waiting job must not hold up the end of the process"
    with working(DurableWorker(address, sealer, perform)) as again:
        wait_for(lambda: len(done) == 2)
        wait_for(lambda: not again.live(["a:1.0"]))
    assert [attempt for attempt, _ in done] == [0, 1], "the first go is not repeated"
    assert done[1][1] - done[0][1] >= 2.9, "nor is the wait cut short"


def test_stopping_lets_a_running_go_end(file_address, sealer):
    inside, ended = threading.Event(), []

    def perform(name: str, target: str, attempt: int) -> float | None:
        inside.set()
        time.sleep(0.7)
        ended.append(target)
        return None

    worker = DurableWorker(file_address, sealer, perform)
    worker.start()
    worker.enqueue(Job("a:1.0", "look", "sp_1", "co_1"))
    assert inside.wait(5)
    worker.stop(grace_seconds=5)
    assert ended == ["sp_1"]
    client = DurableClient(file_address, sealer)
    assert client.live(["a:1.0"]) == frozenset(), "and its end was written down"
    client.close()


def test_the_whole_store_may_be_deleted(file_address, sealer):
    done: list[str] = []
    worker = DurableWorker(file_address, sealer, lambda name, target, attempt: done.append(target))
    with working(worker):
        worker.enqueue(Job("a:1.0", "look", "sp_1", "co_1"))
        wait_for(lambda: done)
    path = Path(file_address.removeprefix("sqlite:///"))
    for file in path.parent.glob("jobs.sqlite*"):
        file.unlink()
    with working(worker):
        worker.enqueue(Job("a:1.0", "look", "sp_1", "co_1"))
        wait_for(lambda: len(done) == 2)
    assert done == ["sp_1", "sp_1"]


def test_a_job_no_key_opens_fails_instead_of_waiting_for_ever(file_address, sealer):
    pages = DurableClient(file_address, FernetSealer([Fernet.generate_key().decode()]))
    pages.enqueue(Job("a:1.0", "look", "sp_1", "co_1"))
    pages.close()
    done: list[str] = []
    with working(DurableWorker(file_address, sealer, lambda *go: done.append(go[1]))) as worker:
        wait_for(lambda: worker.stats().failed == 1)
        assert worker.live(["a:1.0"]) == frozenset(), "so the sweep makes it anew"
    assert done == []


def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(address, sealer):
    done: list[str] = []
    with working(DurableWorker(address, sealer, lambda *go: done.append(go[1]))) as worker:
        for number in range(5):
            worker.enqueue(Job(f"a:{number}.0", "look", f"sp_{number}", f"co_{number}"))
        wait_for(lambda: len(done) == 5 and not worker.stats().running)
    pages = DurableClient(address, sealer)
    pages.enqueue(Job("waits:1.0", "look", "sp_1", "co_1"))
    _, client = pages.opened()
    now = datetime.now(UTC)
    assert forget_ended(client, now, timedelta(days=1)) == 0
    assert forget_ended(client, now + timedelta(days=2), timedelta(days=1)) == 5
    left = [each.workflow_id for each in client.list_workflows()]
    pages.close()
    assert left == ["waits:1.0"]


def test_work_without_a_job_is_looked_for_at_the_start_and_after_another_has_died(address, sealer):
    done: list[str] = []
    looks: list[int] = []
    pages = DurableClient(address, sealer)
    pages.enqueue(Job("a:1.0", "look", "sp_1", "co_1"))
    store, _ = pages.opened()
    quick = {"several": True, "heartbeat_seconds": 0.1, "silent_seconds": 0.5}

    def look() -> None:
        looks.append(len(done))
        if len(looks) == 1:  # whoever claimed this died, and never showed that it lives
            claim = "UPDATE {} SET status = 'PENDING', executor_id = 'dead' WHERE workflow_uuid = 'a:1.0'"
            table = f"{store.schema}.workflow_status" if store.schema else "workflow_status"
            with store.engine.begin() as connection:
                connection.exec_driver_sql(claim.format(table))
        raise ZeroDivisionError("a look that fails stops nothing")

    slow = DurableWorker(
        address, sealer, lambda *go: done.append(go[1]), polling_seconds=5, look=look, **quick
    )
    with working(slow):
        wait_for(lambda: len(looks) == 2)
        assert looks[0] == 0
    pages.close()

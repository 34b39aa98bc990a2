"""Nothing is lost by ``kill -9``, and one partition never overlaps, however many processes work.

A worker process appends a line for each step it does; it is killed when a third of the steps are done, and restarted
or left dead while another one takes over. A step under way at the kill may be done twice, none may be missing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from coplink.jobs.client import DurableClient
from coplink.ports.jobs import Job

SCRIPT = Path(__file__).with_name("worker_process.py")
STEPS = 3


class Processes:
    """Worker processes on one store, and the file they write to."""

    def __init__(self, address: str, key: str, lines: Path) -> None:
        self._address = address
        self._key = key
        self._lines = lines
        self._all: list[subprocess.Popen[str]] = []

    def start(self, mode: str, seconds: float = 0.01) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, SCRIPT, self._address, self._lines, self._key, mode, str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._all.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait(10)

    def lines(self, *words: str) -> list[list[str]]:
        if not self._lines.exists():
            return []
        rows = [line.split() for line in self._lines.read_text().splitlines()]
        return [row for row in rows if row[0] in words]

    def end(self) -> None:
        for process in self._all:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self._all:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill(process)
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def processes(address, key, tmp_path) -> Iterator[Processes]:
    found = Processes(address, key, tmp_path / "lines")
    yield found
    found.end()


@pytest.fixture
def pages(address, sealer) -> Iterator[DurableClient]:
    client = DurableClient(address, sealer)
    yield client
    client.close()


def wait_until(condition, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def enqueue(pages: DurableClient, jobs: int, partitions: int, name: str = "three") -> None:
    for number in range(jobs):
        pages.enqueue(Job(f"{name}:{number}:1.0", name, f"t{number}", f"co_{number % partitions}"))


def overlaps(rows: list[list[str]], partitions: int) -> list[tuple[str, str]]:
    """Pairs of goes of one partition that ran at the same time."""
    begun: dict[tuple[str, str, str], float] = {}
    spans: dict[int, list[tuple[float, float, str]]] = defaultdict(list)
    for what, target, attempt, pid, at in rows:
        if what == "begin":
            begun[target, attempt, pid] = float(at)
        elif (target, attempt, pid) in begun:
            partition = int(target.removeprefix("t")) % partitions
            spans[partition].append((begun.pop((target, attempt, pid)), float(at), f"{target}.{attempt}"))
    found = []
    for each in spans.values():
        each.sort()
        found += [(a[2], b[2]) for a, b in pairwise(each) if b[0] < a[1]]
    return found


def killed_at_a_third(processes: Processes, pages: DurableClient, jobs: int, mode: str, then: str) -> Counter:
    """Kill a worker at a third, go on as ``then`` says, and count how often each step was done."""
    enqueue(pages, jobs, partitions=jobs)
    first = processes.start(mode)
    if then == "another takes over":
        wait_until(lambda: len(processes.lines("begin")) >= STEPS * jobs // 10, 60)
        processes.start(mode)
    wait_until(lambda: len(processes.lines("begin")) >= STEPS * jobs // 3, 120)
    processes.kill(first)
    held = pages.stats().running
    if then == "restarted":
        processes.start(mode)
    wait_until(lambda: not (pages.stats().waiting + pages.stats().running), 150)
    assert pages.stats().failed == 0
    assert held > 0, "the worker was killed in the middle of something"
    return Counter((row[1], row[2]) for row in processes.lines("end"))


@pytest.mark.parametrize(
    ("jobs", "then"),
    [
        (40, "restarted"),
        pytest.param(350, "restarted", marks=pytest.mark.long),
        pytest.param(350, "another takes over", marks=pytest.mark.long),
    ],
)
def test_no_step_is_lost_by_a_kill(processes, pages, address, jobs, then):
    alone = address.startswith("sqlite") and then == "restarted"
    done = killed_at_a_third(processes, pages, jobs, "alone" if alone else "many", then)
    assert done.keys() == {(f"t{number}", str(step)) for number in range(jobs) for step in range(STEPS)}
    assert max(done.values()) <= 2, "a step is repeated once at most"
    assert sum(done.values()) - len(done) <= 20, "and only those under way at the kill"


def test_another_worker_takes_over_what_a_dead_one_held(processes, pages):
    enqueue(pages, 4, partitions=4, name="slow")
    dies = processes.start("many", 30)
    wait_until(lambda: len(processes.lines("begin")) == 4, 20)
    lives = processes.start("many", 0.01)
    processes.kill(dies)
    wait_until(lambda: len(processes.lines("end")) == 4, 30)
    assert {row[3] for row in processes.lines("end")} == {str(lives.pid)}


@pytest.mark.long
def test_a_frozen_worker_that_wakes_writes_no_outcome(processes, pages):
    enqueue(pages, 4, partitions=4)
    frozen = processes.start("many", 1.0)
    wait_until(lambda: len(processes.lines("begin")) == 4, 20)
    os.kill(frozen.pid, signal.SIGSTOP)
    lives = processes.start("many", 0.01)
    wait_until(lambda: sum(row[3] == str(lives.pid) for row in processes.lines("end")) == 4 * STEPS, 30)
    os.kill(frozen.pid, signal.SIGCONT)
    time.sleep(3)
    done = Counter((row[1], row[2]) for row in processes.lines("end"))
    assert done.keys() == {(f"t{number}", str(step)) for number in range(4) for step in range(STEPS)}
    assert {step: done["t0", step] for step in "012"} == {"0": 2, "1": 1, "2": 1}, (
        "it stopped at its next step"
    )
    assert pages.stats().failed == 0


@pytest.mark.parametrize("jobs", [24, pytest.param(200, marks=pytest.mark.long)])
def test_two_processes_never_overlap_in_one_partition(processes, pages, jobs):
    both = {str(processes.start("many", 0.03).pid), str(processes.start("many", 0.03).pid)}
    enqueue(pages, jobs, partitions=4)
    wait_until(lambda: len(processes.lines("end")) >= STEPS * jobs, 150)
    rows = processes.lines("begin", "end")
    assert overlaps(rows, 4) == []
    assert {row[3] for row in rows} == both, "both took part"
    assert len({(row[1], row[2]) for row in rows}) == STEPS * jobs


@pytest.mark.long
def test_two_processes_fire_a_tick_once(processes):
    began = time.monotonic()
    processes.start("many")
    processes.start("many")
    time.sleep(4)
    ticks = len(processes.lines("tick"))
    assert 3 <= ticks <= time.monotonic() - began + 1, "one a second"


def test_a_second_process_on_a_file_refuses_to_start(file_address, key, tmp_path):
    processes = Processes(file_address, key, tmp_path / "lines")
    processes.start("alone")
    second = subprocess.run(
        [sys.executable, SCRIPT, file_address, tmp_path / "lines", key, "alone"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    processes.end()
    assert second.returncode == 1
    assert "Another coplink process already works on" in second.stderr

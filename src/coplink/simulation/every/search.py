"""Plays scenarios with every fault, or every pair of faults, and sums up what came of it."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from coplink import logs
from coplink.campus.weather import Fault
from coplink.simulation.every.ending import ended
from coplink.simulation.every.injector import Chance, Copies, Injector, Met, Way
from coplink.simulation.every.scenarios import BY_NAME, Scenario
from coplink.simulation.every.stage import Merged, Stage
from coplink.simulation.every.states import Seen

SHOWN = 20
LONGEST = 3500  # what is written to a pipe at once does not mix with what others write


@dataclass(frozen=True)
class Wanted:
    """What to try: how many faults at most in one go, which kinds, at every how many points."""

    faults: int = 1
    kinds: frozenset[Fault] = frozenset(Fault)
    each: int = 1
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)


@dataclass
class Found:
    """What came of one scenario. ``followed`` went to their end; ``merged`` came to a state followed already."""

    scenario: str
    faults: int
    calls: int = 0
    commits: int = 0
    runs: int = 0
    followed: int = 0
    merged: int = 0
    cycles: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    violations: dict[str, list[str]] = field(default_factory=dict)
    broken: int = 0
    seconds: float = 0.0

    @property
    def worst(self) -> int:
        """After how many rounds the slowest was as it should be."""
        return max(self.cycles, default=0)

    def add(self, line: dict[str, Any]) -> None:
        """One run has ended."""
        if "calls" in line:
            self.calls, self.commits = line["calls"], line["commits"]
        self.runs += 1
        self.kinds.update(line["kinds"])
        if line["merged"]:
            self.merged += 1
            return
        self.followed += 1
        self.cycles[line["cycles"]] += 1
        if line["violations"]:
            self.broken += 1
            if len(self.violations) < SHOWN:
                self.violations[line["how"] or "no fault"] = line["violations"]

    def told(self) -> dict[str, object]:
        """For printing."""
        return {
            "scenario": self.scenario,
            "faults": self.faults,
            "calls": self.calls,
            "commits": self.commits,
            "runs": self.runs,
            "followed": self.followed,
            "merged": self.merged,
            "worst_cycles": self.worst,
            "violations": self.broken,
            "broken": self.violations,
            "kinds": dict(sorted(self.kinds.items())),
            "seconds": round(self.seconds, 1),
        }


def search(names: Sequence[str], wanted: Wanted) -> list[Found]:
    """All these scenarios, in a process of their own: it is copied many times."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawned) as pool:  # one that dies is an error; a Pool would wait for ever
        return pool.submit(_search, tuple(names), wanted).result()


def replay(name: str, path: Sequence[tuple[int, Fault, Way]], told: Callable[[str], None]) -> Sequence[str]:
    """One run again, in this process; what was broken in it."""
    stage = _stage(BY_NAME[name], Injector(Chance(), path=path), None, told)
    _play(BY_NAME[name], stage)
    return ended(stage, BY_NAME[name].expected).violations


def _search(names: Sequence[str], wanted: Wanted) -> list[Found]:
    logs.configure("CRITICAL")
    return [_one(BY_NAME[name], wanted) for name in names]


def _one(scenario: Scenario, wanted: Wanted) -> Found:
    """A copy of this process plays the scenario; it and all its copies tell how they ended through one pipe."""
    begun, found = time.monotonic(), Found(scenario.name, wanted.faults)
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        _leave(lambda: _explore(scenario, wanted, writes))
    os.close(writes)
    with os.fdopen(reads) as lines:
        for line in lines:
            found.add(json.loads(line))
    _, status = os.waitpid(pid, 0)
    if status:
        found.broken += 1
        found.violations["a process ended without a word"] = [f"status {status}"]
    found.seconds = time.monotonic() - begun
    return found


def _explore(scenario: Scenario, wanted: Wanted, pipe: int) -> None:
    copies = Copies(wanted.processes)
    weather = Injector(Chance(), left=wanted.faults, kinds=wanted.kinds, each=wanted.each, copies=copies)
    line: dict[str, Any] = {"merged": False, "cycles": 0, "violations": []}
    try:
        stage = _stage(scenario, weather, Seen())
        gc.collect()
        gc.freeze()
        gc.disable()
        _play(scenario, stage)
        first = not weather.history
        if first:
            weather.copies.all_ended()
            line["calls"] = len(weather.calls)
            line["commits"] = weather.points - line["calls"]
            if stage.refused:
                line["violations"] = stage.refused
        end = ended(stage, scenario.expected)
        line["cycles"], line["violations"] = end.cycles, [*line["violations"], *end.violations]
    except Merged:
        line["merged"] = True
    except Exception:
        line["violations"] = [f"I15: {traceback.format_exc()[-1500:]}"]
    weather.copies.all_ended()
    if weather.copies.died:
        line["violations"] = [*line["violations"], f"{weather.copies.died} copies ended without a word"]
        line["merged"] = False
    line["kinds"] = [one.fault.value for one in weather.history]
    line["how"] = _path(weather.history)
    text = json.dumps(line)
    if len(text) > LONGEST:
        line["violations"] = [said[:200] for said in line["violations"][:5]]
        text = json.dumps(line)
    os.write(pipe, f"{text}\n".encode())


def _stage(
    scenario: Scenario, weather: Injector, seen: Seen | None, told: Callable[[str], None] = lambda _: None
) -> Stage:
    with weather.hushed():
        stage = Stage(scenario.places, weather, seen, told)
        scenario.before(stage)
    weather.calls.clear()
    told(f"--- {scenario.title}")
    return stage


def _play(scenario: Scenario, stage: Stage) -> None:
    def meanwhile() -> None:
        with stage.injector.hushed():
            was = stage.counting, stage.step
            scenario.meanwhile(stage)
            stage.counting, stage.step = was

    stage.weather.meanwhile = meanwhile
    scenario.script(stage)


def _path(history: Sequence[Met]) -> str:
    return ", ".join(map(str, history))


def _leave(act: Callable[[], None]) -> None:
    """Do it and end this process without anything that only its first self should do."""
    code = 1
    try:
        act()
        code = 0
    finally:
        os._exit(code)

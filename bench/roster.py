"""What reading a roster of 100,000 costs: the worker's job beside the library's list and an object per person.

    python bench/roster.py [--json] [--rounds N] [--people N] [--postgres] [--quick]

Both read the same pages of the same platform over HTTP, each case in a process of its own, the cases of a round in
random order. *First* fills an empty database, *unchanged* reads the same again, *churn* reads it when one in a hundred
has gone, as many have come, and one in two hundred has another role. The figures are CPU seconds of the reading process
alone (not the platform's), medians of the rounds; memory is what is held at most over what was there after the imports.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goals import Goal, Table, tell

from coplink.storage.database import make_engine, upgrade

HERE = Path(__file__).parent
CASES = ("first", "unchanged", "churn")
UNCHANGED_GOAL, CHURN_GOAL, MEMORY_GOAL = 200.0, 25.0, 40.0


@dataclass(frozen=True, slots=True)
class Way:
    """One way of reading: whose, with how many people to a page, into which database."""

    whose: str
    page: int
    database: str = "sqlite"

    def __str__(self) -> str:
        return f"{self.whose}, {self.page} to a page" + (
            ", PostgreSQL" if self.database == "postgres" else ""
        )


Figures = dict[tuple[Way, str], list[dict[str, Any]]]


@dataclass
class Bench:
    """One platform, and a database as it stands after the first reading, for each way."""

    folder: Path
    here: str
    filled: dict[Way, str] = field(default_factory=dict)

    def run(self, way: Way, case: str) -> dict[str, Any]:
        """One case in a process of its own."""
        week = 1 if case == "churn" else 0
        with urllib.request.urlopen(f"{self.here}/week?n={week}", timeout=60):
            pass
        database = self._empty(way) if case == "first" else self._copy(way)
        address = f"{self.here}/members?limit={way.page}"
        command = [sys.executable, str(HERE / "reading.py"), way.whose, database, address, str(self.folder)]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        if ended.returncode:
            raise SystemExit(f"{way}, {case}:\n{ended.stderr}")
        if case == "first":
            self.filled[way] = database
        figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        return figures

    def _empty(self, way: Way) -> str:
        if way.database == "postgres":
            from coplink.testing.databases import postgres_server

            address = postgres_server().fresh()
        else:
            address = f"sqlite:///{self._file(way, 'filled')}"
        if way.whose == "ours":
            engine = make_engine(address)
            upgrade(engine)
            engine.dispose()
        return address

    def _copy(self, way: Way) -> str:
        if way.database == "postgres":
            return self.filled[way]  # one reading of each week after the other
        shutil.copy(self.filled[way].removeprefix("sqlite:///"), file := self._file(way, "copy"))
        return f"sqlite:///{file}"

    def _file(self, way: Way, name: str) -> Path:
        file = self.folder / f"{way.whose}-{way.page}-{name}.sqlite"
        for old in self.folder.glob(f"{file.name}*"):
            old.unlink()
        return file


@contextmanager
def platform(people: int) -> Iterator[str]:
    """The platform's address, as long as it is needed."""
    command = [sys.executable, str(HERE / "crowd.py"), str(people)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(served.stdout.readline())}"
        finally:
            served.terminate()


def measure(ways: dict[Way, int], rounds: int, people: int) -> Figures:
    """Every way so many rounds, interleaved; the first reading of a round comes before those that build on it."""
    figures: Figures = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, platform(people) as here:
        bench = Bench(Path(folder), here)
        for number in range(rounds):
            taking_part = [way for way, most in ways.items() if number < most]
            later = [(way, case) for way in taking_part for case in CASES[1:]]
            for cases in ([(way, "first") for way in taking_part], later):
                random.shuffle(cases)
                # PostgreSQL's database is not copied, so that there the weeks come in their order.
                cases.sort(key=lambda one: CASES.index(one[1]) if one[0].database == "postgres" else -1)
                for way, case in cases:
                    figures[way, case].append(bench.run(way, case))
    return figures


def middle(figures: Figures, way: Way, case: str, what: str) -> float:
    """The median of one figure."""
    return statistics.median(run[what] for run in figures[way, case])


def rows(figures: Figures, ways: dict[Way, int]) -> list[list[str]]:
    """CPU seconds and memory of every way."""
    told = []
    for way in ways:
        cpu = [f"{middle(figures, way, case, 'cpu'):.3f}" for case in CASES]
        told.append([str(way), *cpu, *(f"{middle(figures, way, case, 'mib'):.1f}" for case in CASES)])
    return told


def ratios(figures: Figures, naive: Way, ours: Way) -> dict[str, float]:
    """How many times less CPU, by case: the median of the rounds' ratios where both took part."""
    found = {}
    for case in CASES:
        pairs = zip(figures[naive, case], figures[ours, case], strict=False)
        found[case] = round(statistics.median(one["cpu"] / other["cpu"] for one, other in pairs), 1)
    return found


def main() -> int:
    """Run it and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="ours on PostgreSQL too")
    parser.add_argument("--quick", action="store_true", help="one round, large pages only")
    given = parser.parse_args()
    rounds = 1 if given.quick else given.rounds
    naive, ours = Way("library", 1000), Way("ours", 1000)
    canvas_naive, canvas = Way("library", 50), Way("ours", 50)
    postgres = Way("ours", 1000, "postgres")
    ways = {naive: rounds, ours: rounds}
    if not given.quick:
        ways |= {canvas_naive: 1, canvas: 1}
    if given.postgres:
        ways[postgres] = 1
    figures = measure(ways, rounds, given.people)
    times = ratios(figures, naive, ours)
    peak = max(run["mib"] for case in CASES for run in figures[ours, case])
    goals = [
        Goal("roster unchanged: CPU of the library's way ÷ ours", times["unchanged"], UNCHANGED_GOAL, True),
        Goal("roster with 1 % churn: CPU of the library's way ÷ ours", times["churn"], CHURN_GOAL, True),
        Goal("roster: peak memory over imports, MiB", round(peak, 1), MEMORY_GOAL),
    ]
    compared = [["1000 to a page", *(f"{times[case]:g}" for case in CASES)]]
    if canvas in ways:
        small = ratios(figures, canvas_naive, canvas)
        compared.append(["50 to a page (Canvas)", *(f"{small[case]:g}" for case in CASES)])
    if postgres in ways:
        other = ratios(figures, naive, postgres)
        compared.append(["1000 to a page, ours on PostgreSQL", *(f"{other[case]:g}" for case in CASES)])
    tables = [
        Table(
            f"A roster of {given.people:,}, medians of {rounds} rounds (50 to a page and PostgreSQL: 1)",
            ["", *(f"{case}, CPU s" for case in CASES), *(f"{case}, MiB" for case in CASES)],
            rows(figures, ways),
            "library: get_members(), then one ORM object per person, one SELECT each; one table."
            " ours: the worker's job; people, identities, memberships, the report.",
        ),
        Table("How many times less CPU than the library's way", ["", *CASES], compared),
    ]
    kept = {f"{way}; {case}": runs for (way, case), runs in figures.items()}
    return tell(tables, goals, {"ratios": times, "runs": kept}, given.json)


if __name__ == "__main__":
    raise SystemExit(main())

"""Many worlds in parallel, and what they came to."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from coplink import logs
from coplink.campus.weather import Fault
from coplink.simulation import house
from coplink.simulation.life import STEPS, Ended, live
from coplink.simulation.mutants import Mutant
from coplink.simulation.planting import planted

LEAST_REACHED = 0.01


@dataclass
class Summary:
    """What so many worlds came to. ``reached`` counts the worlds in which a kind of fault was met at all."""

    worlds: int = 0
    broken: dict[int, tuple[str, ...]] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    crashes: int = 0

    def add(self, ended: Ended) -> None:
        """One more world has ended."""
        self.worlds += 1
        self.crashes += ended.crashes
        self.effects += ended.effects
        self.faults += ended.faults
        self.reached += Counter(ended.faults.keys())
        if not ended.good:
            self.broken[ended.seed] = ended.violations

    @property
    def violations(self) -> int:
        """How many promises were broken."""
        return sum(map(len, self.broken.values()))

    def unreached(self) -> tuple[str, ...]:
        """The kinds of fault that were met in too few worlds to have been tried."""
        return tuple(f.value for f in Fault if self.reached[f.value] < LEAST_REACHED * self.worlds)

    def told(self) -> dict[str, object]:
        """For printing."""
        return {
            "worlds": self.worlds,
            "violations": self.violations,
            "broken": {str(seed): list(why) for seed, why in sorted(self.broken.items())},
            "writes": dict(sorted(self.effects.items())),
            "crashes": self.crashes,
            "faults": dict(sorted(self.faults.items())),
            "worlds_by_fault": dict(sorted(self.reached.items())),
            "unreached": list(self.unreached()),
        }


def quietly(empty: str | None = None) -> None:
    """A process of its own for worlds: its log would tell of every fault. ``empty`` is a database to begin with."""
    logs.configure("CRITICAL")
    if empty is not None:
        house.begin_with(empty)


def each(seeds: Iterable[int], processes: int | None = None, steps: int = STEPS) -> Iterator[Ended]:
    """Worlds as they end, in any order."""
    asked = [(seed, steps) for seed in seeds]
    with multiprocessing.get_context("spawn").Pool(
        processes or os.cpu_count(), quietly, (house.empty_database(),)
    ) as pool:
        yield from pool.imap_unordered(_one, asked, chunksize=2)


def run(seeds: Sequence[int], processes: int | None = None) -> Summary:
    """All of them."""
    summary = Summary()
    for ended in each(seeds, processes):
        summary.add(ended)
    return summary


def caught(mutant: Mutant, most: int, processes: int | None = None) -> int | None:
    """The first world found in which a planted bug breaks a promise, or None."""
    with planted(mutant.name):
        for ended in each(range(most), processes):
            if not ended.good:
                return ended.seed
    return None


def _one(asked: tuple[int, int]) -> Ended:
    """One world; where coplink does what no world knows, a writing in another's house say, it falls apart."""
    try:
        return live(*asked)
    except Exception as error:
        why = f"the world fell apart: {error!r}"
        return Ended(asked[0], (why,), Counter(), Counter(), 0, why)

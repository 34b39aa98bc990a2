"""What applying memberships costs: calls to Microsoft, Google and Canvas, side by side with other ways.

    python bench/apply.py [--json] [--only teams,google,canvas] [--quick]

The real engine and the real connectors, with the vendors' SDKs, bring about 1,000 and 10,000 members from empty and ten
changes among 10,000, against the sandboxes with the vendors' published limits enforced. Time is a clock that is moved,
so the figures depend on no machine. What is counted, and how other ways are counted, stands in ``applied.py`` and the
vendors' files.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from applied import Figures
from goals import Goal, Table, tell

VENDORS = {"teams": "apply_microsoft", "google": "apply_google", "canvas": "apply_canvas"}
SIZES = ((1_000, 0), (10_000, 0), (10_000, 10))
HEADS = ("calls", "parts", "formula", "phases", "reads", "looks", "refused", "wrong", "seconds")


@dataclass(frozen=True, slots=True)
class Run:
    """One way in one case."""

    vendor: str
    title: str
    way: str
    people: int
    changes: int
    figures: Figures

    @property
    def ours(self) -> bool:
        """Whether the goals are about it."""
        return self.way.startswith("coplink")

    @property
    def case(self) -> str:
        """What was to be brought about."""
        everybody = f"{self.people:,}"
        return f"{self.changes} changes in {everybody}" if self.changes else f"{everybody} from empty"


def run(vendor: str, sizes: Sequence[tuple[int, int]]) -> list[Run]:
    """Every way of one vendor in every case."""
    module = importlib.import_module(VENDORS[vendor])
    runs = []
    for people, changes in sizes:
        for way, measure in module.WAYS.items():
            if (way, people, changes) in getattr(module, "LEFT_OUT", ()):
                continue
            print(f"{module.TITLE}, {way}: {people:,} and {changes} changes", file=sys.stderr)
            runs.append(Run(vendor, module.TITLE, way, people, changes, measure(people, changes)))
    return runs


def goals(runs: Sequence[Run]) -> list[Goal]:
    """What our ways are held to, in every case."""
    found: list[Goal] = []
    for one in runs:
        got, name = one.figures, f"{one.title}, {one.way}, {one.case}"
        if not one.ours:
            continue
        if got.stopped:
            found.append(Goal(f"{name}: written before it stopped at its limit", got.parts, 0))
            continue
        found += [
            Goal(f"{name}: sub-requests that write ÷ formula", _ratio(got.parts, got.formula), 1.0),
            Goal(f"{name}: calls that read ÷ pages", _ratio(got.reads, got.reads_most), 1.0),
            Goal(f"{name}: refused for a limit", got.throttled, 0),
            Goal(f"{name}: seats not as wanted", got.wrong, 0),
        ]
        if (
            one.changes and one.vendor != "canvas"
        ):  # Canvas takes one change a call, and a phase of three needs three
            found.append(Goal(f"{name}: calls that write ÷ phases", _ratio(got.calls, got.phases), 1.0))
    return found


def stops(runs: Sequence[Run]) -> list[Goal]:
    """A channel does not hold 10,000: that it stops, and says so."""
    full = [one for one in runs if one.way == "coplink, mode channel" and one.people > 5_000]
    return [
        Goal(
            f"{one.title}, {one.way}, {one.case}: stops with a sentence",
            int(bool(one.figures.stopped)),
            1,
            True,
        )
        for one in full
    ]


def _ratio(value: int, least: int) -> float:
    return round(value / max(least, 1), 3)


def table(title: str, runs: Sequence[Run]) -> Table:
    """One vendor's ways, case by case."""
    rows = []
    for one in runs:
        got = one.figures
        named = f"{one.way}{' (counted by a model)' if got.modelled else ''}"
        figures = [
            got.calls, got.parts, got.formula, got.phases, f"{got.reads}/{got.reads_most}", got.looks, got.throttled,
            got.wrong, f"{got.seconds:.0f}",
        ]  # fmt: skip
        cells = [str(value) for value in figures] if not got.stopped else ["stops", *["–"] * (len(HEADS) - 1)]
        rows.append([one.case, named, *cells])
    said = sorted({f"{one.way}: {one.figures.stopped}" for one in runs if one.figures.stopped})
    return Table(title, ["", "way", *HEADS], rows, "; ".join(said))


def main() -> int:
    """Run it and print."""
    sys.path.insert(0, str(Path(__file__).parent))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default=",".join(VENDORS), help="vendors, separated by commas")
    parser.add_argument("--quick", action="store_true", help="a tenth of the people")
    given = parser.parse_args()
    sizes = [(people // 10, changes) for people, changes in SIZES] if given.quick else SIZES
    runs = [one for vendor in given.only.split(",") for one in run(vendor, sizes)]
    titles = dict.fromkeys(one.title for one in runs)
    tables = [table(title, [one for one in runs if one.title == title]) for title in titles]
    told: dict[str, Any] = {
        f"{one.title}; {one.way}; {one.case}": dataclasses.asdict(one.figures) for one in runs
    }
    return tell(tables, goals(runs) + stops(runs), told, given.json)


if __name__ == "__main__":
    raise SystemExit(main())

"""What every benchmark here prints: tables for people, and with ``--json`` one object that holds the goals.

{"goals": [{"name": ..., "value": ..., "goal": ..., "met": ...}], "figures": {...}, "setting": {...}}
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and its bound: at most, or with ``at_least`` at least, ``goal``."""

    name: str
    value: float
    goal: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure keeps to its bound."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; ``note`` says how to read them."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def setting() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "sqlite": sqlite3.sqlite_version,
    }


def tell(tables: Sequence[Table], goals: Sequence[Goal], figures: dict[str, Any], as_json: bool) -> int:
    """Print everything; the exit code says whether every goal is met."""
    if as_json:
        told = [{"name": g.name, "value": g.value, "goal": g.goal, "met": g.met} for g in goals]
        print(json.dumps({"goals": told, "figures": figures, "setting": setting()}))
    else:
        for table in tables:
            show(table)
        bounds = [
            [g.name, f"{g.value:g}", f"{'≥' if g.at_least else '≤'} {g.goal:g}", "yes" if g.met else "NO"]
            for g in goals
        ]
        show(Table("Goals", ["goal", "value", "bound", "met"], bounds))
    return 0 if all(g.met for g in goals) else 1


def show(table: Table) -> None:
    """One table, columns aligned."""
    wide = [max(len(str(row[n])) for row in [table.heads, *table.rows]) for n in range(len(table.heads))]
    print(f"\n{table.title}")
    for row in [table.heads, ["-" * w for w in wide], *table.rows]:
        cells = [
            str(cell).ljust(w) if n == 0 else str(cell).rjust(w)
            for n, (cell, w) in enumerate(zip(row, wide, strict=True))
        ]
        print("  " + "  ".join(cells))
    if table.note:
        print(f"  {table.note}")

"""``coplink-sim --every-fault``: every single fault in all scenarios, or every pair of faults in three of them."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Sequence

import click

from coplink import logs
from coplink.campus.weather import Fault
from coplink.simulation.every.injector import Way
from coplink.simulation.every.scenarios import SCENARIOS
from coplink.simulation.every.search import Found, Wanted, replay, search


def every_fault(pairs: bool, names: Sequence[str], processes: int | None, as_json: bool) -> int:
    """Play them and print what came of it; 1 where a promise was broken or three rounds were not enough."""
    known = [one.name for one in SCENARIOS if one.pairs or not pairs]
    if unknown := set(names) - {one.name for one in SCENARIOS}:
        raise click.UsageError(f"no scenario is called {', '.join(sorted(unknown))}")
    wanted = Wanted(2 if pairs else 1, processes=processes or os.cpu_count() or 1)
    begun, found = time.monotonic(), []
    for name in names or known:
        found += search([name], wanted)
        if not as_json:
            _tell(found[-1])
    told = {**summed(found), "seconds": round(time.monotonic() - begun, 1)}
    if as_json:
        click.echo(json.dumps({**told, "by_scenario": [one.told() for one in found]}))
    else:
        click.echo(", ".join(f"{name}: {value}" for name, value in told.items()))
    return 1 if told["violations"] else 0


def summed(found: Sequence[Found]) -> dict[str, object]:
    """Of all scenarios together. An I/O is a call to a platform or a commit, before and after which one may die."""
    kinds: Counter[str] = Counter()
    for one in found:
        kinds += one.kinds
    return {
        "scenarios": len(found),
        "ios": sum(one.calls + one.commits for one in found),
        "kinds": len(kinds),
        "runs": sum(one.runs for one in found),
        "merged": sum(one.merged for one in found),
        "violations": sum(one.broken for one in found),
        "worst_cycles": max((one.worst for one in found), default=0),
    }


def again(name: str, path: str) -> int:
    """One run once more, with its story: ``12:busy+, 40:crash before+``, as a summary names it."""
    logs.configure("WARNING")
    met = [
        (int(point), Fault(fault), Way(way))
        for point, fault, way in re.findall(r"(\d+):([a-z0-9, ]+?)([-+])", path)
    ]
    violations = replay(name, met, click.echo)
    for violation in violations:
        click.echo(f"BROKEN {violation}")
    return 1 if violations else 0


def _tell(found: Found) -> None:
    click.echo(
        f"{found.scenario}: {found.calls} calls, {found.commits} commits, {found.runs} runs"
        f" ({found.merged} came to where another had been), {found.broken} broken,"
        f" at most {found.worst} rounds, {found.seconds:.0f} s"
    )
    for path, violations in found.violations.items():
        click.echo(f"  {path}")
        for violation in violations:
            click.echo(f"    {violation}")

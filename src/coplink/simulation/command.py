"""``coplink-sim``: one world's story, many worlds, or the planted bugs."""

from __future__ import annotations

import json
import sys
import time

import click

from coplink import logs
from coplink.simulation.every import command as every
from coplink.simulation.life import live
from coplink.simulation.many import Summary, caught, each
from coplink.simulation.mutants import MUTANTS
from coplink.simulation.planting import planted

MOST = 1000
"""Within so many worlds a planted bug has to show."""


@click.command()
@click.option("--seed", type=int, help="One world: its options, and what was broken.")
@click.option("--trace", is_flag=True, help="With --seed: everything that happened in it.")
@click.option("--seeds", type=int, help="So many worlds in parallel.")
@click.option("--from", "first", type=int, default=0, show_default=True, help="The first seed.")
@click.option(
    "--mutants",
    "all_mutants",
    is_flag=True,
    help="Plant each bug and see whether it is caught within so many seeds (1000 at most).",
)
@click.option("--mutant", help="With --seed or --seeds: plant this bug.")
@click.option(
    "--every-fault", is_flag=True, help="Every single fault at every input and output of the scenarios."
)
@click.option("--pairs", is_flag=True, help="With --every-fault: every pair of faults, in three of them.")
@click.option("--scenario", "scenarios", multiple=True, help="With --every-fault: this one only.")
@click.option("--again", "path", help="With --scenario: one run again, by the faults it was named with.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@click.option("--processes", type=int, help="How many at once (all cores).")
def main(
    seed: int | None,
    trace: bool,
    seeds: int | None,
    first: int,
    all_mutants: bool,
    mutant: str | None,
    every_fault: bool,
    pairs: bool,
    scenarios: tuple[str, ...],
    path: str | None,
    as_json: bool,
    processes: int | None,
) -> None:
    """Whole worlds from seeds: real engine and database, pretended platforms. Exit 1: a broken promise."""
    if every_fault:
        with planted(mutant):
            sys.exit(every.every_fault(pairs, scenarios, processes, as_json))
    if path is not None:
        sys.exit(every.again(scenarios[0], path))
    if seed is not None:
        sys.exit(_one(seed, trace, mutant))
    begun, summary = time.monotonic(), Summary()
    asked = range(first, first + (seeds or (0 if all_mutants else 500)))
    with planted(mutant):
        for ended in each(asked, processes):
            summary.add(ended)
            for violation in ended.violations:  # at once: many worlds take long
                click.echo(f"seed {ended.seed}: {violation}", err=True)
            if not as_json and sys.stderr.isatty():
                click.echo(
                    f"\r{summary.worlds} of {len(asked)}, {len(summary.broken)} broken", nl=False, err=True
                )
    told = summary.told() if asked else {}
    bad = bool(asked) and bool(summary.violations or summary.unreached())
    if all_mutants:
        found = _planted(min(seeds or MOST, MOST), processes, as_json)
        told["mutants"] = {
            "planted": len(found),
            "caught": len(found) - list(found.values()).count(None),
            "by": found,
        }
        bad = bad or None in found.values()
    _print({**told, "seconds": round(time.monotonic() - begun, 1)}, as_json)
    sys.exit(1 if bad else 0)


def _one(seed: int, trace: bool, mutant: str | None) -> int:
    if mutant is not None:
        with planted(mutant):
            (ended,) = each([seed], 1)
    else:
        logs.configure("WARNING" if trace else "CRITICAL")
        ended = live(seed, told=click.echo if trace else lambda _: None)
    for violation in ended.violations:
        click.echo(violation)
    writes = sum(ended.effects.values())
    click.echo(f"seed {seed}: {len(ended.violations)} broken, {writes} writes, {ended.crashes} crashes")
    return 0 if ended.good else 1


def _planted(most: int, processes: int | None, as_json: bool) -> dict[str, int | None]:
    """Each bug, and the first seed of so many whose world shows it; None where none does."""
    found: dict[str, int | None] = {}
    for mutant in MUTANTS:
        where = found[mutant.name] = caught(mutant, most, processes)
        if not as_json:
            click.echo(f"{mutant.name}: {'NOT CAUGHT' if where is None else f'caught by seed {where}'}")
    return found


def _print(told: dict[str, object], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told))
        return
    for name, value in told.items():
        click.echo(f"{name}: {value}")

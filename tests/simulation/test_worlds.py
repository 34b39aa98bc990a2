"""Worlds from seeds: those that once went wrong, the same seed is the same world, planted bugs are noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from coplink.simulation import command
from coplink.simulation.life import live
from coplink.simulation.many import caught, each
from coplink.simulation.mutants import MUTANTS
from coplink.simulation.planting import lacking

# Worlds that once showed a defect of coplink, or of the judging; kept for good.
KEPT = (1, 3, 13, 16, 20, 31, 86, 141, 150, 214, 308, 447, 495)
QUICKLY = "nothing stands in the journal"


def test_worlds_that_once_went_wrong_keep_every_promise() -> None:
    assert {ended.seed: ended.violations for ended in each(KEPT)} == dict.fromkeys(KEPT, ())


def test_the_same_seed_is_the_same_world() -> None:
    """Also in a process whose sets come in another order."""
    one, other = live(17), live(17)
    assert one == other
    words = (
        "from coplink.simulation.many import quietly; quietly();"
        "from coplink.simulation.life import live; print(live(17).state)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    told = subprocess.run(
        [sys.executable, "-c", words], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == one.state.strip()


def test_there_are_planted_bugs_enough_and_one_is_noticed() -> None:
    assert len({one.name for one in MUTANTS}) >= 25
    for mutant in MUTANTS:
        lacking(mutant)
    (mutant,) = [one for one in MUTANTS if one.name == QUICKLY]
    assert caught(mutant, 4) is not None


def test_one_command_runs_worlds_and_planted_bugs(monkeypatch) -> None:
    monkeypatch.setattr(command, "MUTANTS", [one for one in MUTANTS if one.name == QUICKLY])
    ran = CliRunner().invoke(command.main, ["--seeds", "2", "--mutants", "--json"])
    told = json.loads(ran.stdout)
    assert (told["worlds"], told["violations"]) == (2, 0)
    assert told["mutants"]["planted"] == told["mutants"]["caught"] == 1
    assert told["mutants"]["by"][QUICKLY] in (0, 1)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_every_planted_bug_is_noticed(mutant) -> None:
    assert caught(mutant, 1000) is not None

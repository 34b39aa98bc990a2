"""The benchmark of large rosters runs, on a small one, and says what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROSTER = Path(__file__).parents[2] / "bench" / "roster.py"


@pytest.mark.long
def test_the_benchmark_of_rosters_tells_goals_and_figures():
    command = [sys.executable, str(ROSTER), "--quick", "--people", "400", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    told = json.loads(ended.stdout)
    assert [(goal["goal"], type(goal["met"])) for goal in told["goals"]] == [
        (200.0, bool),
        (25.0, bool),
        (40.0, bool),
    ]
    assert ended.returncode == (0 if all(goal["met"] for goal in told["goals"]) else 1)
    counts = {
        case: run[0]["counts"] for case, run in told["figures"]["runs"].items() if case.startswith("ours")
    }
    assert counts == {
        "ours, 1000 to a page; first": {"listed": 400, "no_longer_listed": 0},
        "ours, 1000 to a page; unchanged": {"listed": 400, "no_longer_listed": 0},
        "ours, 1000 to a page; churn": {"listed": 400, "no_longer_listed": 4},
    }

"""What applying memberships costs, on a small community: as the benchmark counts it (``bench/apply.py``)."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
VENDORS = {"apply_microsoft": 2, "apply_google": 1, "apply_canvas": 1}  # how many ways are ours


@pytest.fixture
def vendor(request, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module(request.param)


@pytest.mark.parametrize("vendor", VENDORS, indirect=True)
@pytest.mark.parametrize("changes", [pytest.param(0, marks=pytest.mark.long), 10])
def test_no_write_more_than_the_formula_and_no_page_read_twice(vendor, changes):
    ours = {way: measure for way, measure in vendor.WAYS.items() if way.startswith("coplink")}
    assert len(ours) == VENDORS[vendor.__name__]
    for way, measure in ours.items():
        got = measure(60, changes)
        assert (got.parts, got.reads) == (got.formula, got.reads_most), way
        assert (got.throttled, got.wrong, got.stopped) == (0, 0, ""), way
        if changes and vendor.__name__ != "apply_canvas":
            assert got.calls == got.phases == 4, way


@pytest.mark.long
def test_a_tenth_of_the_benchmark_meets_its_goals():
    command = [sys.executable, str(BENCH / "apply.py"), "--quick", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert ended.returncode == 0, ended.stdout[-4000:]

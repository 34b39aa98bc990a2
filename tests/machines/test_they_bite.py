"""A machine that notices nothing is worth nothing: every planted bug stops one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from planted import PLANTED, Mutant

HERE = Path(__file__).parent


@pytest.mark.long
@pytest.mark.parametrize("mutant", PLANTED, ids=lambda one: one.name)
def test_every_planted_bug_is_noticed(mutant: Mutant) -> None:
    number = str(PLANTED.index(mutant))
    done = subprocess.run(
        [sys.executable, HERE / "planted.py", number],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]


def test_each_bug_has_a_place_in_the_text() -> None:
    source = HERE.parents[1] / "src"
    for one in PLANTED:
        text = (source / one.module.replace(".", "/")).with_suffix(".py").read_text()
        assert text.count(one.old) == 1, one.name

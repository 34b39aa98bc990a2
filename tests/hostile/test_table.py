"""Every case of the reviewed table, seen over HTTPS."""

from __future__ import annotations

import pytest
from hostile_case import Case, judge
from hostile_rows import CASES
from hostile_stage import Scene


@pytest.mark.parametrize("case", CASES, ids=[f"{case.number}: {case.what}" for case in CASES])
def test_a_case_of_the_table(case: Case, scene: Scene) -> None:
    judge(case, scene, case.do(scene))

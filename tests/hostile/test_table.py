"""Every case of the reviewed table, seen over HTTPS."""

from __future__ import annotations

import pytest
from hostile_case import Case, judge
from hostile_rows import SEEN_HERE
from hostile_stage import Scene


@pytest.mark.parametrize("case", SEEN_HERE, ids=[f"{case.number}: {case.what}" for case in SEEN_HERE])
def test_a_case_of_the_table(case: Case, scene: Scene) -> None:
    judge(case, scene, case.do(scene))

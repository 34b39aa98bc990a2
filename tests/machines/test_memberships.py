"""Joining, declining, pausing, returning, listening in, leaving, leading, withdrawing: in any order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from machine_memberships import Memberships

ALL = list(HealthCheck)


def test_a_few_short_lives() -> None:
    run_state_machine_as_test(
        Memberships,
        settings=settings(
            max_examples=4,
            stateful_step_count=20,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=ALL,
            phases=[Phase.generate],
        ),
    )


@pytest.mark.long
def test_thousands_of_steps() -> None:
    run_state_machine_as_test(
        Memberships,
        settings=settings(
            max_examples=120,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=ALL,
            phases=[Phase.generate, Phase.shrink],
        ),
    )

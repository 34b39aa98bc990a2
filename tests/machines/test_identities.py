"""Linking doors, ids and accounts, and taking them apart again: in any order, at two schools with equal ids."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from machine_identities import Identities

EVERY = list(HealthCheck)


def test_a_few_short_lives() -> None:
    run_state_machine_as_test(
        Identities,
        settings=settings(
            max_examples=5,
            stateful_step_count=25,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=EVERY,
            phases=[Phase.generate],
        ),
    )


@pytest.mark.long
def test_thousands_of_steps() -> None:
    run_state_machine_as_test(
        Identities,
        settings=settings(
            max_examples=200,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=EVERY,
            phases=[Phase.generate, Phase.shrink],
        ),
    )

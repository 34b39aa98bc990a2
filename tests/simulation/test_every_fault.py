"""Every single fault at every call and commit of the scenarios, and every pair in three of them."""

from __future__ import annotations

import pytest

from coplink.campus.weather import Fault
from coplink.simulation.every.command import summed
from coplink.simulation.every.scenarios import SCENARIOS
from coplink.simulation.every.search import Wanted, search
from coplink.simulation.planting import planted

PAIRS = [one.name for one in SCENARIOS if one.pairs]


def test_faults_at_some_points_of_a_scenario_end_well() -> None:
    """Every fifth point; the long test takes them all."""
    (found,) = search(["roster"], Wanted(each=5))
    assert found.violations == {}
    assert found.runs > 5
    assert found.worst <= 3


def test_a_planted_bug_is_noticed() -> None:
    with planted("one absence is a departure"):
        (found,) = search(["leaving"], Wanted(kinds=frozenset({Fault.SHORT})))
    assert any("I1" in said for broken in found.violations.values() for said in broken)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [one.name for one in SCENARIOS])
def test_every_single_fault_is_made_good_within_three_rounds(name: str) -> None:
    (found,) = search([name], Wanted())
    assert found.violations == {}
    assert found.worst <= 3
    assert found.runs > found.calls + found.commits
    assert found.followed > 1


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", PAIRS)
def test_every_pair_of_faults_is_made_good_within_three_rounds(name: str) -> None:
    (found,) = search([name], Wanted(faults=2))
    assert found.violations == {}
    assert found.worst <= 3
    assert found.runs > 4 * (found.calls + found.commits)


def test_there_are_twelve_scenarios_and_three_for_pairs() -> None:
    assert len({one.name for one in SCENARIOS}) >= 12
    assert len(PAIRS) == 3
    assert summed([])["runs"] == 0

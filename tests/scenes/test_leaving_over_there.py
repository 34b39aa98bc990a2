"""Somebody leaves in one suite and is out everywhere, for good; the history says so."""

from __future__ import annotations

import pytest
from tests.scenes.district import SUITES
from tests.scenes.town import Town, ready

from coplink.core.people import Standing

LONG = [pytest.param(suite, marks=pytest.mark.long) for suite in ("canvas", "google")]
FULL = {suite: {"ana.ruiz", "ben.okafor", "chloe.park"} for suite in SUITES}
LEFT = {suite: {"ana.ruiz", "chloe.park"} for suite in SUITES}


@pytest.mark.parametrize("suite", ["teams", *LONG])
def test_who_leaves_over_there_is_out_everywhere_and_stays_out(town: Town, suite: str) -> None:
    community = town.founded("ben.okafor", "chloe.park")
    ready(town, community)
    town.night(community)  # what was written has been seen
    assert town.everywhere(community) == FULL
    town.taken_out(community, "ben.okafor", suite)
    town.look(community)
    assert town.everywhere(community) == LEFT
    for _ in range(3):
        town.night(community)
        assert town.everywhere(community) == LEFT
    title = town.services.manifests[suite].title
    assert f"Ben Okafor left in {title}" in town.history(community)
    assert town.standings(community)["Ben Okafor"] is Standing.LEFT
    assert set(town.explained(community, "ben.okafor").values()) == {"There is no seat."}

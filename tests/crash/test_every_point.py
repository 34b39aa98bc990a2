"""``kill -9`` of the worker at every point of making a place, seating, meeting, inviting and announcing.

Between two commits of coplink, or between a commit and a write, nothing changes that outlives the process. So all there
is to die at are the moments just after each commit and just after each write that a platform has done and not yet
answered. For two acts it is shown that dying just before a commit, or before a write is done, ends no other way.
"""

from __future__ import annotations

import pytest
from tests.crash.conftest import KINDS
from tests.crash.points import Beginning, Deaths, at_every, killed_at

AFTER = (("commit", "after"), ("call", "done"))
BEFORE = (("commit", "before"), ("call", "arrived"))
ACTS = {
    "canvas": ("made", "seats", "moved", "said", "letters"),
    "teams": ("made", "seats", "moved", "said"),
    "google": ("made", "seats", "moved", "said"),
}


def died(ready, kind, platform, act, points=None, moments=AFTER) -> Deaths:
    """Kill at chosen points, or at all there are."""
    one = ready(kind, platform)
    beginning, deaths = Beginning(one.house, one.after(act)), Deaths()
    for point in points or ():
        assert killed_at(beginning, point, deaths), f"{point} never came"
    if points is None:
        for what, when in moments:
            at_every(beginning, what, when, deaths)
    print(f"\n{kind} {platform} {act}: {len(deaths.points)} points, stuck {deaths.longest:.2f} s at the most")
    assert not deaths.wrong, "\n".join(deaths.wrong)
    return deaths


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_dies_between_row_and_answer_leaves_nothing_open(ready, kind):
    """The row is kept and nothing called; the call is done and its answer never came."""
    points = [("commit", 6, "after"), ("call", 2, "done")]
    died(ready, kind, "canvas", "seats", points)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("platform", "act"), [(key, act) for key in ACTS for act in ACTS[key]])
def test_a_worker_may_die_anywhere(ready, kind, platform, act):
    deaths = died(ready, kind, platform, act)
    assert {"commit", "call"} == {what for what, _, _ in deaths.points}
    assert len(deaths.points) >= 5


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("act", ["seats", "letters"])
def test_dying_just_before_is_no_other_death_than_after_what_came_before(ready, act):
    deaths = died(ready, "sqlite", "canvas", act, moments=BEFORE)
    assert len(deaths.points) >= 10

"""A team of its own rests and wakes behind Microsoft's 202s, by the worker alone, and is let go of."""

from __future__ import annotations

import pytest
from tests.journeys.test_team_mode import District, district  # noqa: F401  (a fixture)

from coplink.core.spaces import SpaceState
from coplink.engine import lifecycle


@pytest.mark.long
def test_a_team_is_archived_and_restored_over_several_turns_and_then_left(district: District) -> None:  # noqa: F811
    wire = district.wire
    wire.operations.seconds, wire.lag_seconds = 70, 30
    district.connect("team")
    ana = district.comes("ana.ruiz", leads=True)
    community = district.found(ana)
    district.work()

    def act(verb, *more):
        with district.services.begin() as uow:
            verb(uow, *more, district.clock.now())
            uow.commit()
        district.work()

    def kept():
        with district.services.begin() as uow:
            return uow.communities.get(community.id)

    def archived():
        (team,) = [one for one in wire.state()["teams"] if one["marker"]]
        return team["archived"]

    asked = len(wire.calls)
    act(lifecycle.conclude, kept(), ana)
    posts = [c.path for c in wire.calls[asked:] if c.method == "POST" and c.path.endswith("/archive")]
    assert archived()
    assert len(posts) == 1, "asked for once, and waited for"
    (space,) = district.spaces(community)
    assert (space.state, space.archived_at is not None) == (SpaceState.ARCHIVED, True)
    act(lifecycle.rename, kept(), ana, "Late readers")
    act(lifecycle.reopen, kept(), ana)
    (space,) = district.spaces(community)
    assert (space.state, space.written_name) == (SpaceState.READY, "Late readers"), space.trouble
    assert not archived()
    assert "Late readers" in {one["name"] for one in wire.state()["teams"]}
    act(lifecycle.detach, space, ana, "Microsoft Teams", True)
    with district.services.begin() as uow:
        left = {one.title for one in uow.spaces.left(space.id)}
    assert "Late readers" in left
    assert wire.state()["subscriptions"] == []

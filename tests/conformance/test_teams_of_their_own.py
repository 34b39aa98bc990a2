"""The same promises where each community gets a team of its own (mode ``team``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from rigs_teams import TeamsRig

from coplink.ports.spaces import SpaceWish
from coplink.testing.conformance import (
    AnnouncementsSuite,
    Front,
    SeatsSuite,
    SpacesSuite,
    UpkeepSuite,
    cannot,
)
from coplink_teams import long_running


class OwnTeamsRig(TeamsRig):
    """What people do with a team, which is kept beside its main channel."""

    def __init__(self, front: Front, patch: pytest.MonkeyPatch) -> None:
        super().__init__(front, patch)
        self.wire.mode = "team"
        self.settings = dict(self.wire.settings(self.district))
        self.connection = self.integration.connect(self.settings, self.around())

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        if step != "order":
            cannot("a copy of what lies in a team")
        kept = self.store.get("teams.team", parts["team"])
        assert kept is not None
        self.store.put("teams.team", "twin", {**kept, "id": "twin"})
        self.wire.members.seat("twin", self.wire.people.service_id, ["owner"], 0.0)

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        kept = self.store.get("teams.team", parts["team"])
        assert kept is not None
        self.store.put("teams.team", parts["team"], {**kept, "name": name})

    def vanish(self, parts: Mapping[str, str]) -> None:
        super().vanish(parts)
        self.store.drop("teams.team", parts["team"])


@pytest.fixture
def rig(front: Front, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnTeamsRig]:
    yield OwnTeamsRig(front, monkeypatch)
    for memory in (long_running._asked, long_running._done, long_running._pending):
        memory.clear()


class TestSpaces(SpacesSuite): ...


@pytest.mark.long
class TestSeats(SeatsSuite): ...


class TestUpkeep(UpkeepSuite): ...


class TestAnnouncements(AnnouncementsSuite): ...

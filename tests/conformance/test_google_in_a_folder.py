"""The same promises in a folder that somebody brought (mode ``folder``)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from rigs_google import GoogleRig

from coplink.core.people import AccountId
from coplink.ports.spaces import SpaceWish
from coplink.testing.conformance import Front, LibrarySuite, SeatsSuite, SpacesSuite, UpkeepSuite, cannot


class FolderRig(GoogleRig):
    """What people do with a community's folder, which lies among other things."""

    def __init__(self, front: Front, patch: pytest.MonkeyPatch) -> None:
        super().__init__(front, patch)
        self.settings = dict(self.wire.settings_of("folder", self.district))
        self.connection = self.integration.connect(self.settings, self.around())

    def half_a_listing(self, parts: Mapping[str, str]) -> None:
        self.pages_of(2)
        self.rain("GET .*/permissions.*pageToken", status=503, body={})

    def lose_next_answer(self) -> None:
        self.rain(
            r"^(POST|PATCH|DELETE) .*(/drive/v3|/calendar/v3)", "lose"
        )  # looking somebody up is no write

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        if step != "folder":
            cannot("a copy of what is not ours")
        kept = self.store.get("google.file", parts["folder"])
        assert kept is not None
        self.store.put("google.file", "1twin", {**kept, "id": "1twin"})

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        self.wire.drive.change(parts["folder"], name=name)

    def vanish(self, parts: Mapping[str, str]) -> None:
        self.wire.drive.change(parts["folder"], removed=True)

    def seat_own_account(self, parts: Mapping[str, str]) -> AccountId:
        district = self.wire.districts["lakeside"]
        robot = self.wire.directory.account(district, district.robot)
        kept = self.store.get("google.file", parts["folder"])
        assert kept is not None
        own = {
            "kind": "drive#permission",
            "id": "9",
            "type": "user",
            "role": "writer",
            "displayName": "coplink",
        }
        rows = [*kept.get("permissions", []), {**own, "emailAddress": robot["email"]}]
        self.store.put("google.file", parts["folder"], {**kept, "permissions": rows})
        return AccountId(robot["id"])


@pytest.fixture
def rig(front: Front, monkeypatch: pytest.MonkeyPatch) -> FolderRig:
    return FolderRig(front, monkeypatch)


class TestSpaces(SpacesSuite): ...


@pytest.mark.long
class TestSeats(SeatsSuite): ...


@pytest.mark.long
class TestLibrary(LibrarySuite): ...


class TestUpkeep(UpkeepSuite): ...

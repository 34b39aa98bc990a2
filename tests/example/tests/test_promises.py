"""Every promise of the ports, kept by the Notice Board over its sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import pytest
from coplink_noticeboard import integration
from coplink_noticeboard.sandbox import BOARD, DATE, HOUSE, make

from coplink.core.people import AccountId
from coplink.core.rhythm import Series
from coplink.ports.integration import Capability
from coplink.ports.spaces import SpaceWish
from coplink.testing.conformance import (
    CalendarSuite,
    Front,
    ManifestSuite,
    SeatsSuite,
    ServedRig,
    SpacesSuite,
)

PEOPLE = ("ana.ruiz", "ben.okafor", "chloe.park", "dana.whitfield", "elias.haddad")


class BoardRig(ServedRig):
    """What people do on a board."""

    where = "coplink_noticeboard:integration"
    sdk = ("requests",)
    accounts = tuple(AccountId(key) for key in PEOPLE)
    stranger = AccountId("nobody")
    lines: Mapping[Capability, str] = {
        Capability.SPACES: "Boards",
        Capability.SEATS: "People",
        Capability.CALENDAR: "Dates",
    }

    def __init__(self, front: Front) -> None:
        super().__init__(front, integration, make, "riverbend")

    def _board(self, parts: Mapping[str, str]) -> dict[str, object]:
        kept = self.store.get(BOARD, parts["board"])
        assert kept is not None
        return kept

    def half_a_listing(self, parts: Mapping[str, str]) -> None:
        self.pages_of(2)
        self.rain("GET .*/people.*page=2", status=503)

    def half_a_calendar(self, parts: Mapping[str, str]) -> None:
        self.pages_of(4)
        self.rain("GET .*/dates.*page=2", status=503)

    def revoke(self) -> None:
        self.wire.withdraw("token")

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        self.store.put(BOARD, "copy", {**self._board(parts), "id": "copy"})

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        self.store.put(BOARD, parts["board"], {**self._board(parts), "name": name})

    def vanish(self, parts: Mapping[str, str]) -> None:
        self.store.drop(BOARD, parts["board"])

    def seat_own_account(self, parts: Mapping[str, str]) -> AccountId:
        return AccountId(HOUSE)  # it made the board, and keeps it

    def meetings(self, parts: Mapping[str, str], series: Series) -> Sequence[datetime]:
        return sorted(datetime.fromisoformat(one["starts"]) for one in self.store.all(DATE))

    def move_meeting(self, parts: Mapping[str, str], series: Series, original: date, by: timedelta) -> None:
        kept = next(one for one in self.store.all(DATE) if one["tag"].endswith(original.isoformat()))
        moved = {name: (datetime.fromisoformat(kept[name]) + by).isoformat() for name in ("starts", "ends")}
        self.store.put(DATE, kept["id"], {**kept, **moved})


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    front = Front()
    yield front
    front.close()


@pytest.fixture
def rig(front: Front) -> Iterator[BoardRig]:
    rig = BoardRig(front)
    yield rig
    assert [line for line in rig.wire.refusals if ": 401" not in line] == [], "asked for what is not there"


class TestManifest(ManifestSuite): ...


class TestSpaces(SpacesSuite): ...


class TestSeats(SeatsSuite): ...


class TestCalendar(CalendarSuite): ...

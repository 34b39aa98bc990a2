"""Every promise of the ports, kept by the Google connector over its sandbox, with the real SDK in between."""

from __future__ import annotations

import pytest
from rigs_google import GoogleRig

from coplink.testing.conformance import (
    AnnouncementsSuite,
    CalendarSuite,
    DirectorySuite,
    DoorSuite,
    Front,
    LibrarySuite,
    ManifestSuite,
    SeatsSuite,
    SpacesSuite,
    UpkeepSuite,
    WatchSuite,
)


@pytest.fixture
def rig(front: Front, monkeypatch: pytest.MonkeyPatch) -> GoogleRig:
    return GoogleRig(front, monkeypatch)


class TestManifest(ManifestSuite): ...


class TestSpaces(SpacesSuite): ...


class TestSeats(SeatsSuite): ...


class TestDirectory(DirectorySuite): ...


class TestCalendar(CalendarSuite): ...


class TestLibrary(LibrarySuite): ...


class TestWatch(WatchSuite): ...


class TestUpkeep(UpkeepSuite): ...


class TestAnnouncements(AnnouncementsSuite): ...


class TestDoor(DoorSuite): ...

"""Every promise of the ports, kept by the pin board, which engine and pages are tested with."""

from __future__ import annotations

import pytest
from rigs_pinboard import PinboardRig

from coplink.testing.conformance import (
    AnnouncementsSuite,
    CalendarSuite,
    DirectorySuite,
    DoorSuite,
    LibrarySuite,
    ManifestSuite,
    SeatsSuite,
    SpacesSuite,
    UpkeepSuite,
    WatchSuite,
)


@pytest.fixture
def rig() -> PinboardRig:
    return PinboardRig()


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

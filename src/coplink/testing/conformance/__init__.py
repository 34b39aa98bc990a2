"""What every integration promises, as tests: one class a port, one fixture to give.

An author subclasses the suites and provides ``rig``, the platform as a test can play it::

    @pytest.fixture
    def rig(front): ...                    # returns a Rig, see rig.py; served.py has one over a sandbox

    class TestSeats(SeatsSuite): ...

What a platform cannot play is skipped with the reason; a suite for a capability that the manifest does not declare is
skipped as a whole. Each test is named after the promise in the docstrings of ``coplink.ports``.

    rig.py served.py                what is asked of the author; most of it, over a sandbox of ours
    scenes.py hook.py               a space, a series; where a platform calls
    spaces.py seats.py directory.py calendar.py library.py watch.py door.py upkeep.py announcements.py    one port each
    manifest.py                     what is declared, and the answers without an SDK

May import: ``coplink.ports``, ``coplink.core``, ``coplink.sandbox``, pytest.
"""

from __future__ import annotations

import pytest

_SUITES = (
    "spaces",
    "seats",
    "directory",
    "calendar",
    "library",
    "watch",
    "door",
    "upkeep",
    "announcements",
    "manifest",
    "scenes",
)
pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _SUITES))

from coplink.testing.conformance.announcements import AnnouncementsSuite  # noqa: E402  after the line above
from coplink.testing.conformance.calendar import CalendarSuite  # noqa: E402
from coplink.testing.conformance.directory import DirectorySuite  # noqa: E402
from coplink.testing.conformance.door import DoorSuite  # noqa: E402
from coplink.testing.conformance.library import LibrarySuite  # noqa: E402
from coplink.testing.conformance.manifest import ManifestSuite  # noqa: E402
from coplink.testing.conformance.rig import Rig, cannot  # noqa: E402
from coplink.testing.conformance.seats import SeatsSuite  # noqa: E402
from coplink.testing.conformance.served import Front, ServedRig  # noqa: E402
from coplink.testing.conformance.spaces import SpacesSuite  # noqa: E402
from coplink.testing.conformance.upkeep import UpkeepSuite  # noqa: E402
from coplink.testing.conformance.watch import WatchSuite  # noqa: E402

SUITES = (
    ManifestSuite,
    SpacesSuite,
    SeatsSuite,
    DirectorySuite,
    CalendarSuite,
    LibrarySuite,
    WatchSuite,
    UpkeepSuite,
    AnnouncementsSuite,
    DoorSuite,
)

__all__ = [
    "SUITES",
    "AnnouncementsSuite",
    "CalendarSuite",
    "DirectorySuite",
    "DoorSuite",
    "Front",
    "LibrarySuite",
    "ManifestSuite",
    "Rig",
    "SeatsSuite",
    "ServedRig",
    "SpacesSuite",
    "UpkeepSuite",
    "WatchSuite",
    "cannot",
]

"""One institution's way to its Canvas: the ports over one client, and the check-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from coplink.ports.integration import Check, Surroundings
from coplink_canvas import MANIFEST, preflight
from coplink_canvas.announcements import CanvasAnnouncements
from coplink_canvas.calendar import GroupCalendar
from coplink_canvas.client import Client
from coplink_canvas.library import CanvasLibrary
from coplink_canvas.names import Access, Choices
from coplink_canvas.seats import GroupSeats
from coplink_canvas.spaces import CourseGroups
from coplink_canvas.upkeep import CanvasUpkeep


class CanvasConnection:
    """Canvas with one institution's token. Canvas offers no directory or watch to coplink."""

    def __init__(self, settings: Mapping[str, str], around: Surroundings) -> None:
        self._settings = settings
        self._client = Client(settings.get("base_url", ""), Access.of(settings), around)
        choices, lag = Choices.of(settings), around.lag if around.lag is not None else MANIFEST.limits.lag
        self._spaces = CourseGroups(self._client, choices)
        self._seats = GroupSeats(self._client)
        self._calendar = GroupCalendar(self._client, around.clock, lag)
        self._library = CanvasLibrary(self._client, choices, around.clock, lag)
        self._announcements = CanvasAnnouncements(self._client, choices)
        self._upkeep = CanvasUpkeep(self._client, self._spaces, around.clock)

    @property
    def spaces(self) -> CourseGroups:
        """Groups in courses."""
        return self._spaces

    @property
    def seats(self) -> GroupSeats:
        """Members of a group."""
        return self._seats

    @property
    def calendar(self) -> GroupCalendar:
        """The group's calendar."""
        return self._calendar

    @property
    def directory(self) -> None:
        """None: an account in Canvas is proved by a launch, never looked up."""

    @property
    def library(self) -> CanvasLibrary:
        """Files and pages of the group and the course."""
        return self._library

    @property
    def watch(self) -> None:
        """None: Canvas tells nobody about a group."""

    @property
    def upkeep(self) -> CanvasUpkeep:
        """What happens to a group afterwards."""
        return self._upkeep

    @property
    def announcements(self) -> CanvasAnnouncements:
        """Announcements in the group, or in the course where that is allowed."""
        return self._announcements

    def check(self) -> Sequence[Check]:
        """What works, and who can change what does not; rights in a course show when it is used."""
        return preflight.checks(self._client, self._settings)

    def realm(self) -> str:
        """The host of this Canvas. People come in through LTI, whose registration is their realm."""
        return urlsplit(self._client.base_url).hostname or ""

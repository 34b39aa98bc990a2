"""One institution's way to its Canvas: the ports over one client, and the check-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from coplink.core.words import Said, say
from coplink.ports.errors import IntegrationError, NeedsAttention, PermissionMissing
from coplink.ports.integration import Check, Surroundings
from coplink_canvas import ADMIN, MANIFEST
from coplink_canvas.calendar import GroupCalendar
from coplink_canvas.client import Client
from coplink_canvas.names import Access
from coplink_canvas.seats import GroupSeats
from coplink_canvas.spaces import CourseGroups


class CanvasConnection:
    """Canvas with one institution's token. Canvas offers no directory, library or watch to coplink."""

    def __init__(self, settings: Mapping[str, str], around: Surroundings) -> None:
        self._client = Client(settings.get("base_url", ""), Access.of(settings), around)
        self._spaces = CourseGroups(self._client)
        self._seats = GroupSeats(self._client)
        self._calendar = GroupCalendar(
            self._client, around.clock, around.lag if around.lag is not None else MANIFEST.limits.lag
        )

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
    def library(self) -> None:
        """None: what is made in Canvas stays uncatalogued for now."""

    @property
    def watch(self) -> None:
        """None: Canvas tells nobody about a group."""

    @property
    def upkeep(self) -> None:
        """None: a group stays as it was made."""

    def check(self) -> Sequence[Check]:
        """Signs in and looks at the service account's own calendar; rights are per course and show when it is used."""
        return (
            _try(say("Sign in with the access token"), self._client.me),
            _try(say("Read calendars"), self._client.some_events_of_mine),
        )

    def realm(self) -> str:
        """The host of this Canvas. People come in through LTI, whose registration is their realm."""
        return urlsplit(self._client.base_url).hostname or ""


def _try(title: Said, call: Callable[[], object]) -> Check:
    try:
        call()
    except PermissionMissing as error:
        return Check(str(title), False, error.message, error.who, error.scopes)
    except NeedsAttention as error:
        return Check(str(title), False, error.message, error.who)
    except IntegrationError as error:
        return Check(str(title), False, error.message, ADMIN)
    return Check(str(title), True, say("Works."))

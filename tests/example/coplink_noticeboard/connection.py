"""One institution's way to its boards: the three ports, and the check-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from coplink.core.words import say
from coplink.ports.errors import IntegrationError, NeedsAttention, PermissionMissing, Transient
from coplink.ports.integration import Check, Surroundings
from coplink_noticeboard import ADMIN
from coplink_noticeboard.calendar import Dates
from coplink_noticeboard.client import Client
from coplink_noticeboard.seats import People
from coplink_noticeboard.spaces import Boards


class BoardConnection:
    """Boards with one token."""

    def __init__(self, settings: Mapping[str, str], realm: str, around: Surroundings) -> None:
        self._client, self._realm = Client(settings, around), realm
        self.spaces = Boards(self._client)
        self.seats = People(self._client)
        self.calendar = Dates(self._client)
        self.directory = None
        self.library = None
        self.watch = None
        self.upkeep = None
        self.announcements = None

    def realm(self) -> str:
        """The host of the boards."""
        return self._realm

    def check(self) -> Sequence[Check]:
        """One harmless call for each permission."""
        return [
            self._try(title, scope, path)
            for title, scope, path in (
                ("Boards", "boards", "/boards"),
                ("People", "people", "/people"),
                ("Dates", "dates", "/dates"),
            )
        ]

    def _try(self, title: str, scope: str, path: str) -> Check:
        call: Callable[[], object] = lambda: self._client.call("GET", f"check {scope}", path)  # noqa: E731
        try:
            call()
        except IntegrationError as error:
            who = error.who if isinstance(error, NeedsAttention) else ADMIN
            scopes = (scope,) if isinstance(error, PermissionMissing) else ()
            where = say("Settings, Tokens, on the Notice Board")
            return Check(
                title, False, error.message, who, scopes, where, asked=not isinstance(error, Transient)
            )
        return Check(title, True, say("Works."))

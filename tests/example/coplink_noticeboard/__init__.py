"""The Notice Board: a board per community, its keepers and readers, and its list of dates.

This front page imports ports and core only; ``connect`` loads the HTTP client. May import: ``coplink.ports``,
``coplink.core``; its sandbox ``coplink.sandbox`` too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from coplink.core.errors import NotInstalled
from coplink.core.people import Role
from coplink.core.spaces import SpaceKind
from coplink.core.words import say
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.errors import Misconfigured
from coplink.ports.integration import (
    Capability,
    Connection,
    Consent,
    Field,
    Limits,
    Manifest,
    Scope,
    Surroundings,
)
from coplink.ports.spaces import Planned, SpaceWish
from coplink.ports.watch import Heard

ADMIN = "caretaker of the boards"
NAME_LENGTH = 80

MANIFEST = Manifest(
    key="noticeboard",
    title="Notice Board",
    capabilities=frozenset({Capability.SPACES, Capability.SEATS, Capability.CALENDAR}),
    kind=SpaceKind.GROUP,
    roles=frozenset({Role.FACILITATOR, Role.MEMBER}),
    limits=Limits(seats=200, facilitators=20, name_length=NAME_LENGTH, batch=50, lag=timedelta(seconds=5)),
    scopes=(
        Scope("boards", "to make one board for each community", "no community gets a board"),
        Scope("people", "to seat members and take away those who left", "nobody is seated or unseated"),
        Scope("dates", "to put the meetings on the board's list of dates", "meetings are not on the board"),
    ),
    fields=(
        Field("board_url", "Address of the boards", "For instance https://boards.example.org"),
        Field("token", "Token", "Settings, Tokens, New token", secret=True),
    ),
    extra="",
    admin=ADMIN,
    door_name="the course in your learning platform",
    space_word="board",
    steps=("board",),
    part_words={"board": "board"},
)


class NoticeBoardIntegration:
    """Code for the Notice Board; keeps nothing."""

    @property
    def manifest(self) -> Manifest:
        """What it declares."""
        return MANIFEST

    def look_over(self, settings: Mapping[str, str]) -> str:
        """The host of these boards; raises ``Misconfigured``."""
        parts = urlsplit(settings.get("board_url", ""))
        if not parts.hostname or not (parts.scheme == "https" or _on_loopback(parts.hostname)):
            raise Misconfigured(say("The address of the boards begins with https://."), ADMIN)
        if not settings.get("token", "").strip():
            raise Misconfigured(say("The token is missing."), ADMIN)
        return parts.hostname

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """What the board will be called."""
        return Planned(board_name(wish.name), MANIFEST.steps)

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """None: boards call nobody."""
        return None

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Connection:
        """One institution's way to its boards; no call is made yet."""
        realm = self.look_over(settings)
        try:
            from coplink_noticeboard.connection import BoardConnection
        except ModuleNotFoundError as error:
            if error.name != "requests":
                raise
            raise NotInstalled(MANIFEST.extra) from error
        return BoardConnection(settings, realm, around)

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        """None: people come by LTI."""
        return None

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> Consent | None:
        """None: a token is all there is."""
        return None


def board_name(name: str) -> str:
    """A name as a board takes it: one line of printable characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line[:NAME_LENGTH].rstrip() or "Community"


def _on_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


integration = NoticeBoardIntegration()

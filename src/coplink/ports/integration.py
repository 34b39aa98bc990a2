"""The front page for authors of integrations: what one declares, and what it hands out.

An integration is code for one platform. Its ``manifest`` is readable without the platform's SDK; ``connect`` gives a
``Connection`` with one institution's credentials, ``door`` its way in. It keeps nothing: settings and secrets come in,
values go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from coplink.core.people import Role
from coplink.core.spaces import SpaceKind
from coplink.core.words import Said
from coplink.ports.calendar import Calendar
from coplink.ports.clock import Clock
from coplink.ports.directory import Directory
from coplink.ports.door import Door
from coplink.ports.library import Library
from coplink.ports.seats import Seats
from coplink.ports.spaces import Spaces
from coplink.ports.watch import Watch


class Capability(StrEnum):
    """What an integration can do; each names a property of its ``Connection`` (``door`` is the integration's own)."""

    SPACES = "spaces"
    SEATS = "seats"
    DIRECTORY = "directory"
    CALENDAR = "calendar"
    LIBRARY = "library"
    WATCH = "watch"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a platform holds; configuration may override, the platform's own refusal is the truth.

    ``lag`` is how late a write may become visible; ``watch_life`` how long a subscription lives.
    """

    seats: int
    facilitators: int
    name_length: int
    batch: int
    lag: timedelta
    watch_life: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission an admin grants: its name over there, why coplink needs it, and what stops without it."""

    name: str
    reason: str
    without: str


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a connection. Secret ones are sealed; ``default`` None makes it required."""

    name: str
    title: str
    help: str = ""
    secret: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an integration declares. ``door_name`` completes "Open … once": "the Teams tab".

    ``roles`` are those a space there can tell apart; ``admin`` is who can change things ("Canvas administrator");
    ``space_word`` is the platform's own word for a space ("channel"); ``chooses`` names what ``Space.asked`` must hold;
    ``steps`` are the names of a space's parts in order, as ``Spaces.steps`` gives them,
    ``part_words`` what people call them.
    """

    key: str
    title: str
    capabilities: frozenset[Capability]
    kind: SpaceKind
    roles: frozenset[Role]
    limits: Limits
    scopes: tuple[Scope, ...]
    fields: tuple[Field, ...]
    extra: str
    admin: str
    door_name: str
    space_word: str
    steps: tuple[str, ...] = ()
    part_words: Mapping[str, str] = field(default_factory=dict)
    chooses: tuple[str, ...] = ()
    invites_attendees: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One finished HTTP call, for metrics and tests: no query, no body, no token."""

    integration: str
    operation: str
    status: int
    seconds: float


class Recorder(Protocol):
    """Takes note of a finished call."""

    def __call__(self, call: Call) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an integration gets from the house: the clock, its share of each published quota, and a recorder.

    ``timeout`` in seconds bounds every single HTTP call. ``lag`` overrides ``limits.lag`` where configured.
    """

    clock: Clock
    record: Recorder
    share: float = 1.0
    timeout: float = 30.0
    lag: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a connection's check-up: what was tried, whether it works, and who can change it if not."""

    title: str
    ok: bool
    message: Said
    who: str = ""
    scopes: tuple[str, ...] = field(default_factory=tuple)


class Connection(Protocol):
    """One institution's way to a platform; a port it does not offer is None."""

    @property
    def spaces(self) -> Spaces | None: ...
    @property
    def seats(self) -> Seats | None: ...
    @property
    def directory(self) -> Directory | None: ...
    @property
    def calendar(self) -> Calendar | None: ...
    @property
    def library(self) -> Library | None: ...
    @property
    def watch(self) -> Watch | None: ...

    def check(self) -> Sequence[Check]:
        """One harmless call per feature."""
        ...

    def realm(self) -> str:
        """The realm of identities that come through this platform's door (an Entra directory id, a Google domain)."""
        ...


class Integration(Protocol):
    """Code for one platform; a package's ``integration`` object. ``connect`` may raise ``NotInstalled``."""

    @property
    def manifest(self) -> Manifest: ...

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Connection: ...

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None: ...

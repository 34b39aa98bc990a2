"""The front page for authors of integrations: what one declares, and what it hands out.

An integration is code for one platform. Its ``manifest`` is readable without the platform's SDK; ``connect`` gives a
``Connection`` with one institution's credentials, ``door`` its way in. It keeps nothing: settings and secrets come in,
values go out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from coplink.core.people import Role
from coplink.core.spaces import SpaceKind
from coplink.core.words import Said
from coplink.ports.announcements import Announcements
from coplink.ports.calendar import Calendar
from coplink.ports.clock import Clock
from coplink.ports.directory import Directory
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.library import Library
from coplink.ports.pace import UNPACED, Pace
from coplink.ports.seats import Seats
from coplink.ports.spaces import Planned, Spaces, SpaceWish
from coplink.ports.upkeep import Upkeep
from coplink.ports.watch import Heard, Watch


class Capability(StrEnum):
    """What an integration can do; each names a property of its ``Connection`` (``door`` is the integration's own)."""

    SPACES = "spaces"
    SEATS = "seats"
    DIRECTORY = "directory"
    CALENDAR = "calendar"
    LIBRARY = "library"
    WATCH = "watch"
    UPKEEP = "upkeep"
    ANNOUNCEMENTS = "announcements"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a platform holds; configuration may override, the platform's own refusal is the truth.

    ``lag`` is how late a write may become visible; ``watch_life`` how long a subscription lives, ``watch_check`` how
    often it is made sure that it still does; ``batch`` how many seats one write takes. ``announced`` is how many
    characters of an announcement's text people see there (None: all).
    """

    seats: int
    facilitators: int
    name_length: int
    batch: int
    lag: timedelta
    watch_life: timedelta | None = None
    watch_check: timedelta = timedelta(days=1)
    announced: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission an admin grants: its name over there, why coplink needs it, and what stops without it.

    ``where`` says at which place it is granted, where there are several ("the host team"); ``when`` names the setting
    and the values with which it is needed (None: always).
    """

    name: str
    reason: str
    without: str
    where: str = ""
    when: tuple[str, frozenset[str]] | None = None

    def needed(self, settings: Mapping[str, str]) -> bool:
        """Whether a connection with these settings needs it."""
        return self.when is None or settings.get(self.when[0], "") in self.when[1]


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a connection. Secret ones are sealed; ``default`` None makes it required.

    ``choices`` are the only values there are, if there are any: people choose from them, the default first.
    """

    name: str
    title: str
    help: str = ""
    secret: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an integration declares. ``door_name`` completes "Open … once": "the Teams tab".

    ``roles`` are those a space there can tell apart; ``admin`` is who can change things ("Canvas administrator");
    ``space_word`` is the platform's own word for a space ("channel"); ``chooses`` names what ``Space.asked`` must hold;
    ``steps`` are the names of a space's parts in order, as ``Spaces.steps`` gives them,
    ``part_words`` what people call them. ``package`` says that what an admin installs is one zip file;
    ``consents`` that an admin lets coplink in by a round trip to the platform (``Integration.consent``).
    ``announced_as`` completes "it appears as …": "an announcement in the group". ``space_words`` are other words for a
    space, by the step that only spaces of that sort have. ``consoles`` are sentences that say where an admin takes
    coplink itself out again.
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
    package: bool = False
    consents: bool = False
    announced_as: str = ""
    space_words: Mapping[str, str] = field(default_factory=dict)
    consoles: tuple[str, ...] = ()

    def word_for(self, parts: Collection[str]) -> str:
        """What people call a space that has these steps."""
        return next((word for step, word in self.space_words.items() if step in parts), self.space_word)


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
    """What an integration gets from the house: the clock, a recorder, and the pace that every call passes.

    ``timeout`` in seconds bounds every single HTTP call. ``lag`` overrides ``limits.lag`` where configured.
    """

    clock: Clock
    record: Recorder
    timeout: float = 30.0
    lag: timedelta | None = None
    pace: Pace = UNPACED


class Verdict(StrEnum):
    """What a line of a check-up comes to, in three words a person understands."""

    WORKS = "works"
    NEEDS_YOU = "needs you"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a connection's check-up: what was tried, whether it works, and who can change it if not.

    ``where`` names the console and the setting; ``fallback`` what coplink does instead where the platform cannot.
    ``asked`` is False where the platform gave no answer, so that nothing is known; ``stops`` names what rests on it.
    ``outsiders``: the line says whether people of other institutions come in.
    """

    title: str
    ok: bool
    message: Said
    who: str = ""
    scopes: tuple[str, ...] = field(default_factory=tuple)
    where: Said | None = None
    fallback: Said | None = None
    asked: bool = True
    stops: frozenset[Capability] = frozenset()
    outsiders: bool = False

    @property
    def verdict(self) -> Verdict:
        """Works; needs a person; or cannot, and what happens instead."""
        if self.ok:
            return Verdict.WORKS
        return Verdict.CANNOT if self.fallback is not None else Verdict.NEEDS_YOU


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
    @property
    def upkeep(self) -> Upkeep | None: ...
    @property
    def announcements(self) -> Announcements | None: ...

    def check(self) -> Sequence[Check]:
        """One harmless call per feature."""
        ...

    def realm(self) -> str:
        """The realm of identities that come through this platform's door (an Entra directory id, a Google domain)."""
        ...


class Consent(Protocol):
    """A round trip to a platform on which an admin lets coplink in."""

    def begin(self, state: str, return_url: str) -> str:
        """The address of the platform's page that asks; ``state`` comes back with its answer. Calls nobody."""
        ...

    def finish(self, code: str, return_url: str) -> Mapping[str, str]:
        """The settings that the code brings, to be kept beside the others; raises ``IntegrationError``."""
        ...


class Integration(Protocol):
    """Code for one platform; a package's ``integration`` object. ``connect`` may raise ``NotInstalled``.

    ``look_over``, ``preview`` and ``receive`` never load the platform's SDK: pages and hooks use them.
    """

    @property
    def manifest(self) -> Manifest: ...

    def look_over(self, settings: Mapping[str, str]) -> str:
        """The realm of these settings, when they have the right form; raises ``Misconfigured``. Calls nobody."""
        ...

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """What would be made for a wish: forbidden characters of its name replaced, its length kept. Calls nobody."""
        ...

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """Read a call that a watch brought: a reply to give as it is, what it hints at, or None without our secret."""
        ...

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Connection: ...

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None: ...

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> Consent | None:
        """How an admin lets coplink in; None where nothing is asked, or where these settings lack the key to ask with.

        Asked for only where the manifest says ``consents``.
        """
        return None


@runtime_checkable
class GivesBack(Protocol):
    """An integration whose platform takes a credential back, so that it opens nothing any more."""

    def give_back(self, settings: Mapping[str, str], around: Surroundings) -> None:
        """Tell the platform that coplink is done with what these settings hold; raises ``IntegrationError``."""
        ...


@runtime_checkable
class Installs(Protocol):
    """An integration whose ``install`` folder is more than texts with gaps; what is installed depends on settings."""

    def gaps(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """What fills further gaps of these files, for a connection's settings (without secrets)."""
        ...

    def faults(self, files: Mapping[str, bytes]) -> Sequence[Said]:
        """What the platform would not take of the filled files, as sentences."""
        ...

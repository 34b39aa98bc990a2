"""Spaces and seats: the places a community rents, and who sits in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from coplink.core.people import AccountId, CommunityId, InstitutionId, Role
from coplink.core.words import Said

SpaceId = NewType("SpaceId", str)
ConnectionId = NewType("ConnectionId", str)


class SpaceKind(StrEnum):
    """What sort of place it is over there."""

    GROUP = "group"
    CHANNEL = "channel"
    DRIVE = "drive"


class SpaceState(StrEnum):
    """How far a space is.

    ``waiting``: its institution has not agreed yet. ``making``: steps are running or will run again by themselves.
    ``stuck``: a person must act; ``trouble`` says who and what. ``ready``: every part exists. ``archived``: put to rest
    by a person, left alone until one wakes it. ``detached``: it stays over there, and coplink never looks at it again.
    """

    WAITING = "waiting"
    MAKING = "making"
    STUCK = "stuck"
    READY = "ready"
    REFUSED = "refused"
    ARCHIVED = "archived"
    DETACHED = "detached"


class Parting(StrEnum):
    """What is to become of coplink's own things in a place that is let go: left there, or taken away."""

    KEEP = "keep"
    TAKE_AWAY = "take_away"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a place is not as it should be, in a sentence, and who can change it."""

    code: str
    message: Said
    who: str


@dataclass(frozen=True, slots=True)
class Space:
    """One place of a community on one platform of one institution.

    ``parts`` are the remote ids coplink stored, one a step (``channel``, ``folder``, ``calendar`` ...). ``asked`` is
    what the founder chose for it (a course id, for instance). ``marker`` is written into what is made over there, so
    that it is found again if our row of it is lost. ``written_name`` is the name it had over there when coplink last
    named it: another one is somebody's choice. ``archived_at`` (UTC) says since when it rests over there; ``parting``
    what is still to be done before a detached one is never called again. ``by_admin``: an admin of its institution
    decided that it rests or is let go, and only such an admin undoes it.
    """

    id: SpaceId
    community: CommunityId
    institution: InstitutionId
    connection: ConnectionId
    integration: str
    kind: SpaceKind
    name: str
    marker: str
    state: SpaceState
    parts: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None
    link: str | None = None
    written_name: str = ""
    archived_at: datetime | None = None
    parting: Parting | None = None
    by_admin: bool = False

    @property
    def only_farewells(self) -> bool:
        """Whether people may sit there and nothing is done for them but to let those go who leave."""
        begun = self.state in (SpaceState.MAKING, SpaceState.STUCK) and bool(self.parts)
        return begun or self.state is SpaceState.ARCHIVED

    def with_part(self, step: str, remote: str) -> Space:
        """The same space with one more remote id."""
        return replace(self, parts={**self.parts, step: remote})

    def without_parts(self, steps: Collection[str]) -> Space:
        """The same space without the remote ids of these steps, which turned out not to be."""
        return replace(self, parts={step: remote for step, remote in self.parts.items() if step not in steps})


@dataclass(frozen=True, slots=True)
class Seat:
    """One account's place in a space, and its role there.

    ``before`` is the role it has over there already, where it is known to sit; ``address`` the account's e-mail
    address, where it is known: some platforms seat by it.
    """

    account: AccountId
    role: Role
    before: Role | None = field(default=None, compare=False)
    address: str = field(default="", compare=False, repr=False)

    def spares(self, there: Role | None) -> bool:
        """Whether somebody who turns out to sit there already, and leads, keeps that.

        Where the listing did not show them, nobody knows whose doing their seat is: it is not ours to lower.
        """
        return self.before is None and there is not None and there.leads and not self.role.leads


@dataclass(frozen=True, slots=True)
class Observed:
    """What a platform reported: who sits where; whether the whole listing was read; who is gone beyond doubt."""

    seats: Mapping[AccountId, Role]
    complete: bool
    gone: frozenset[AccountId] = frozenset()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What coplink has done: seats made and since seen, perhaps made or perhaps there still since somebody joined again
    (``unknown``), and written too recently to be visible.

    ``out`` left this place or were taken out over there, and stay out: guests, and whoever was gone before any reading
    showed them. ``given`` are seats the platform said yes to that were not seen yet; ``raised`` sit there by somebody
    else's making, and lead by ours.
    """

    ours: frozenset[AccountId] = frozenset()
    unknown: frozenset[AccountId] = frozenset()
    fresh: frozenset[AccountId] = frozenset()
    out: frozenset[AccountId] = frozenset()
    given: frozenset[AccountId] = frozenset()
    raised: frozenset[AccountId] = frozenset()


class Doubt(StrEnum):
    """Whether what coplink did in a space is known.

    ``held``: the ledger was lost or is an older one, and nothing is taken from anybody until two complete readings, a
    lag apart, were made. ``over``: this reading was the second.
    """

    NONE = "none"
    HELD = "held"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A member without a seat in a space: the reason and the next step, as one sentence."""

    person: str
    reason: Said


@dataclass(frozen=True, slots=True)
class Look:
    """When a space was last read completely (UTC)."""

    space: SpaceId
    at: datetime

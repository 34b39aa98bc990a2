"""Plans that wait for a person: what is kept of them, and who said yes.

A plan is kept for the eyes of those who decide, and its digest names it: what is carried out after an approval is never
what was kept, but a plan from a fresh reading that has the same digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from coplink.core.people import AccountId, CommunityId, InstitutionId
from coplink.core.spaces import SpaceId
from coplink.core.words import Said


class Part(StrEnum):
    """What a plan would do to one person."""

    LOSES = "loses"
    LEFT = "left"
    SEATED = "seated"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One person in a plan and why; ``person`` is None where nobody knows whose the account is."""

    part: Part
    account: AccountId
    person: str | None
    why: Said


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """The plan of one space that waits, with everything that stops it.

    ``changed``: somebody said yes to an earlier plan, and things had changed since. ``approved`` is the digest of what
    may be carried out, once; ``approved_by`` a person's id, empty for who has the command line.
    """

    space: SpaceId
    institution: InstitutionId
    community: CommunityId
    digest: str
    hazards: tuple[Said, ...]
    lines: tuple[PlanLine, ...]
    made_at: datetime
    changed: bool = False
    approved: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None


class Plans(Protocol):
    """At most one waiting plan a space."""

    def put(self, plan: KeptPlan) -> None:
        """Keep it in place of an older one, approval and all."""
        ...

    def of(self, space: SpaceId, to_change: bool = False) -> KeptPlan | None:
        """The one that waits; ``to_change``: nobody else changes it until this ends."""
        ...

    def approve(self, space: SpaceId, digest: str, by: str, now: datetime) -> bool:
        """Say yes to exactly this one, in one statement; False where another waits, or it was said already."""
        ...

    def go_on(self, space: SpaceId, digest: str) -> None:
        """Of an approved plan this much is left to do."""
        ...

    def drop(self, space: SpaceId) -> None: ...

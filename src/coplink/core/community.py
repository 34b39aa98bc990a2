"""A community and its charter: what it is about, for whom, how it meets, what it hopes for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coplink.core.errors import DomainError
from coplink.core.people import CommunityId, InstitutionId, PersonId, Role
from coplink.core.words import say

DOMAIN_LENGTH = 280
NORMS_LENGTH = 2000
NAME_LENGTH = 80


class Stage(StrEnum):
    """How far a community is; moves are human acts."""

    FORMING = "forming"
    RUNNING = "running"
    CONCLUDED = "concluded"


@dataclass(frozen=True, slots=True)
class Charter:
    """Answers to *about what, for whom, hoping for what, working together how*; versioned, the history stays."""

    about: str
    audience: str
    hopes: str = ""
    version: int = 1
    norms: str = ""


@dataclass(frozen=True, slots=True)
class Community:
    """People who learn by regular practice together. ``institution`` is where it was founded."""

    id: CommunityId
    institution: InstitutionId
    name: str
    charter: Charter
    stage: Stage
    founded_at: datetime


@dataclass(frozen=True, slots=True)
class Participation:
    """One institution's part in a community; another institution's spaces wait until it has *agreed* (UTC).

    One that withdrew says since when, by whom (a person's id) and why; one that said no at once, since when and by
    whom (``withdrawn_by`` too). Either can agree.
    """

    community: CommunityId
    institution: InstitutionId
    agreed_at: datetime | None = None
    refused_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    reason: str = ""

    @property
    def withdrawn(self) -> bool:
        """Whether it took part once and does not want to any more."""
        return self.withdrawn_at is not None

    @property
    def stays_out(self) -> bool:
        """Whether it said no, at once or later: nobody of theirs is invited or comes in before it agrees."""
        return self.withdrawn or self.refused_at is not None

    @property
    def agreed(self) -> bool:
        """Whether this institution's spaces may be touched."""
        return self.agreed_at is not None and not self.stays_out


@dataclass(frozen=True, slots=True)
class Contact:
    """The one person of an institution to turn to about a community, by their own word, since when (UTC)."""

    community: CommunityId
    institution: InstitutionId
    person: PersonId
    since: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """A member is asked to facilitate as ``role``, by a person who does, since when (UTC): nothing is so before a yes.

    ``institution`` is that of the one asked.
    """

    community: CommunityId
    person: PersonId
    institution: InstitutionId
    role: Role
    asked_by: PersonId
    asked_at: datetime


def reason_for_withdrawing(typed: str) -> str:
    """What an admin says to those who are taken out; raises ``DomainError`` where it says nothing or too much."""
    reason = " ".join(typed.split())
    if not reason:
        raise DomainError(say("Say in a sentence why: the people of your institution are told."))
    if len(reason) > DOMAIN_LENGTH:
        raise DomainError(say("Keep the reason under {count} characters.", count=DOMAIN_LENGTH))
    return reason


def charter(about: str, audience: str, hopes: str = "", version: int = 1, norms: str = "") -> Charter:
    """A charter from what someone typed; raises ``DomainError`` with the missing answer named."""
    about, audience, hopes, norms = about.strip(), audience.strip(), hopes.strip(), norms_of(norms)
    if not about:
        raise DomainError(say("Say in a sentence what the community is about."))
    if len(about) > DOMAIN_LENGTH:
        raise DomainError(say("Keep what it is about under {count} characters.", count=DOMAIN_LENGTH))
    if not audience:
        raise DomainError(say("Say who the community is for."))
    if len(audience) > DOMAIN_LENGTH or len(hopes) > 2000:
        raise DomainError(say("That answer is too long; a sentence or two is enough."))
    return Charter(about, audience, hopes, version, norms)


def norms_of(typed: str) -> str:
    """How the people of a community want to work together, line by line as typed; empty where nothing is agreed."""
    lines = [" ".join(line.split()) for line in typed.splitlines()]
    norms = "\n".join(line for line in lines if line)
    if len(norms) > NORMS_LENGTH:
        raise DomainError(say("Keep what is agreed under {count} characters.", count=NORMS_LENGTH))
    return norms


def community_name(typed: str) -> str:
    """A usable name: trimmed, one line, not empty, at most 80 characters; raises ``DomainError``."""
    name = " ".join(typed.split())
    if not name:
        raise DomainError(say("Give the community a name."))
    if len(name) > NAME_LENGTH:
        raise DomainError(say("Keep the name under {count} characters.", count=NAME_LENGTH))
    return name

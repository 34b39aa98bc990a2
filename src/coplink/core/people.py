"""People: who someone is, by which doors they are known, and how they stand to a community."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NewType

PersonId = NewType("PersonId", str)
InstitutionId = NewType("InstitutionId", str)
CommunityId = NewType("CommunityId", str)
AccountId = NewType("AccountId", str)


class Level(StrEnum):
    """How far somebody goes along with a community: chosen by themselves, but for leading, which is shared."""

    LEADS = "leads"
    TAKES_PART = "takes part"
    FOLLOWS = "follows"


class Role(StrEnum):
    """What a member does in a community. A space may know fewer of them: see ``coplink.core.fit``."""

    FACILITATOR = "facilitator"
    CO_FACILITATOR = "co-facilitator"
    STEWARD = "steward"
    MEMBER = "member"
    LISTENING_IN = "listening-in"
    GUEST = "guest"

    @property
    def leads(self) -> bool:
        """Whether this role leads the community."""
        return self in (Role.FACILITATOR, Role.CO_FACILITATOR)

    @property
    def follows(self) -> bool:
        """Whether this role sees what is inside and is asked for nothing."""
        return self is Role.LISTENING_IN

    @property
    def may_be_asked(self) -> bool:
        """Whether somebody in this role takes part and does not lead: may be asked to facilitate, or take it on."""
        return self in (Role.STEWARD, Role.MEMBER)

    @property
    def level(self) -> Level:
        """How far this role goes along, in one of three words."""
        if self.leads:
            return Level.LEADS
        return Level.FOLLOWS if self.follows else Level.TAKES_PART


class Standing(StrEnum):
    """Where someone is on the way from invited to gone. A decline leaves no standing of its own."""

    INVITED = "invited"
    JOINED = "joined"
    PAUSED = "paused"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Institution:
    """A school or district: the wall nothing crosses.

    ``listed``: facilitators of other institutions on this server may ask it to take part.
    """

    id: InstitutionId
    name: str
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One human, known to one institution. ``zone`` is an IANA name; ``home`` the key of the suite they live in."""

    id: PersonId
    institution: InstitutionId
    name: str
    email: str | None = None
    home: str | None = None
    zone: str | None = None
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as one door knows them: ``subject`` is unique within ``realm``, never an e-mail address.

    ``door`` is ``lti`` or an integration's key. ``realm`` is an LTI registration, an Entra directory or a Google
    issuer and belongs to one institution. ``proved_at`` is when the person last came through that door (UTC); empty
    for someone only read from a roster.
    """

    institution: InstitutionId
    door: str
    realm: str
    subject: str
    person: PersonId
    proved_at: datetime | None = None


class Proof(StrEnum):
    """How far an account is known to be a person's.

    ``proposed``: a directory or a roster guesses so. ``claimed``: whoever proved it says that they are this person, who
    has not said so yet. ``proved``: they came through its own door. ``denied``: one of the two said that they are
    somebody else; kept, so that nobody is asked again.
    """

    PROPOSED = "proposed"
    CLAIMED = "claimed"
    PROVED = "proved"
    DENIED = "denied"


class ProvedBy(NamedTuple):
    """The identity that proved an account: its door, realm and subject."""

    door: str
    realm: str
    subject: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account on a platform that may take a seat there once it is *proved*.

    ``address`` is what the platform invites to meetings (an e-mail address); it identifies nobody. ``since`` is when it
    was proved first (UTC): of several on one platform the newest is the one that is used. ``by`` proved it last.
    """

    institution: InstitutionId
    integration: str
    account: AccountId
    person: PersonId
    proof: Proof
    address: str | None = None
    since: datetime | None = None
    by: ProvedBy | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """One person's consented belonging to one community. ``changed_at`` in UTC.

    ``by_institution``: they pause by a decision of their institution, and not by their own word.
    """

    community: CommunityId
    person: PersonId
    institution: InstitutionId
    role: Role
    standing: Standing
    changed_at: datetime
    by_institution: bool = False

    def now(self, standing: Standing, when: datetime, role: Role | None = None) -> Membership:
        """The same membership with another standing (and role), by the person's own word."""
        role = role or self.role
        return replace(self, standing=standing, changed_at=when, role=role, by_institution=False)


def same_address(one: str | None, other: str | None) -> bool:
    """Whether two e-mail addresses may be the same mailbox; used to *propose* an account, never to decide."""
    return bool(one and other and one.strip().casefold() == other.strip().casefold())

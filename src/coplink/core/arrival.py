"""Someone came, verified, through a door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from coplink.core.people import AccountId, InstitutionId


@dataclass(frozen=True, slots=True)
class Context:
    """Where someone came from: a course, a group, a channel; ``id`` is unique within ``realm``."""

    realm: str
    id: str
    title: str = ""
    kind: str = "course"


@dataclass(frozen=True, slots=True)
class ProvedAccount:
    """An account this arrival proves to be the person's own; ``integration`` is its key."""

    integration: str
    account: AccountId
    address: str | None = None


@dataclass(frozen=True, slots=True)
class RosterSourceAddress:
    """Where the roster of a context can be read, as the door told: opaque to the engine."""

    realm: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NoticeOffer:
    """A platform can tell us of things that happen there, of these ``types``, where it is asked to at ``url``."""

    deployment: str
    url: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A verified visit. ``door`` is ``lti`` or an integration's key; ``realm`` and ``subject`` say who.

    ``leads_context``: the platform says this person teaches or owns the context (context roles only). ``test_account``:
    a platform's pretend student; never invited, never seated.
    """

    door: str
    institution: InstitutionId
    realm: str
    subject: str
    name: str | None = None
    email: str | None = None
    zone: str | None = None
    locale: str | None = None
    context: Context | None = None
    leads_context: bool = False
    test_account: bool = False
    accounts: tuple[ProvedAccount, ...] = ()
    roster: RosterSourceAddress | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    notices: NoticeOffer | None = None

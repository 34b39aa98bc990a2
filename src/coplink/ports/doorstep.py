"""What a door has to know of somebody who comes, each time in one reading: launches are what a server does most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from coplink.core.people import Account, AccountId, CommunityId, InstitutionId, Membership, Person
from coplink.ports.records import ContextLink, Deployment, Registration


@dataclass(frozen=True, slots=True)
class Came:
    """As whom somebody comes, and what they bring: an account they prove, where from, the community they want.

    ``account`` and ``context`` are pairs: integration and account, realm and context.
    """

    institution: InstitutionId
    door: str
    realm: str
    subject: str
    account: tuple[str, AccountId] | None = None
    context: tuple[str, str] | None = None
    community: CommunityId | None = None

    @property
    def named(self) -> tuple[str, str, str]:
        """The door, the realm and the subject."""
        return self.door, self.realm, self.subject


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who came, and what is known of all they bring.

    ``proved_at`` is when this identity was last proved; ``holding`` everybody for whom the account is proposed or
    proved; ``here`` the communities their context belongs to; ``membership`` theirs in the community they want.
    """

    person: Person
    proved_at: datetime | None
    holding: Sequence[Account] = ()
    here: Sequence[ContextLink] = ()
    membership: Membership | None = None


class Doorstep(Protocol):
    """The readings of a door."""

    def asked(
        self, issuer: str, client_id: str | None, deployment_id: str
    ) -> Sequence[tuple[Registration, Deployment | None]]:
        """The registrations of this issuer (and client, if given), each with its deployment of that id."""
        ...

    def launched(
        self, registration: str, deployment_id: str
    ) -> tuple[Registration, Deployment | None] | None:
        """One registration with its deployment of that id."""
        ...

    def recognised(self, came: Came) -> Recognised | None:
        """Who came, unless this identity is new. They stay who they are until this unit of work ends."""
        ...

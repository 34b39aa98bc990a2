"""Rosters: who a platform says is in a context, and what is remembered of the last reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from coplink.core.arrival import RosterSourceAddress
from coplink.core.people import Account, CommunityId, Identity, InstitutionId, Membership, Person, PersonId
from coplink.core.roster import Reading, Snapshot


class RosterSource(Protocol):
    """Reads a roster page by page, completely, or says that it could not."""

    def read(
        self, address: RosterSourceAddress, last: Snapshot | None = None, secret: bytes = b""
    ) -> Reading:
        """Begin to read. Pages are fetched as they are asked for; a first page that fails raises ``IntegrationError``.

        ``last`` is the snapshot to compare with, ``secret`` the key of its fingerprints. Test accounts and people who
        are not active are left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class LastReading:
    """What is remembered of a context's roster.

    ``snapshot`` is the last complete reading, if there was one. ``members`` is how many people the community had then,
    ``gone`` how many of them were not listed. ``since`` is when everybody was last looked at (UTC). ``owing``: people
    were offered invitations and the community's places have not been told.
    """

    context: str
    institution: InstitutionId
    snapshot: Snapshot | None = None
    members: int = 0
    gone: int = 0
    since: datetime | None = None
    owing: bool = False


class Rosters(Protocol):
    """What was last read of rosters, and the people of a page all at once."""

    def secret(self, institution: InstitutionId) -> bytes:
        """The key of this institution's fingerprints; 32 bytes."""
        ...

    def last(self, context: str, hold: bool = False) -> LastReading | None:
        """What is remembered; ``hold``: nobody else writes it until this ends."""
        ...

    def keep(self, last: LastReading) -> None: ...
    def owe(self, context: str, institution: InstitutionId) -> None:
        """Note that the community's places are to be told, whatever happens next."""
        ...

    def members(self, community: CommunityId) -> int:
        """How many people have to do with a community, in whatever standing."""
        ...

    def subjects(self, community: CommunityId, institution: InstitutionId, door: str, realm: str) -> int:
        """By how many subjects of this door and realm a community's people are known."""
        ...

    def known(
        self, institution: InstitutionId, door: str, realm: str, subjects: Iterable[str]
    ) -> Mapping[str, Person]:
        """Those of the subjects who are known."""
        ...

    def add(self, people: Sequence[Person], identities: Sequence[Identity]) -> bool:
        """Add new people and how a door knows them; an identity that is known by now keeps its person: then False."""
        ...

    def fill(self, people: Sequence[Person]) -> None:
        """Write the names and addresses of people who are known; an address that is there by now stays."""
        ...

    def accounts(self, people: Iterable[PersonId]) -> Mapping[PersonId, Sequence[Account]]: ...
    def propose(self, accounts: Sequence[Account]) -> None:
        """Add accounts; what is there stays as it is."""
        ...

    def identities(self, people: Iterable[PersonId]) -> Mapping[PersonId, Sequence[Identity]]: ...
    def strangers(self, community: CommunityId, people: Iterable[PersonId]) -> frozenset[PersonId]:
        """Those of the people who have nothing to do with the community yet."""
        ...

    def invite(self, memberships: Sequence[Membership]) -> None:
        """Add memberships; whoever has one by now keeps it."""
        ...

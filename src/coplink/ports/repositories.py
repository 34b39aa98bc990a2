"""Repositories of what people make and are: institutions, platforms, doors, people, communities, spaces, announcements.

They return core values and records, never rows, and hang on ``ports.storage.UnitOfWork``. Times are UTC and aware.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from coplink.core.announcing import Post, SaidId, SaidToAll
from coplink.core.community import Community, Contact, Handover, Participation
from coplink.core.people import (
    Account,
    AccountId,
    CommunityId,
    Identity,
    Institution,
    InstitutionId,
    Membership,
    Person,
    PersonId,
)
from coplink.core.spaces import ConnectionId, Space, SpaceId, Unreachable
from coplink.ports.records import (
    Connected,
    ContextLink,
    Deployment,
    KeyPair,
    Link,
    LinkKind,
    Login,
    Presenter,
    Registration,
    Session,
)
from coplink.ports.upkeep import Left


class Institutions(Protocol):
    """Institutions, their connections and their LTI registrations."""

    def add(self, institution: Institution) -> None: ...
    def get(self, key: InstitutionId) -> Institution | None: ...
    def named(self, name: str) -> Institution | None: ...
    def all(self) -> Sequence[Institution]: ...
    def put_connection(self, connected: Connected) -> None:
        """Add or replace by id; one connection per institution and integration."""
        ...

    def connection(self, key: ConnectionId) -> Connected | None:
        """By id, also one that has ended."""
        ...

    def connection_of(
        self, institution: InstitutionId, integration: str, ended: bool = False
    ) -> Connected | None:
        """The one of an institution; one that has ended only where asked for."""
        ...

    def connections(
        self, institution: InstitutionId | None = None, ended: bool = False
    ) -> Sequence[Connected]:
        """Those that are open; those that have ended only where asked for, instead."""
        ...


class Platforms(Protocol):
    """LTI registrations, deployments and our own keys."""

    def put(self, registration: Registration) -> None:
        """Add or change it; ``NotAllowed`` when its issuer and client belong to another registration."""
        ...

    def get(self, key: str) -> Registration | None: ...
    def find(self, issuer: str, client_id: str | None) -> Sequence[Registration]:
        """Those of this issuer (and client, if given); more than one without a client is for the caller to refuse."""
        ...

    def all(self) -> Sequence[Registration]: ...
    def put_deployment(self, deployment: Deployment) -> None: ...
    def add_deployment(self, deployment: Deployment) -> None:
        """Keep one that was not known; where it is known meanwhile, it stays as it is."""
        ...

    def drop_deployment(self, registration: str, deployment_id: str) -> None: ...
    def deployment(self, registration: str, deployment_id: str) -> Deployment | None: ...
    def deployments(self, institution: InstitutionId) -> Sequence[Deployment]: ...
    def deployments_of(self, registration: str) -> Sequence[Deployment]:
        """All deployments of one registration, whichever institution they are attached to."""
        ...

    def forget(self, registration: str) -> bool:
        """Drop one by which nobody ever came, with its waiting deployments; False where it must stay."""
        ...

    def end_visits(self, registration: str, institution: InstitutionId | None, spared: str) -> int:
        """End the sessions of people known by this platform (of one institution, or all) but the spared; how many."""
        ...

    def keys(self) -> Sequence[KeyPair]:
        """Our signing keys, newest first; private parts are sealed at rest."""
        ...

    def put_key(self, key: KeyPair) -> None: ...
    def drop_key(self, kid: str) -> None: ...


class Logins(Protocol):
    """Logins under way."""

    def begin(self, login: Login, now: datetime) -> None:
        """Store it (the state as a hash). Every so often a bounded number of expired ones go along.

        No registration or connection has more than about ten thousand of one door at once, used or not: beyond that the
        oldest go.
        """
        ...

    def hold(self, held: Login, now: datetime) -> None:
        """Store what was proved already and waits for its page, under a door of its own; however many there are."""
        ...

    def take(self, code: str, door: str, now: datetime) -> Login | None:
        """Take what this door held, once, and keep nothing of it; None when unknown, taken or expired."""
        ...

    def drop_expired(self, now: datetime) -> int:
        """Drop a bounded number of those that expired; how many."""
        ...

    def consume(self, state: str, now: datetime) -> Login | None:
        """Take it in one atomic statement; None when unknown, used or expired. Two callers never both get it."""
        ...


class Sessions(Protocol):
    """Visitors' sessions, by the hash of their secret."""

    def begin(self, session: Session) -> None:
        """Add a fresh one; every so often expired ones go along."""
        ...

    def put(self, session: Session) -> None:
        """Change one, or add it."""
        ...

    def end(self, id_hash: str, now: datetime) -> Session | None:
        """Drop it and say what it was."""
        ...

    def drop_expired(self, now: datetime) -> int:
        """Drop a bounded number of those that expired; how many."""
        ...

    def get(self, id_hash: str, now: datetime) -> Session | None: ...
    def drop(self, id_hash: str) -> None: ...
    def drop_of(self, person: PersonId) -> None: ...
    def drop_by_door(self, institution: InstitutionId, door: str, spared: str = "") -> int:
        """Drop those of everybody this institution knows by a door, but the spared one; how many."""
        ...


class Links(Protocol):
    """Secret addresses: admin links, invitations, feeds, account links."""

    def put(self, link: Link) -> None: ...
    def by_token(self, kind: LinkKind, token: str) -> Link | None: ...
    def get(self, key: str) -> Link | None: ...
    def of(
        self,
        kind: LinkKind,
        community: CommunityId | None = None,
        person: PersonId | None = None,
        institution: InstitutionId | None = None,
    ) -> Sequence[Link]: ...
    def put_presenter(self, presenter: Presenter) -> None:
        """Keep a link with whom it is for and which meeting; the name is sealed."""
        ...

    def presenters(self, community: CommunityId) -> Sequence[Presenter]:
        """All that were ever asked to a meeting of a community, closed ones too; oldest first."""
        ...

    def use(self, key: str, now: datetime) -> bool:
        """Mark a one-time link used, atomically; False when someone else was first."""
        ...

    def letter_to(self, link: Link, identity: Identity) -> str:
        """The keyed hash under which it is kept that the letter with this link went to somebody listed."""
        ...


class People(Protocol):
    """People, the doors they are known by, and their accounts. Every look-up stays within one institution."""

    def put(self, person: Person) -> None: ...
    def get(self, key: PersonId) -> Person | None: ...
    def many(self, keys: Iterable[PersonId]) -> Mapping[PersonId, Person]: ...
    def homes(self, keys: Iterable[PersonId]) -> Mapping[PersonId, InstitutionId]:
        """The institution of each of these who is known: of ten thousand, names and addresses would be many."""
        ...

    def admins(self, institution: InstitutionId) -> Sequence[Person]: ...
    def put_identity(self, identity: Identity) -> None:
        """Add it, or note the later proof; a known identity never changes its person here (only ``merge`` does)."""
        ...

    def by_identity(
        self, institution: InstitutionId, door: str, realm: str, subject: str
    ) -> Person | None: ...
    def subjects(self, institution: InstitutionId, door: str, realm: str) -> Mapping[str, PersonId]:
        """Subject to person, for everybody known by this door and realm."""
        ...

    def known_as(
        self, institution: InstitutionId, door: str, realm: str, people: Iterable[PersonId]
    ) -> Sequence[str]:
        """The subjects by which this door and realm know these people, in order; one person may have several."""
        ...

    def identities(self, person: PersonId) -> Sequence[Identity]: ...
    def put_account(self, account: Account) -> None: ...
    def take(self, identity: Identity, person: PersonId) -> None:
        """Give an identity, and the accounts that it proved, to another person of the same institution."""
        ...

    def drop_account(self, account: Account) -> None: ...
    def drop_accounts(self, institution: InstitutionId, integration: str) -> None:
        """Forget all accounts on one platform of an institution, and for whom its directory was asked in vain."""
        ...

    def accounts(self, person: PersonId) -> Sequence[Account]: ...
    def accounts_on(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId]
    ) -> Mapping[PersonId, Account]:
        """The account of each on one platform; a proved one before a proposed one, a denied one last."""
        ...

    def proved_on(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId]
    ) -> Mapping[PersonId, Sequence[Account]]:
        """All accounts that each proved on one platform, the newest first; nothing that is only guessed or denied."""
        ...

    def proved_by(self, people: Iterable[PersonId]) -> Mapping[PersonId, Sequence[Account]]:
        """All accounts that each proved, by platform, the newest first."""
        ...

    def holding(self, institution: InstitutionId, integration: str, account: AccountId) -> Sequence[Account]:
        """Everybody for whom this account is proposed, proved or denied."""
        ...

    def looked_up(self, institution: InstitutionId, integration: str, since: datetime) -> frozenset[PersonId]:
        """People whose account the directory was asked for since then, without a hit."""
        ...

    def note_looked_up(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId], now: datetime
    ) -> None: ...

    def merge(self, gone: PersonId, into: PersonId) -> None:
        """Move identities, accounts and memberships, end the sessions of ``gone`` and drop it; ``admin`` stays behind.

        Of two memberships the later answer wins, except that the last leading membership of a community never ends so.
        """
        ...


class Communities(Protocol):
    """Communities, charters, contexts, participations, memberships and opt-outs."""

    def put(self, community: Community) -> None:
        """Add or change; a new charter version is kept beside the old ones."""
        ...

    def get(self, key: CommunityId) -> Community | None: ...
    def all(self) -> Sequence[CommunityId]: ...
    def hold(self, key: CommunityId) -> None:
        """Until this ends nobody else changes who leads it or takes part in it: asked for before that is read."""
        ...

    def of_person(self, person: PersonId) -> Sequence[tuple[Community, Membership]]: ...
    def put_context(self, context: ContextLink) -> None: ...
    def in_context(self, institution: InstitutionId, realm: str, context: str) -> Sequence[Community]: ...
    def contexts_at(self, institution: InstitutionId, realm: str, context: str) -> Sequence[ContextLink]:
        """What communities a course, group or channel belongs to."""
        ...

    def contexts(self, community: CommunityId) -> Sequence[ContextLink]: ...
    def context(self, key: str) -> ContextLink | None: ...
    def put_participation(self, participation: Participation) -> None: ...
    def participation(self, community: CommunityId, institution: InstitutionId) -> Participation | None: ...
    def participations(
        self, community: CommunityId | None = None, institution: InstitutionId | None = None
    ) -> Sequence[Participation]: ...
    def put_contact(self, contact: Contact) -> None:
        """Keep whom to turn to in an institution, in place of anybody else."""
        ...

    def drop_contact(self, community: CommunityId, institution: InstitutionId) -> None: ...
    def contacts(self, community: CommunityId) -> Mapping[InstitutionId, Contact]: ...
    def put_handover(self, handover: Handover) -> None: ...
    def drop_handover(self, community: CommunityId, person: PersonId) -> None: ...
    def handovers(self, community: CommunityId) -> Mapping[PersonId, Handover]: ...
    def put_membership(self, membership: Membership) -> None: ...
    def membership(self, community: CommunityId, person: PersonId) -> Membership | None: ...
    def memberships(self, community: CommunityId) -> Sequence[Membership]: ...
    def joined(self, community: CommunityId, people: Iterable[PersonId]) -> frozenset[PersonId]:
        """Who of these has joined, as of now."""
        ...

    def opt_out(self, hashes: Iterable[str]) -> None:
        """Keep keyed hashes (``Sealer.keyed_hash``) that stop further invitations."""
        ...

    def opted_out(self, hashes: Iterable[str]) -> frozenset[str]: ...
    def opt_in(self, hashes: Iterable[str]) -> None: ...


class Spaces(Protocol):
    """Spaces, what was last seen of them, and members they cannot seat."""

    def put(self, space: Space) -> None: ...
    def get(self, key: SpaceId) -> Space | None: ...
    def of(self, community: CommunityId) -> Sequence[Space]: ...
    def of_institution(self, institution: InstitutionId) -> Sequence[Space]: ...
    def put_unreachable(self, space: SpaceId, unreachable: Sequence[Unreachable]) -> None:
        """Replace the list."""
        ...

    def unreachable(self, space: SpaceId, person: PersonId | None = None) -> Sequence[Unreachable]:
        """Who has no seat there and why; of one ``person``, or of all."""
        ...

    def put_left(self, space: SpaceId, left: Sequence[Left]) -> None:
        """Replace the list of what coplink made there and left."""
        ...

    def left(self, space: SpaceId) -> Sequence[Left]: ...


class Announced(Protocol):
    """What was said to everybody in a community, and how far it is in each place."""

    def put(self, said: SaidToAll) -> None: ...
    def get(self, key: SaidId) -> SaidToAll | None: ...
    def of(self, community: CommunityId, limit: int = 20) -> Sequence[SaidToAll]:
        """Newest first."""
        ...

    def since(self, community: CommunityId, moment: datetime) -> int:
        """How often something was said since then."""
        ...

    def put_post(self, post: Post) -> None: ...
    def posts(self, said: Iterable[SaidId]) -> Mapping[SaidId, Sequence[Post]]: ...
    def still_open(self, space: SpaceId) -> Sequence[tuple[SaidToAll, Post]]:
        """What waits or is stuck in one place, oldest first."""
        ...

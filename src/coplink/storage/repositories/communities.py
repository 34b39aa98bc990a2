"""Communities and who takes part in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from sys import intern
from typing import Any

from sqlalchemy import Select, bindparam, delete, select

from coplink.core.community import Charter, Community, Contact, Handover, Participation, Stage
from coplink.core.people import CommunityId, InstitutionId, Membership, PersonId, Role, Standing
from coplink.ports.records import ContextLink
from coplink.storage.ready import Ready
from coplink.storage.repositories.base import Repository, portions, sql
from coplink.storage.tables import (
    CharterRow,
    CommunityRow,
    ContactRow,
    ContextRow,
    HandoverRow,
    MembershipRow,
    OptOutRow,
    ParticipationRow,
)

_contexts = sql(ContextRow)
CONTEXTS_AT = Ready(
    lambda _: (
        select(
            _contexts.c.id,
            _contexts.c.title,
            _contexts.c.community,
            _contexts.c.roster,
            _contexts.c.read_at,
        )
        .where(
            _contexts.c.institution == bindparam("whose"),
            _contexts.c.realm == bindparam("within"),
            _contexts.c.context == bindparam("named"),
        )
        .order_by(_contexts.c.title, _contexts.c.id)
    )
)
_memberships = sql(MembershipRow)
MEMBERSHIP = Ready(
    lambda _: select(
        _memberships.c.institution,
        _memberships.c.role,
        _memberships.c.standing,
        _memberships.c.changed_at,
        _memberships.c.by_institution,
    ).where(_memberships.c.community == bindparam("of"), _memberships.c.person == bindparam("whose"))
)

_communities, _charters = sql(CommunityRow), sql(CharterRow)
HOLD = Ready(
    lambda _: (
        select(_communities.c.id)
        .where(_communities.c.id == bindparam("named"))
        .with_for_update(key_share=True)
    )
)
WHOLE = Ready(
    lambda _: (
        select(
            *(_communities.c[name] for name in ("id", "institution", "name", "stage", "founded_at")),
            *(_charters.c[name] for name in ("about", "audience", "hopes", "version", "norms")),
        )
        .join(
            _charters,
            (_charters.c.community == _communities.c.id) & (_charters.c.version == _communities.c.charter),
        )
        .where(_communities.c.id == bindparam("named"))
    )
)


class SqlCommunities(Repository):
    def put(self, community: Community) -> None:
        charter = community.charter
        self._put(
            CommunityRow,
            id=community.id,
            institution=community.institution,
            name=community.name,
            charter=charter.version,
            stage=community.stage.value,
            founded_at=community.founded_at,
        )
        self._put(
            CharterRow,
            community=community.id,
            version=charter.version,
            about=charter.about,
            audience=charter.audience,
            hopes=charter.hopes,
            norms=charter.norms,
        )

    def get(self, key: CommunityId) -> Community | None:
        found = self._transaction.first(WHOLE, named=key)
        if found is None:
            return None
        whole, institution, name, stage, founded_at, *charter = found
        return Community(
            CommunityId(whole), InstitutionId(institution), name, Charter(*charter), Stage(stage), founded_at
        )

    def all(self) -> Sequence[CommunityId]:
        found = self._session.scalars(select(CommunityRow.id).order_by(CommunityRow.id))
        return [CommunityId(key) for key in found]

    def hold(self, key: CommunityId) -> None:
        # SQLite lets one write at a time. Rows that only refer to the community are added all the same.
        self._run_ready(HOLD, named=key)

    def of_person(self, person: PersonId) -> Sequence[tuple[Community, Membership]]:
        query = (
            _whole()
            .add_columns(MembershipRow)
            .join(MembershipRow, MembershipRow.community == CommunityRow.id)
            .where(MembershipRow.person == person)
            .order_by(CommunityRow.name, CommunityRow.id)
        )
        return [
            (_community(community, charter), _membership(membership))
            for community, charter, membership in self._session.execute(query)
        ]

    def put_context(self, context: ContextLink) -> None:
        self._put(
            ContextRow,
            id=context.id,
            institution=context.institution,
            realm=context.realm,
            context=context.context,
            title=context.title,
            community=context.community,
            roster=None if context.roster is None else dict(context.roster),
            read_at=context.read_at,
        )

    def in_context(self, institution: InstitutionId, realm: str, context: str) -> Sequence[Community]:
        query = (
            _whole()
            .join(ContextRow, ContextRow.community == CommunityRow.id)
            .where(
                ContextRow.institution == institution,
                ContextRow.realm == realm,
                ContextRow.context == context,
            )
            .order_by(CommunityRow.founded_at, CommunityRow.id)
        )
        return [_community(community, charter) for community, charter in self._session.execute(query)]

    def contexts_at(self, institution: InstitutionId, realm: str, context: str) -> Sequence[ContextLink]:
        found = self._run_ready(CONTEXTS_AT, whose=institution, within=realm, named=context)
        return [
            ContextLink(key, institution, realm, context, title, community, roster, read_at)
            for key, title, community, roster, read_at in found
        ]

    def contexts(self, community: CommunityId) -> Sequence[ContextLink]:
        return list(map(to_context, self._find(ContextRow, "title", "id", community=community)))

    def context(self, key: str) -> ContextLink | None:
        row = self._find_one(ContextRow, id=key)
        return None if row is None else to_context(row)

    def put_participation(self, participation: Participation) -> None:
        self._put(
            ParticipationRow,
            community=participation.community,
            institution=participation.institution,
            agreed_at=participation.agreed_at,
            refused_at=participation.refused_at,
            withdrawn_at=participation.withdrawn_at,
            withdrawn_by=participation.withdrawn_by,
            reason=participation.reason,
        )

    def participation(self, community: CommunityId, institution: InstitutionId) -> Participation | None:
        return next(iter(self.participations(community, institution)), None)

    def participations(
        self, community: CommunityId | None = None, institution: InstitutionId | None = None
    ) -> Sequence[Participation]:
        asked = {"community": community, "institution": institution}
        wanted: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        return [
            Participation(
                CommunityId(row.community),
                InstitutionId(row.institution),
                row.agreed_at,
                row.refused_at,
                row.withdrawn_at,
                row.withdrawn_by,
                row.reason,
            )
            for row in self._find(ParticipationRow, "community", "institution", **wanted)
        ]

    def put_contact(self, contact: Contact) -> None:
        self._put(
            ContactRow,
            community=contact.community,
            institution=contact.institution,
            person=contact.person,
            since=contact.since,
        )

    def drop_contact(self, community: CommunityId, institution: InstitutionId) -> None:
        self._remove(ContactRow, community=community, institution=institution)

    def contacts(self, community: CommunityId) -> Mapping[InstitutionId, Contact]:
        return {
            InstitutionId(row.institution): Contact(
                community, InstitutionId(row.institution), PersonId(row.person), row.since
            )
            for row in self._find(ContactRow, "institution", community=community)
        }

    def put_handover(self, handover: Handover) -> None:
        self._put(
            HandoverRow,
            community=handover.community,
            person=handover.person,
            institution=handover.institution,
            role=handover.role.value,
            asked_by=handover.asked_by,
            asked_at=handover.asked_at,
        )

    def drop_handover(self, community: CommunityId, person: PersonId) -> None:
        self._remove(HandoverRow, community=community, person=person)

    def handovers(self, community: CommunityId) -> Mapping[PersonId, Handover]:
        return {
            PersonId(row.person): Handover(
                community,
                PersonId(row.person),
                InstitutionId(row.institution),
                Role(row.role),
                PersonId(row.asked_by),
                row.asked_at,
            )
            for row in self._find(HandoverRow, "person", community=community)
        }

    def put_membership(self, membership: Membership) -> None:
        self._put(
            MembershipRow,
            community=membership.community,
            person=membership.person,
            institution=membership.institution,
            role=membership.role.value,
            standing=membership.standing.value,
            changed_at=membership.changed_at,
            by_institution=membership.by_institution,
        )

    def membership(self, community: CommunityId, person: PersonId) -> Membership | None:
        found = self._transaction.first(MEMBERSHIP, of=community, whose=person)
        if found is None:
            return None
        institution, role, standing, changed_at, by_institution = found
        return Membership(
            community,
            person,
            InstitutionId(institution),
            Role(role),
            Standing(standing),
            changed_at,
            bool(by_institution),
        )

    def memberships(self, community: CommunityId) -> Sequence[Membership]:
        return list(map(_membership, self._each(MembershipRow, "person", community=community)))

    def joined(self, community: CommunityId, people: Iterable[PersonId]) -> frozenset[PersonId]:
        found: set[PersonId] = set()
        for some in portions(sorted(set(people))):
            query = select(MembershipRow.person).where(
                MembershipRow.community == community,
                MembershipRow.person.in_(some),
                MembershipRow.standing == Standing.JOINED.value,
            )
            found |= {PersonId(person) for person in self._session.scalars(query)}
        return frozenset(found)

    def opt_out(self, hashes: Iterable[str]) -> None:
        for name in sorted(set(hashes)):
            self._put(OptOutRow, hash=name)

    def opted_out(self, hashes: Iterable[str]) -> frozenset[str]:
        return frozenset(row.hash for row in self._each_among(OptOutRow, "hash", hashes))

    def opt_in(self, hashes: Iterable[str]) -> None:
        for some in portions(set(hashes)):
            self._run(delete(OptOutRow).where(OptOutRow.hash.in_(some)))


def _whole() -> Select[CommunityRow, CharterRow]:
    present = (CharterRow.community == CommunityRow.id) & (CharterRow.version == CommunityRow.charter)
    return select(CommunityRow, CharterRow).join(CharterRow, present)


def _community(row: CommunityRow, charter: CharterRow) -> Community:
    return Community(
        CommunityId(row.id),
        InstitutionId(row.institution),
        row.name,
        Charter(charter.about, charter.audience, charter.hopes, charter.version, charter.norms),
        Stage(row.stage),
        row.founded_at,
    )


def _membership(row: MembershipRow) -> Membership:
    return Membership(
        CommunityId(intern(row.community)),
        PersonId(row.person),
        InstitutionId(intern(row.institution)),
        Role(row.role),
        Standing(row.standing),
        row.changed_at,
        row.by_institution,
    )


def to_context(row: ContextRow) -> ContextLink:
    """A row as the engine knows it."""
    return ContextLink(
        row.id,
        InstitutionId(row.institution),
        row.realm,
        row.context,
        row.title,
        row.community,
        row.roster,
        row.read_at,
    )

"""Secret addresses, found by the hash of their token."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select, update

from coplink.core.people import CommunityId, Identity, InstitutionId, PersonId
from coplink.ports.records import Link, LinkKind, Presenter
from coplink.storage.repositories.base import Repository
from coplink.storage.repositories.doors import digest
from coplink.storage.tables import LinkRow, PresenterRow

TOKEN = "link token"  # noqa: S105  (the purpose it is sealed for)

PRESENTER = "presenter name"


class SqlLinks(Repository):
    def put(self, link: Link) -> None:
        self._put(
            LinkRow,
            id=link.id,
            kind=link.kind.value,
            token_hash=digest(link.token),
            token=self._sealer.seal(link.institution, TOKEN, link.token),
            institution=link.institution,
            community=link.community,
            person=link.person,
            made_at=link.made_at,
            expires_at=link.expires_at,
            revoked_at=link.revoked_at,
            used_at=link.used_at,
        )

    def by_token(self, kind: LinkKind, token: str) -> Link | None:
        row = self._one(
            select(LinkRow).where(LinkRow.kind == kind.value, LinkRow.token_hash == digest(token))
        )
        return None if row is None else self._link(row)

    def get(self, key: str) -> Link | None:
        row = self._one(select(LinkRow).where(LinkRow.id == key))
        return None if row is None else self._link(row)

    def of(
        self,
        kind: LinkKind,
        community: CommunityId | None = None,
        person: PersonId | None = None,
        institution: InstitutionId | None = None,
    ) -> Sequence[Link]:
        query = select(LinkRow).where(LinkRow.kind == kind.value)
        if community is not None:
            query = query.where(LinkRow.community == community)
        if person is not None:
            query = query.where(LinkRow.person == person)
        if institution is not None:
            query = query.where(LinkRow.institution == institution)
        return [self._link(row) for row in self._rows(query.order_by(LinkRow.made_at, LinkRow.id))]

    def put_presenter(self, presenter: Presenter) -> None:
        link = presenter.link
        self.put(link)
        self._put(
            PresenterRow,
            link=link.id,
            institution=link.institution,
            community=link.community,
            meeting=presenter.meeting.isoformat(),
            name=self._sealer.seal(link.institution, PRESENTER, presenter.name),
        )

    def presenters(self, community: CommunityId) -> Sequence[Presenter]:
        query = select(PresenterRow).where(PresenterRow.community == community)
        rows = {row.link: row for row in self._rows(query)}
        return [
            Presenter(
                link,
                date.fromisoformat(rows[link.id].meeting),
                self._sealer.open(link.institution, PRESENTER, rows[link.id].name),
            )
            for link in self.of(LinkKind.PRESENTER, community)
            if link.id in rows
        ]

    def use(self, key: str, now: datetime) -> bool:
        still_open = (
            LinkRow.used_at.is_(None),
            LinkRow.revoked_at.is_(None),
            or_(LinkRow.expires_at.is_(None), LinkRow.expires_at > now),
        )
        return self._run(update(LinkRow).where(LinkRow.id == key, *still_open).values(used_at=now)) == 1

    def letter_to(self, link: Link, identity: Identity) -> str:
        named = (identity.institution, identity.door, identity.realm, identity.subject)
        return self._sealer.keyed_hash("letter-to", link.id, *named)

    def _link(self, row: LinkRow) -> Link:
        return Link(
            id=row.id,
            kind=LinkKind(row.kind),
            token=self._sealer.open(row.institution, TOKEN, row.token),
            institution=InstitutionId(row.institution),
            community=row.community,
            person=row.person,
            made_at=row.made_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            used_at=row.used_at,
        )

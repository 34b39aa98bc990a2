"""Copied courses, orders for notices, and the notices that came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from coplink.core.people import CommunityId, InstitutionId, PersonId
from coplink.ports.copies import CopyState, CourseCopy, NoticeService
from coplink.ports.records import ContextLink
from coplink.storage.ready import Ready
from coplink.storage.repositories.base import Repository, sql
from coplink.storage.repositories.communities import to_context
from coplink.storage.tables import ContextRow, CopyRow, HeardNoticeRow, NoticeServiceRow


class SqlCopies(Repository):
    def add(self, copy: CourseCopy) -> bool:
        adding = self._insert(CopyRow).values(**_values(copy)).on_conflict_do_nothing()
        return bool(self._session.execute(adding.returning(CopyRow.id)).all())

    def put(self, copy: CourseCopy) -> None:
        self._put(CopyRow, **_values(copy))

    def get(self, key: str) -> CourseCopy | None:
        row = self._one(select(CopyRow).where(CopyRow.id == key))
        return None if row is None else _copy(row)

    def of_context(self, institution: InstitutionId, realm: str, context: str) -> Sequence[CourseCopy]:
        query = select(CopyRow).where(
            CopyRow.institution == institution, CopyRow.realm == realm, CopyRow.context == context
        )
        return [_copy(row) for row in self._rows(query.order_by(CopyRow.heard_at, CopyRow.id))]

    def of_community(self, community: CommunityId) -> Sequence[CourseCopy]:
        query = select(CopyRow).where(CopyRow.community == community)
        return [_copy(row) for row in self._rows(query.order_by(CopyRow.heard_at.desc(), CopyRow.id))]

    def origins(
        self, institution: InstitutionId, realm: str, contexts: Iterable[str]
    ) -> Sequence[ContextLink]:
        query = select(ContextRow).where(
            ContextRow.institution == institution,
            ContextRow.realm == realm,
            ContextRow.context.in_(list(contexts)),
        )
        return [to_context(row) for row in self._rows(query.order_by(ContextRow.id))]


_services = sql(NoticeServiceRow)
NOTICES_OF = Ready(
    lambda _: select(
        *(_services.c[name] for name in ("id", "url", "types", "callback", "asked_at", "ordered_at"))
    ).where(
        _services.c.institution == bindparam("whose"),
        _services.c.registration == bindparam("by"),
        _services.c.deployment == bindparam("named"),
    )
)


class SqlNoticeServices(Repository):
    def put(self, service: NoticeService) -> None:
        self._put(
            NoticeServiceRow,
            id=service.id,
            institution=service.institution,
            registration=service.registration,
            deployment=service.deployment,
            url=service.url,
            types=list(service.types),
            callback=service.callback,
            asked_at=service.asked_at,
            ordered_at=service.ordered_at,
        )

    def get(self, key: str) -> NoticeService | None:
        row = self._one(select(NoticeServiceRow).where(NoticeServiceRow.id == key))
        return None if row is None else _service(row)

    def of(self, institution: InstitutionId, registration: str, deployment: str) -> NoticeService | None:
        found = self._transaction.first(NOTICES_OF, whose=institution, by=registration, named=deployment)
        if found is None:
            return None
        key, url, types, callback, asked_at, ordered_at = found
        return NoticeService(
            key, institution, registration, deployment, url, tuple(types), callback, asked_at, ordered_at
        )

    def unfilled(self) -> Sequence[NoticeService]:
        query = select(NoticeServiceRow).where(NoticeServiceRow.ordered_at.is_(None))
        return [_service(row) for row in self._rows(query.order_by(NoticeServiceRow.id))]

    def hear(self, registration: str, notice: str, now: datetime, until: datetime) -> bool:
        self._drop_some(HeardNoticeRow, HeardNoticeRow.notice, HeardNoticeRow.until <= now)
        adding = self._insert(HeardNoticeRow).values(registration=registration, notice=notice, until=until)
        adding = adding.on_conflict_do_nothing(index_elements=["registration", "notice"])
        return bool(self._session.execute(adding.returning(HeardNoticeRow.notice)).all())


def _values(copy: CourseCopy) -> dict[str, Any]:
    return {
        "id": copy.id,
        "institution": copy.institution,
        "realm": copy.realm,
        "context": copy.context,
        "title": copy.title,
        "origin_title": copy.origin_title,
        "community": copy.community,
        "state": copy.state.value,
        "heard_at": copy.heard_at,
        "seen_at": copy.seen_at,
        "asked_by": copy.asked_by,
        "roster": None if copy.roster is None else dict(copy.roster),
    }


def _copy(row: CopyRow) -> CourseCopy:
    return CourseCopy(
        row.id,
        InstitutionId(row.institution),
        row.realm,
        row.context,
        row.title,
        row.origin_title,
        CommunityId(row.community),
        CopyState(row.state),
        row.heard_at,
        row.seen_at,
        None if row.asked_by is None else PersonId(row.asked_by),
        row.roster,
    )


def _service(row: NoticeServiceRow) -> NoticeService:
    return NoticeService(
        row.id,
        InstitutionId(row.institution),
        row.registration,
        row.deployment,
        row.url,
        tuple(row.types),
        row.callback,
        row.asked_at,
        row.ordered_at,
    )

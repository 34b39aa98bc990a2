"""Every remote write, before and after it was made."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update

from coplink.core.people import CommunityId, InstitutionId
from coplink.core.spaces import SpaceId
from coplink.core.work import Turn
from coplink.ports.seats import Done
from coplink.ports.storage import StaleTurn
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import JournalRow, RemovalRow, SpaceRow, WorkRow

REMEMBERED = timedelta(days=30)
"""How long removals are counted; the longest limit is a day."""


class SqlJournal(Repository):
    def open(self, turn: Turn, space: SpaceId, what: str, key: str, now: datetime) -> str:
        # The row is locked until this commits: a worker that begins the work meanwhile comes after this line.
        holder = self._session.scalars(
            select(WorkRow.token)
            .where(WorkRow.kind == turn.kind.value, WorkRow.target == turn.target)
            .with_for_update()
        ).one_or_none()
        if holder != turn.token:
            raise StaleTurn(f"{turn.kind.value} of {turn.target} was begun by another worker")
        where = self._session.execute(
            select(SpaceRow.institution, SpaceRow.community).where(SpaceRow.id == space)
        ).one()
        number = self._session.scalars(
            insert(JournalRow)
            .values(
                institution=where.institution,
                community=where.community,
                space=space,
                kind=turn.kind.value,
                what=what,
                key=key,
                opened_at=now,
                closed_at=None,
                outcome=None,
                found=False,
            )
            .returning(JournalRow.number)
        ).one()
        return str(number)

    def close(self, entry: str, outcome: Done, now: datetime, found: bool = False) -> None:
        self._run(
            update(JournalRow)
            .where(JournalRow.number == int(entry))
            .values(closed_at=now, outcome=outcome.value, found=found)
        )

    def key_of(self, space: SpaceId, what: str) -> str | None:
        return self._session.scalars(
            select(JournalRow.key)
            .where(JournalRow.space == space, JournalRow.what == what)
            .order_by(JournalRow.number.desc())
            .limit(1)
        ).one_or_none()

    def unfinished(self, space: SpaceId, what: str) -> datetime | None:
        newest = self._session.execute(
            select(JournalRow.opened_at, JournalRow.closed_at)
            .where(JournalRow.space == space, JournalRow.what == what)
            .order_by(JournalRow.number.desc())
            .limit(1)
        ).one_or_none()
        return newest.opened_at if newest is not None and newest.closed_at is None else None

    def half_made(self, space: SpaceId) -> bool:
        made = select(JournalRow.what, JournalRow.closed_at, JournalRow.outcome)
        made = made.where(JournalRow.space == space, JournalRow.what.startswith("make "))
        newest = {row.what: row for row in self._session.execute(made.order_by(JournalRow.number))}
        return any(r.closed_at is None or r.outcome == Done.UNKNOWN.value for r in newest.values())

    def removed_since(self, institution: InstitutionId, since: datetime) -> int:
        query = select(func.sum(RemovalRow.count)).where(
            RemovalRow.institution == institution, RemovalRow.at >= since
        )
        return int(self._session.scalar(query) or 0)

    def note_removed(self, institution: InstitutionId, count: int, now: datetime) -> None:
        self._drop_some(RemovalRow, RemovalRow.number, RemovalRow.at < now - REMEMBERED)
        if count:
            self._run(insert(RemovalRow).values(institution=institution, at=now, count=count))

    def found(self, community: CommunityId) -> int:
        query = select(func.count()).where(JournalRow.community == community, JournalRow.found.is_(True))
        return self._session.scalar(query) or 0

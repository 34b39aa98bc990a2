"""Every remote write, before and after it was made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import bindparam, false, func, insert, select, update

from coplink.core.people import CommunityId, InstitutionId
from coplink.core.spaces import SpaceId
from coplink.core.work import Turn
from coplink.ports.seats import Done
from coplink.ports.storage import StaleTurn
from coplink.storage.ready import Ready
from coplink.storage.repositories.base import Repository, sql
from coplink.storage.tables import JournalRow, RemovalRow, SpaceRow, WorkRow

REMEMBERED = timedelta(days=30)
"""How long removals are counted; the longest limit is a day."""

_journal, _spaces, _removals = sql(JournalRow), sql(SpaceRow), sql(RemovalRow)
_opened = ("institution", "community", "space", "kind", "what", "key", "opened_at", "found")
OPEN = Ready(
    lambda insert: (
        insert(_journal)
        .from_select(
            _opened,
            select(
                _spaces.c.institution,
                _spaces.c.community,
                _spaces.c.id,
                bindparam("by", type_=_journal.c.kind.type),
                bindparam("called", type_=_journal.c.what.type),
                bindparam("keyed", type_=_journal.c.key.type),
                bindparam("at", type_=_journal.c.opened_at.type),
                false(),
            ).where(_spaces.c.id == bindparam("within")),
        )
        .returning(_journal.c.number)
    )
)
NEWEST = Ready(
    lambda _: (
        select(_journal.c.key, _journal.c.opened_at, _journal.c.closed_at, _journal.c.outcome)
        .where(_journal.c.space == bindparam("within"), _journal.c.what == bindparam("called"))
        .order_by(_journal.c.number.desc())
        .limit(1)
    )
)
SETTLE = Ready(
    lambda _: (
        update(_journal)
        .where(
            _journal.c.space == bindparam("within"),
            _journal.c.kind == bindparam("by"),
            _journal.c.closed_at.is_(None),
        )
        .values(closed_at=bindparam("at"), outcome=Done.UNKNOWN.value)
    )
)
REMOVED = Ready(
    lambda _: select(func.sum(_removals.c.count)).where(
        _removals.c.institution == bindparam("whose"), _removals.c.at >= bindparam("since")
    )
)


class SqlJournal(Repository):
    def open(self, turn: Turn, space: SpaceId, what: str, key: str, now: datetime) -> str:
        # The row is locked until this commits: a worker that begins the work meanwhile comes after this line.
        work = self._find_one(WorkRow, lock=True, kind=turn.kind.value, target=turn.target)
        if work is None or work.token != turn.token:
            raise StaleTurn(f"{turn.kind.value} of {turn.target} was begun by another worker")
        ((number,),) = self._run_ready(OPEN, within=space, by=turn.kind.value, called=what, keyed=key, at=now)
        return str(number)

    def close(self, entry: str, outcome: Done, now: datetime, found: bool = False) -> None:
        self._change(JournalRow, {"number": int(entry)}, closed_at=now, outcome=outcome.value, found=found)

    def key_of(self, space: SpaceId, what: str) -> str | None:
        newest = self._transaction.first(NEWEST, within=space, called=what)
        return None if newest is None else str(newest[0])

    def unfinished(self, space: SpaceId, what: str) -> datetime | None:
        newest = self._transaction.first(NEWEST, within=space, called=what)
        if newest is None:
            return None
        _, opened_at, closed_at, outcome = newest
        unknown = closed_at is None or outcome == Done.UNKNOWN.value
        return cast(datetime, opened_at) if unknown else None

    def settle(self, turn: Turn, now: datetime) -> None:
        self._run_ready(SETTLE, within=turn.target, by=turn.kind.value, at=now)

    def half_made(self, space: SpaceId) -> bool:
        made = select(JournalRow.what, JournalRow.closed_at, JournalRow.outcome)
        made = made.where(JournalRow.space == space, JournalRow.what.startswith("make "))
        newest = {row.what: row for row in self._session.execute(made.order_by(JournalRow.number))}
        return any(r.closed_at is None or r.outcome == Done.UNKNOWN.value for r in newest.values())

    def removed_since(self, institution: InstitutionId, since: datetime) -> int:
        ((count,),) = self._run_ready(REMOVED, whose=institution, since=since)
        return int(count or 0)

    def note_removed(self, institution: InstitutionId, count: int, now: datetime) -> None:
        self._drop_some(RemovalRow, RemovalRow.number, RemovalRow.at < now - REMEMBERED)
        if count:
            self._run(insert(RemovalRow).values(institution=institution, at=now, count=count))

    def found(self, community: CommunityId) -> int:
        query = select(func.count()).where(JournalRow.community == community, JournalRow.found.is_(True))
        return self._session.scalar(query) or 0

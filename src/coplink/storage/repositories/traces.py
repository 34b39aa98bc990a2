"""What was kept about one person while seats were given and taken: ledger, journal and history, read for one page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from coplink.core.people import AccountId, CommunityId, InstitutionId, PersonId
from coplink.core.spaces import SpaceId
from coplink.core.work import Kind
from coplink.ports.records import Happening
from coplink.ports.seats import Done
from coplink.ports.traces import Deed, SeatTrace
from coplink.storage.mapping import to_said
from coplink.storage.repositories.base import Repository
from coplink.storage.seat_states import SeatState
from coplink.storage.tables import HappeningRow, JournalRow, LedgerRow

SEATED, REMOVED = "seat ", "remove "
"""How a line of the journal begins that gives or takes seats (``engine.seating``)."""


class SqlTraces(Repository):
    def seat(self, space: SpaceId, account: AccountId) -> SeatTrace | None:
        row = self._one(select(LedgerRow).where(LedgerRow.space == space, LedgerRow.account == account))
        if row is None or row.state == SeatState.RAISED:
            return None  # what they lead by is ours; the seat is not
        state = SeatState(row.state)
        return SeatTrace(
            row.written_at,
            state is SeatState.REMOVED,
            state is SeatState.INTENDED,
            state is SeatState.TAKEN_OUT,
            None if state is SeatState.REJOINED else row.absent_since,  # put anew, wherever it went
            unseen=state is SeatState.PUT,
        )

    def deeds(self, space: SpaceId, account: AccountId, limit: int = 3) -> Sequence[Deed]:
        lines = (
            select(JournalRow)
            .where(
                JournalRow.space == space,
                JournalRow.kind == Kind.RECONCILE.value,
                or_(JournalRow.what.startswith(SEATED), JournalRow.what.startswith(REMOVED)),
                JournalRow.what.contains(account, autoescape=True),
            )
            .order_by(JournalRow.number.desc())
        )
        named = [row for row in self._rows(lines.limit(20 * limit)) if account in row.what.split()[1:]]
        return [
            Deed(row.what.startswith(REMOVED), row.opened_at, Done(row.outcome) if row.outcome else None)
            for row in named[:limit]
        ]

    def acts(self, community: CommunityId, person: PersonId, limit: int = 12) -> Sequence[Happening]:
        query = select(HappeningRow).where(HappeningRow.community == community, HappeningRow.actor == person)
        return [
            Happening(row.community, InstitutionId(row.institution), row.at, row.actor, to_said(row.message))
            for row in self._rows(query.order_by(HappeningRow.number.desc()).limit(limit))
        ]

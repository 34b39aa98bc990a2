"""The ledger: what coplink holds true about its seats. How a line changes is told in ``seat_states``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from sys import intern

from sqlalchemy import bindparam, delete, func, or_, select

from coplink.core.people import AccountId, InstitutionId, Proof, Standing
from coplink.core.plan import Change
from coplink.core.spaces import Doubt, Observed, Remembered, SpaceId
from coplink.ports.seats import Done
from coplink.storage import shapes
from coplink.storage.ready import Ready
from coplink.storage.repositories.base import Repository, portions, sql
from coplink.storage.seat_states import (
    Line,
    SeatState,
    intended,
    let_go,
    looked,
    recorded,
    rejoined,
    taken_out,
)
from coplink.storage.tables import AccountRow, LedgerLookRow, LedgerRow, MembershipRow, SeatRow, SpaceRow

Lines = Mapping[AccountId, Line]

_ledger = sql(LedgerRow)
_kept = (SeatState.PUT.value, SeatState.REJOINED.value, SeatState.SEEN.value)
HOLDS = Ready(lambda _: select(_ledger.c.space).where(_ledger.c.space == bindparam("within")).limit(1))
AMONG = Ready(
    lambda _: (
        select(_ledger)
        .where(_ledger.c.space == bindparam("within"), shapes.Among(_ledger.c.account, "listed"))
        .order_by(_ledger.c.account)
        .with_for_update()
    )
)
KEPT = Ready(
    lambda _: (
        select(func.count())
        .select_from(_ledger)
        .where(_ledger.c.institution == bindparam("whose"), or_(*(_ledger.c.state == one for one in _kept)))
    )
)
MISSING = Ready(
    lambda _: select(_ledger.c.account).where(
        _ledger.c.space == bindparam("within"),
        _ledger.c.absent_since <= bindparam("by", type_=_ledger.c.absent_since.type),
        _ledger.c.written_at <= bindparam("by", type_=_ledger.c.written_at.type),
        *(_ledger.c.state != one.value for one in (SeatState.REMOVED, SeatState.TAKEN_OUT)),
    )
)
_spaces, _accounts, _members = sql(SpaceRow), sql(AccountRow), sql(MembershipRow)
PARTING = Ready(
    lambda _: (
        select(_ledger.c.account)
        .select_from(_spaces)
        .join(_members, _members.c.community == _spaces.c.community)
        .join(
            _accounts,
            (_accounts.c.person == _members.c.person)
            & (_accounts.c.institution == _spaces.c.institution)
            & (_accounts.c.integration == _spaces.c.integration),
        )
        .join(_ledger, (_ledger.c.space == _spaces.c.id) & (_ledger.c.account == _accounts.c.account))
        .where(
            _spaces.c.id == bindparam("within"),
            or_(*(_members.c.standing == one.value for one in (Standing.LEFT, Standing.PAUSED))),
            _accounts.c.proof == Proof.PROVED.value,
            or_(*(_ledger.c.state == one for one in (*_kept, SeatState.INTENDED.value))),
        )
    )
)


class SqlLedger(Repository):
    def remembered(self, space: SpaceId, now: datetime, lag: timedelta) -> Remembered:
        of_state: dict[SeatState, list[AccountId]] = {state: [] for state in SeatState}
        fresh: list[AccountId] = []
        for account, line in self._each_line(space):
            of_state[line.state].append(account)
            if line.fresh(now, lag):
                fresh.append(account)
        return Remembered(
            ours=frozenset(of_state[SeatState.SEEN]),
            unknown=frozenset([*of_state[SeatState.INTENDED], *of_state[SeatState.REJOINED]]),
            fresh=frozenset(fresh),
            out=frozenset(of_state[SeatState.TAKEN_OUT]),
            given=frozenset(of_state[SeatState.PUT]),
            raised=frozenset(of_state[SeatState.RAISED]),
        )

    def saw(self, space: SpaceId, observed: Observed, now: datetime, lag: timedelta) -> frozenset[AccountId]:
        # Of tens of thousands of lines hardly any changes: only those are kept in memory.
        before, after = dict[AccountId, Line](), dict[AccountId, Line | None]()
        gone, fresh = set[AccountId](), dict[AccountId, SeatState]()
        for account, line in self._each_line(space):
            new, left = looked(line, observed.seats.get(account), observed.complete, now, lag)
            if new != line:
                before[account], after[account] = line, new
            if new is not None and new.fresh(now, lag):
                fresh[account] = new.state
            if left:
                gone.add(account)
        self._write(space, before, after)
        self._list(space, observed, fresh)
        return frozenset(gone)

    def missing(self, space: SpaceId, now: datetime, lag: timedelta) -> frozenset[AccountId]:
        return frozenset(AccountId(row[0]) for row in self._run_ready(MISSING, within=space, by=now - lag))

    def seats(self, space: SpaceId) -> Mapping[AccountId, str]:
        rows = self._each(SeatRow, "account", space=space)
        return {AccountId(row.account): intern(row.role) for row in rows}

    def seated(self, space: SpaceId) -> frozenset[AccountId]:
        states = {AccountId(row.account): SeatState(row.state) for row in self._each(LedgerRow, space=space)}
        doubtful = {account for account, state in states.items() if state is SeatState.INTENDED}
        away = {a for a, state in states.items() if state in (SeatState.REMOVED, SeatState.RAISED)}
        return frozenset(states.keys() - away - (doubtful - self.seats(space).keys()))

    def parting(self, space: SpaceId) -> frozenset[AccountId]:
        row = self._look(space)
        if row is not None and row.adopting:
            return frozenset()
        return frozenset(AccountId(row[0]) for row in self._run_ready(PARTING, within=space))

    def intend(self, space: SpaceId, changes: Sequence[Change], now: datetime) -> None:
        lines = self._lines(space, [change.account for change in changes])
        self._write(space, lines, {c.account: intended(lines.get(c.account), c, now) for c in changes})
        row = self._look(space)
        if row is not None and any(change.after is not None for change in changes):
            # Known from the first seat on: the process may die, and the ledger be lost, before the next look.
            self._note(space, row, True, row.adopting, row.first_look)

    def record(self, space: SpaceId, change: Change, outcome: Done, now: datetime) -> None:
        self.record_all(space, [(change, outcome)], now)

    def record_all(self, space: SpaceId, ended: Sequence[tuple[Change, Done]], now: datetime) -> None:
        lines = self._lines(space, [change.account for change, _ in ended])
        after = {
            change.account: recorded(lines.get(change.account), change, outcome, now)
            for change, outcome in ended
        }
        self._write(space, lines, after)
        if None in after.values():
            self.count(space)  # lines may be gone with that, by us
        sure = [change for change, outcome in ended if outcome in (Done.CHANGED, Done.ALREADY_SO)]
        self._unlist(space, [change.account for change in sure if change.after is None])
        self._put_many(
            SeatRow,
            [
                {"space": space, "account": c.account, "role": c.after.value}
                for c in sure
                if c.after is not None
            ],
        )

    def take_out(self, space: SpaceId, accounts: Iterable[AccountId]) -> None:
        lines = {a: line for a, line in self._lines(space, accounts).items() if line.state is SeatState.SEEN}
        self._write(space, lines, {a: taken_out(line) for a, line in lines.items()})

    def rejoined(self, space: SpaceId, accounts: Iterable[AccountId], now: datetime) -> None:
        lines = self._lines(space, accounts)
        self._write(space, lines, {account: rejoined(line, now) for account, line in lines.items()})

    def forget(self, space: SpaceId, accounts: Iterable[AccountId]) -> None:
        for some in portions(set(accounts)):
            self._run(delete(LedgerRow).where(LedgerRow.space == space, LedgerRow.account.in_(some)))

    def forget_all(self, space: SpaceId, those_out: bool = False) -> None:
        goes = [] if those_out else [LedgerRow.state != SeatState.TAKEN_OUT.value]
        self._run(delete(LedgerRow).where(LedgerRow.space == space, *goes))
        self._remove(SeatRow, space=space)

    def let_go(self, space: SpaceId, accounts: Iterable[AccountId] | None = None) -> None:
        lines = dict(self._each_line(space)) if accounts is None else self._lines(space, accounts)
        self._write(space, lines, {account: let_go(line) for account, line in lines.items()})
        if accounts is None:
            self._remove(SeatRow, space=space)

    def doubt(self, space: SpaceId, complete: bool, now: datetime, lag: timedelta) -> Doubt:
        row, holds = self._look(space), self._holds(space)
        lost = row is not None and row.held and not holds
        if row is None or not (row.adopting or lost):
            self._note(space, row, holds, False, None)
            return Doubt.NONE
        first = None if lost else row.first_look  # lost once more before it was known again: counted anew
        over = complete and first is not None and now - first >= lag
        if complete and first is None:
            first = now
        self._note(space, row, holds, not over, None if over else first)
        return Doubt.OVER if over else Doubt.HELD

    def adopt(self, space: SpaceId, accounts: Iterable[AccountId], now: datetime) -> None:
        known = {account for account, _ in self._each_line(space)}
        self._write(space, {}, {a: Line(SeatState.INTENDED, now) for a in accounts if a not in known})

    def count(self, space: SpaceId) -> None:
        row = self._look(space)
        if row is not None:
            self._note(space, row, self._holds(space), row.adopting, row.first_look)

    def kept(self, institution: InstitutionId) -> int:
        """Seats the platform said yes to and that were not taken away; doubtful ones do not count."""
        ((count,),) = self._run_ready(KEPT, whose=institution)
        return int(count)

    def _look(self, space: SpaceId) -> LedgerLookRow | None:
        return self._find_one(LedgerLookRow, space=space)

    def _holds(self, space: SpaceId) -> bool:
        return bool(self._run_ready(HOLDS, within=space))

    def _note(
        self,
        space: SpaceId,
        row: LedgerLookRow | None,
        held: bool,
        adopting: bool,
        first: datetime | None,
    ) -> None:
        if row is not None and (row.held, row.adopting, row.first_look) == (held, adopting, first):
            return
        institution = row.institution if row is not None else self._institution(space)
        self._put(
            LedgerLookRow,
            space=space,
            institution=institution,
            held=held,
            adopting=adopting,
            first_look=first,
        )

    def _institution(self, space: SpaceId) -> str:
        space_row = self._find_one(SpaceRow, id=space)
        if space_row is None:
            raise LookupError(f"no space {space}")
        return space_row.institution

    def _each_line(self, space: SpaceId) -> Iterator[tuple[AccountId, Line]]:
        """All lines of a space, one after the other; always locked in the same order."""
        return map(_line, self._each(LedgerRow, "account", lock=True, space=space))

    def _lines(self, space: SpaceId, accounts: Iterable[AccountId]) -> Lines:
        """The lines of some accounts, locked in that order too."""
        listed = sorted(set(accounts))
        found = self._run_ready(AMONG, within=space, listed=listed) if listed else []
        return dict(map(_line, map(shapes.reading(_ledger)._make, found)))

    def _write(self, space: SpaceId, before: Lines, after: Mapping[AccountId, Line | None]) -> None:
        """Keep what changed."""
        self.forget(space, [a for a, line in after.items() if line is None and a in before])
        changed = {a: line for a, line in after.items() if line is not None and line != before.get(a)}
        if not changed:
            return
        institution = self._institution(space)
        self._put_many(
            LedgerRow,
            [
                {
                    "space": space,
                    "account": account,
                    "institution": institution,
                    "state": line.state.value,
                    "written_at": line.written_at,
                    "absent_since": line.absent_since,
                    "prior": line.prior and line.prior.value,
                    "prior_written_at": line.prior_written_at,
                }
                for account, line in sorted(changed.items())
            ],
        )

    def _list(self, space: SpaceId, observed: Observed, fresh: Mapping[AccountId, SeatState]) -> None:
        """Keep who sits there for the pages: as reported, but for what we wrote too recently to be reported right."""
        new = {a: role for a, role in observed.seats.items() if fresh.get(a) is not SeatState.REMOVED}
        old: list[AccountId] = []
        for row in self._each(SeatRow, "account", space=space):
            account = AccountId(row.account)
            if account not in new:
                old += [] if account in fresh else [account]
            elif new[account].value == row.role:
                del new[account]
        if observed.complete:
            self._unlist(space, old)
        self._put_many(
            SeatRow,
            [
                {"space": space, "account": account, "role": role.value}
                for account, role in sorted(new.items())
            ],
        )

    def _unlist(self, space: SpaceId, accounts: Iterable[AccountId]) -> None:
        for some in portions(accounts):
            self._run(delete(SeatRow).where(SeatRow.space == space, SeatRow.account.in_(some)))


def _line(row: LedgerRow) -> tuple[AccountId, Line]:
    prior = None if row.prior is None else SeatState(row.prior)
    line = Line(SeatState(row.state), row.written_at, row.absent_since, prior, row.prior_written_at)
    return AccountId(row.account), line

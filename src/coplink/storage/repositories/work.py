"""What is to be brought up to date: asked for by generation, done by turns."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from coplink.core.work import Dirty, Kind, Turn, WorkState
from coplink.ports.sealing import Sealer
from coplink.storage import shapes
from coplink.storage.ready import Ready
from coplink.storage.repositories.base import Repository, sql
from coplink.storage.tables import WorkRow
from coplink.storage.transaction import Transaction

_work = sql(WorkRow)
DUE = Ready(
    lambda _: (
        select(_work)
        .where(
            _work.c.generation > _work.c.settled,
            _work.c.resting.is_(False),
            or_(_work.c.not_before.is_(None), _work.c.not_before <= bindparam("now")),
            _work.c.urgent == bindparam("urgent"),
        )
        .order_by(_work.c.turned, _work.c.kind, _work.c.target)
        .limit(bindparam("most"))
    )
)


class SqlWork(Repository):
    """``tell`` hears of what was marked for now or tried again, for hints after the commit."""

    def __init__(self, transaction: Transaction, sealer: Sealer, tell: Callable[[Dirty], None]) -> None:
        super().__init__(transaction, sealer)
        self._tell = tell

    def mark(
        self,
        kind: Kind,
        target: str,
        partition: str,
        not_before: datetime | None = None,
        *,
        urgent: bool = True,
    ) -> None:
        """Ask for it; a later time never delays what is due or waiting for an earlier one."""
        row = self._find_one(WorkRow, lock=True, kind=kind.value, target=target)
        if row is None:
            self._append(
                WorkRow,
                ignore=True,
                kind=kind.value,
                target=target,
                partition=partition,
                generation=0,
                settled=0,
                begun=0,
                attempt=0,
                failures=0,
                resting=False,
                turned=time.time_ns(),
                urgent=urgent,
            )
            row = self._piece(kind, target)
        later = not_before is not None
        settled = row.settled >= row.generation
        if not settled and not row.resting and not_before is not None:
            not_before = min(not_before, row.not_before) if row.not_before is not None else None
        self._amend(
            kind,
            target,
            partition=partition,
            generation=row.generation + 1,
            attempt=0,
            failures=0,
            not_before=not_before,
            resting=False,
            reason=None,
            turned=time.time_ns() if settled or row.resting else row.turned,
            urgent=(urgent := urgent or (row.urgent and not settled)),
        )
        if not later:
            self._tell(Dirty(kind, target, partition, row.generation + 1, 0, urgent))

    def begin(self, kind: Kind, target: str, now: datetime) -> Turn | None:
        row = self._find_one(WorkRow, lock=True, kind=kind.value, target=target)
        if row is None or row.settled >= row.generation or row.resting:
            return None
        if row.not_before is not None and row.not_before > now:
            return None
        token = secrets.token_hex(16)
        self._amend(kind, target, token=token, begun=row.generation)
        return Turn(kind, target, row.partition, row.generation, row.failures, token, row.urgent)

    def holds(self, turn: Turn) -> bool:
        """Whether it is; nobody else begins the work until this transaction ends."""
        return self._held(turn) is not None

    def settle(self, turn: Turn, now: datetime) -> bool:
        row = self._held(turn)
        if row is None:
            return False
        if row.generation > turn.generation:  # asked for again meanwhile: that request keeps its own time
            self._amend(turn.kind, turn.target, settled=max(row.settled, turn.generation))
            return True
        self._amend(turn.kind, turn.target, settled=row.generation, failures=0, not_before=None, reason=None)
        return True

    def postpone(self, turn: Turn, until: datetime | None, reason: str, failed: bool = True) -> bool:
        """Go on later, or rest. Asked for again meanwhile, it is not put off: the asking woke it."""
        row = self._held(turn)
        if row is None or row.generation > turn.generation:
            return False
        self._amend(
            turn.kind,
            turn.target,
            failures=row.failures + failed,
            not_before=until,
            resting=until is None,
            reason=reason,
            turned=time.time_ns(),
        )
        return True

    def dirty(self, now: datetime, limit: int) -> Sequence[Dirty]:
        first = self._due(now, True, limit)
        rest = self._due(now, False, limit)
        first = first[: max(limit - len(rest), limit - limit // 2)]
        return [
            Dirty(Kind(row.kind), row.target, row.partition, row.generation, row.attempt, row.urgent)
            for row in (*first, *rest[: limit - len(first)])
        ]

    def _due(self, now: datetime, urgent: bool, limit: int) -> list[Any]:
        return list(
            map(shapes.reading(_work)._make, self._run_ready(DUE, now=now, urgent=urgent, most=limit))
        )

    def retry(self, dirty: Dirty) -> Dirty:
        """Another go; it goes to the back of the queue. Of two who try again at once, both get the same go."""
        row = self._piece(dirty.kind, dirty.target)
        attempt = row.attempt
        if (row.generation, row.attempt) == (dirty.generation, dirty.attempt):
            attempt += 1
            self._amend(dirty.kind, dirty.target, attempt=attempt, turned=time.time_ns())
        again = Dirty(dirty.kind, dirty.target, row.partition, row.generation, attempt, row.urgent)
        self._tell(again)
        return again

    def state(self, kind: Kind, target: str) -> WorkState | None:
        row = self._find_one(WorkRow, kind=kind.value, target=target)
        return None if row is None else _state(row)

    def of(self, partition: str) -> Sequence[WorkState]:
        return [_state(row) for row in self._find(WorkRow, "kind", "target", partition=partition)]

    def all(self) -> Sequence[WorkState]:
        return [_state(row) for row in self._find(WorkRow, "kind", "target")]

    def _held(self, turn: Turn) -> WorkRow | None:
        """The row, if this turn is still the last one begun."""
        return self._find_one(WorkRow, lock=True, kind=turn.kind.value, target=turn.target, token=turn.token)

    def _piece(self, kind: Kind, target: str) -> WorkRow:
        """The row of what was asked for before; it is locked."""
        row = self._find_one(WorkRow, lock=True, kind=kind.value, target=target)
        if row is None:
            raise LookupError(f"nobody asked for {kind.value} of {target}")
        return row

    def _amend(self, kind: Kind, target: str, **values: object) -> None:
        self._change(WorkRow, {"kind": kind.value, "target": target}, **values)


def _state(row: WorkRow) -> WorkState:
    return WorkState(
        Kind(row.kind),
        row.target,
        row.partition,
        row.generation,
        row.settled,
        row.failures,
        row.not_before,
        row.reason,
        row.begun,
        row.resting,
    )

"""Carry out changes of seats: journal row, call, result; phase by phase, in lots the platform takes.

Only a definite refusal takes an intent back. Whatever else ends a call leaves the seat in doubt, and the next look
decides. Being throttled is no definite refusal of a new seat: Microsoft may have made it all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from coplink.core.people import AccountId, Role
from coplink.core.plan import Change
from coplink.core.spaces import Seat, Space
from coplink.core.words import Said
from coplink.core.work import Turn
from coplink.engine.outcome import Begin, Now
from coplink.ports.errors import Gone, IntegrationError, NeedsAttention, OwnPace, Throttled, Transient
from coplink.ports.seats import BatchResult, Done, Seats
from coplink.ports.storage import StaleTurn, UnitOfWork

NAMED = 20  # accounts that a line of the journal names
Still = Callable[[UnitOfWork, Sequence[Change]], Sequence[Change]]


class GaveWay(Exception):
    """A run ended between two lots, since somebody goes first; what is left of it comes later."""


@dataclass
class Written:
    """The outcomes of all lots of one run, and a sentence for each account that was refused."""

    outcomes: dict[AccountId, Done] = field(default_factory=dict)
    reasons: dict[AccountId, Said] = field(default_factory=dict)


def everybody(uow: UnitOfWork, lot: Sequence[Change]) -> Sequence[Change]:
    """Nobody has said anything else meanwhile."""
    return lot


@dataclass(frozen=True)
class Writer:
    """Writes seats of one space for one turn; ``farewells`` are accounts of people who asked to go.

    ``lot`` is how many go in one call; ``addresses`` are the e-mail addresses of accounts, where they are known;
    ``lag`` is how late a write may become visible; ``still`` are those of a lot whom it concerns still.
    """

    begin: Begin
    seats: Seats
    turn: Turn
    space: Space
    farewells: frozenset[AccountId]
    lot: int
    now: Now
    addresses: Mapping[AccountId, str] = field(default_factory=dict)
    lag: timedelta = timedelta(0)
    still: Still = everybody

    def write(
        self, changes: Sequence[Change], written: Written, give_way: Callable[[], bool] = lambda: False
    ) -> None:
        """Carry out ``changes`` in the order of their phases, adding to ``written``.

        Raises ``GaveWay`` where ``give_way`` says so, which is asked between two lots while more than one is left.
        """
        done = 0
        for phase in sorted({change.phase for change in changes}):
            due = [change for change in changes if change.phase is phase]
            for start in range(0, len(due), max(self.lot, 1)):
                if done and len(changes) - done > self.lot and give_way():
                    raise GaveWay
                done += len(due[start : start + max(self.lot, 1)])
                result = self._write(due[start : start + max(self.lot, 1)])
                written.outcomes.update(result.outcomes)
                written.reasons.update(result.reasons)

    def _write(self, lot: Sequence[Change]) -> BatchResult:
        removing = lot[0].after is None
        with self.begin() as uow:
            if not (lot := self.still(uow, lot)):
                return BatchResult({})
            entry = uow.journal.open(self.turn, self.space.id, _what(lot), uow.new_id(), self.now())
            uow.ledger.intend(self.space.id, lot, self.now())
            uow.commit()
        try:
            if removing:
                result = self.seats.remove(self.space.parts, [change.account for change in lot])
            else:
                wanted = [
                    Seat(c.account, c.after or Role.MEMBER, c.before, self.addresses.get(c.account, ""))
                    for c in lot
                ]
                result = self.seats.put(self.space.parts, wanted)
        except Throttled as refusal:
            # Perhaps made: what the next look shows is in doubt. What was held back by our own pace is not waited for.
            ended = {c.account: Done.REFUSED if c.before or c.after is None else Done.UNKNOWN for c in lot}
            ago = self.lag if isinstance(refusal, OwnPace) else timedelta(0)
            self._record(entry, lot, BatchResult(ended), ago)
            raise
        except (Transient, NeedsAttention, Gone) as refusal:
            self._record(entry, lot, BatchResult({change.account: Done.REFUSED for change in lot}))
            raise refusal
        except StaleTurn:
            self._overtaken(lot)
            raise
        except IntegrationError:
            raise  # the rows stay intended
        self._record(entry, lot, result)
        return result

    def _overtaken(self, lot: Sequence[Change]) -> None:
        """What was on its way may have come after the other worker had looked: all of it is in doubt.

        Else a seat would pass for somebody else's and stay, and one that was taken away for a person's own leaving.
        """
        gone = [change for change in lot if change.after is None]
        with self.begin() as uow:
            uow.ledger.record_all(self.space.id, [(change, Done.UNKNOWN) for change in gone], self.now())
            uow.ledger.adopt(self.space.id, [c.account for c in lot if c.after is not None], self.now())
            uow.commit()

    def _record(
        self, entry: str, lot: Sequence[Change], result: BatchResult, ago: timedelta = timedelta(0)
    ) -> None:
        ended = [(change, result.outcomes.get(change.account, Done.UNKNOWN)) for change in lot]
        removed = sum(
            change.after is None and outcome is Done.CHANGED and change.account not in self.farewells
            for change, outcome in ended
        )
        with self.begin() as uow:
            uow.ledger.record_all(self.space.id, ended, self.now() - ago)
            if removed:
                uow.journal.note_removed(self.space.institution, removed, self.now())
            outcomes = {outcome for _, outcome in ended}
            whole = Done.UNKNOWN if Done.UNKNOWN in outcomes else Done.CHANGED
            uow.journal.close(entry, Done.REFUSED if outcomes == {Done.REFUSED} else whole, self.now())
            uow.commit()


def _what(lot: Sequence[Change]) -> str:
    """One lot in a line: what is done, to whom, and how many more."""
    named = " ".join(change.account for change in lot[:NAMED])
    more = f" and {len(lot) - NAMED} more" if len(lot) > NAMED else ""
    return f"{'remove' if lot[0].after is None else 'seat'} {named}{more}"

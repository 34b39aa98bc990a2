"""How one line of the ledger changes: before a write, after it, and at a reading.

    nothing ──intend──> intended ──changed──> put ──a reading shows it──> seen
                           │  ▲                │
                 no answer └──┘                └─ two complete readings, a lag apart, do not ──> nothing
    intended ──two complete readings, a lag apart, lack it──> nothing
    seen ──intend──> intended ──changed──> removed ──a lag later──> nothing
    seen ──a guest was taken out over there──> taken out ──a reading shows them──> seen
    put, seen ──the place is let go──> intended

Two rules are easily overlooked. *A change of role does not change whose seat it is*: someone who came by hand and is
made facilitator stays someone who came by hand, and a seat of ours stays ours even if the answer never came. *What we
no longer see after the lag, we no longer hold*: were a put that never showed kept, or a write that was never
answered, someone added by hand a year later would count as ours. One reading is not enough for that: a listing that is
short without saying so would make a seat of ours somebody else's, and whoever leaves would stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from coplink.core.plan import Change
from coplink.ports.seats import Done


class SeatState(StrEnum):
    """What coplink did about an account in a space."""

    INTENDED = "intended"
    PUT = "put"
    SEEN = "seen"
    REMOVED = "removed"
    TAKEN_OUT = "taken_out"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger; ``prior`` and ``prior_written_at`` say how it stood before the write under way."""

    state: SeatState
    written_at: datetime
    absent_since: datetime | None = None
    prior: SeatState | None = None
    prior_written_at: datetime | None = None

    def fresh(self, now: datetime, lag: timedelta) -> bool:
        """Whether the platform may not show our last write yet."""
        return now - self.written_at < lag


def intended(line: Line | None, change: Change, now: datetime) -> Line | None:
    """The line while the write is under way; None where there is nothing to hold."""
    if line is None:
        return None if _role_only(change) else Line(SeatState.INTENDED, now)
    # A seat we took away a moment ago may still be reported: what looks like a change of role seats anew.
    keeps = _role_only(change) and line.state is not SeatState.REMOVED
    return Line(
        line.state if keeps else SeatState.INTENDED, now, line.absent_since, line.state, line.written_at
    )


def recorded(line: Line | None, change: Change, outcome: Done, now: datetime) -> Line | None:
    """The line once the platform has answered, or has not."""
    if line is not None and outcome is Done.REFUSED:
        return _before(line)
    if line is None and outcome is Done.REFUSED:
        return None
    if _role_only(change) and (line is None or line.prior is not SeatState.REMOVED):
        return line and Line(line.state, now, line.absent_since)
    match outcome:
        case Done.UNKNOWN:
            return Line(SeatState.INTENDED, now)
        case Done.CHANGED:
            return Line(SeatState.REMOVED if change.after is None else SeatState.PUT, now)
        case _ if change.after is None:
            return Line(SeatState.REMOVED, now)
    # Already there, and not by this write: as certain as before, never more.
    was = line and _before(line)
    return None if was is None or was.state is SeatState.REMOVED else replace(was, written_at=now)


def looked(
    line: Line, present: bool, complete: bool, now: datetime, lag: timedelta
) -> tuple[Line | None, bool]:
    """The line after a reading, and whether the account is gone beyond doubt.

    Nothing written within the lag is judged by its absence, and half a reading proves presence only.
    """
    fresh = line.fresh(now, lag)
    match line.state:
        case SeatState.REMOVED:
            return (line if fresh else None), False
        case SeatState.PUT if present:
            return replace(line, state=SeatState.SEEN, absent_since=None), False
        case SeatState.INTENDED if present:
            return replace(line, absent_since=None), False
        case SeatState.SEEN | SeatState.TAKEN_OUT if present:
            return replace(line, state=SeatState.SEEN, absent_since=None), False
        case SeatState.TAKEN_OUT:
            return line, False
    if fresh or not complete:
        return line, False
    if line.absent_since is None:  # one listing may be short without saying so
        return replace(line, absent_since=now), False
    if now - line.absent_since < lag:
        return line, False
    return (line, True) if line.state is SeatState.SEEN else (None, False)


def rejoined(line: Line, now: datetime) -> Line:
    """The line of somebody who joins again while their seat still counts as seen: as if it had just been written.

    Was it taken away by hand before they changed their mind, then its absence is no new leaving: it is put anew.
    """
    if line.state is not SeatState.SEEN:
        return line
    return Line(SeatState.PUT, now)


def let_go(line: Line) -> Line | None:
    """The line once nobody looks there any more: a seat of ours may be another's by the time somebody does."""
    if line.state is SeatState.REMOVED:
        return None
    return line if line.state is SeatState.TAKEN_OUT else Line(SeatState.INTENDED, line.written_at)


def _role_only(change: Change) -> bool:
    return change.before is not None and change.after is not None


def _before(line: Line) -> Line | None:
    """How the line stood before the write under way."""
    if line.prior is not None and line.prior_written_at is not None:
        return Line(line.prior, line.prior_written_at, line.absent_since)
    return None if line.state is SeatState.INTENDED else line

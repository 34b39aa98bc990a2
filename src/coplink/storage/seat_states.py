"""How one line of the ledger changes: before a write, after it, and at a reading.

    nothing ──intend──> intended ──changed──> put ──a reading shows it──> seen
                           │  ▲                │
                 no answer └──┘                └─ two complete readings, a lag apart, do not ──> taken out
    intended ──two complete readings, a lag apart, lack it──> nothing
    seen ──intend──> intended ──changed──> removed ──a lag later──> nothing
    seen ──a guest was taken out over there──> taken out
    taken out ──a reading shows them──> seen, if it was seen before; else nothing: somebody over there let them in
    put, seen ──their person joins again──> rejoined ──a reading a lag later shows it──> seen
                                               └─ two complete readings, a lag apart, do not ──> nothing
    taken out ──their person, no guest, joins again──> nothing
    nothing, and somebody sits there by hand ──coplink makes them lead──> raised ──lowered, or gone──> nothing
    put, seen, rejoined ──the place is let go──> intended; raised: nothing

Three rules are easily overlooked. *A change of role does not change whose seat it is*: someone who came by hand and is
made facilitator stays someone who came by hand, and a seat of ours stays ours even if the answer never came; that they
lead by our making is kept, to undo exactly that. *What we no longer see after the lag, we no longer hold*: were a
put that never showed kept as ours, or a write that was never answered, someone added by hand a year later would count
as ours. One reading is not enough for that: a listing that is short without saying so would make a seat of ours
somebody else's, and whoever leaves would stay. *What the platform said yes to is not given twice*: whoever is not there
when we first look may have left over there, or was taken out, and comes back by their own act alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from coplink.core.people import Role
from coplink.core.plan import Change
from coplink.ports.seats import Done


class SeatState(StrEnum):
    """What coplink did about an account in a space."""

    INTENDED = "intended"
    PUT = "put"
    SEEN = "seen"
    REMOVED = "removed"
    TAKEN_OUT = "taken_out"
    REJOINED = "rejoined"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger; ``prior`` and ``prior_written_at`` say how it stood before the write under way.

    Of a seat that was taken out before any reading showed it, ``prior`` is *put*.
    """

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
        return _other_role(line, change, outcome, now)
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
    line: Line, role: Role | None, complete: bool, now: datetime, lag: timedelta
) -> tuple[Line | None, bool]:
    """The line after a reading that showed them in this role (None: not at all), and whether they are surely gone.

    Nothing written within the lag is judged by its absence, and half a reading proves presence only.
    """
    fresh, present = line.fresh(now, lag), role is not None
    match line.state:
        case SeatState.REMOVED:
            return (line if fresh else None), False
        case SeatState.TAKEN_OUT if present and line.prior is SeatState.PUT:
            return None, False
        case SeatState.RAISED if role is not None and not role.leads and not fresh:
            return None, False
        case SeatState.INTENDED | SeatState.RAISED if present:
            return replace(line, absent_since=None), False
        case SeatState.REJOINED if present and fresh:  # an older listing may show a seat that is gone since
            return replace(line, absent_since=None), False
        case SeatState.PUT | SeatState.REJOINED | SeatState.SEEN | SeatState.TAKEN_OUT if present:
            return replace(line, state=SeatState.SEEN, absent_since=None), False
        case SeatState.TAKEN_OUT:
            return line, False
    if fresh or not complete:
        return line, False
    if line.absent_since is None:  # one listing may be short without saying so
        return replace(line, absent_since=now), False
    if now - line.absent_since < lag:
        return line, False
    if line.state is SeatState.PUT:
        return replace(taken_out(line), prior=SeatState.PUT, prior_written_at=line.written_at), False
    return (line, True) if line.state is SeatState.SEEN else (None, False)


def taken_out(line: Line) -> Line:
    """The line of somebody who stays out of this place."""
    return Line(SeatState.TAKEN_OUT, line.written_at, line.absent_since)


def rejoined(line: Line, now: datetime) -> Line | None:
    """The line of somebody of the place's own institution who joins again: what was before says nothing any more.

    Was their seat taken away by hand before they changed their mind, then its absence is no new leaving: it is put
    anew. So it is where they had been out before.
    """
    match line.state:
        case SeatState.PUT | SeatState.SEEN | SeatState.REJOINED:
            return Line(SeatState.REJOINED, now)
        case SeatState.TAKEN_OUT:
            return None
    return line


def _other_role(line: Line | None, change: Change, outcome: Done, now: datetime) -> Line | None:
    """The line of somebody who sat there before and after; only what was surely done by us is ours to undo."""
    leads = change.after is not None and change.after.leads
    if line is None:
        return Line(SeatState.RAISED, now) if leads and outcome is Done.CHANGED else None
    if line.state is SeatState.RAISED and not leads and outcome is not Done.UNKNOWN:
        return None
    return Line(line.state, now, line.absent_since)


def let_go(line: Line) -> Line | None:
    """The line once nobody looks there any more: a seat of ours may be another's by the time somebody does."""
    if line.state in (SeatState.REMOVED, SeatState.RAISED):
        return None
    return line if line.state is SeatState.TAKEN_OUT else Line(SeatState.INTENDED, line.written_at)


def _role_only(change: Change) -> bool:
    return change.before is not None and change.after is not None


def _before(line: Line) -> Line | None:
    """How the line stood before the write under way."""
    if line.prior is not None and line.prior_written_at is not None:
        return Line(line.prior, line.prior_written_at, line.absent_since)
    return None if line.state is SeatState.INTENDED else line

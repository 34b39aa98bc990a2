"""Check-ups: what a connection can do is asked before anything is made through it, after a change, and once a day.

What was found is kept, so that a page shows it without asking anybody. A line that needs a person is told to the
admins of its institution; where a place cannot be made without it, the place waits for that person. What a platform
cannot do, with something done in its place, never stops anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from coplink.core.errors import CoplinkError
from coplink.core.spaces import ConnectionId, Space, SpaceState
from coplink.core.words import say
from coplink.core.work import Kind, Turn
from coplink.engine.attention import SUPPORT, joined
from coplink.engine.outcome import Begin, Now, Open, Outcome, Reach, Settled
from coplink.engine.provision import try_again
from coplink.ports.errors import NeedsAttention, Transient
from coplink.ports.integration import Capability, Check, Verdict
from coplink.ports.records import CheckUp, Connected, Notice, Report
from coplink.ports.storage import UnitOfWork

SOONER = timedelta(minutes=15)
"""How soon somebody who gave no answer is asked again."""
SILENT = timedelta(minutes=2)
"""How long a worker may be quiet before it is missed."""
WORKER = "worker"
SEATED = frozenset({Capability.SPACES, Capability.SEATS})
"""What a place is made of: a channel in which nobody can sit is none."""

House = Callable[[Connected, Reach], Sequence[Check]]


class ConnectionNeeds(NeedsAttention):
    """The check-up of a connection found something that only a person can change."""

    code = "connection_needs"


def ask(uow: UnitOfWork, connection: ConnectionId, urgent: bool = True) -> None:
    """Have a connection checked; what was found before stays until then."""
    uow.work.mark(Kind.PREFLIGHT, connection, connection, urgent=urgent)


def changed(uow: UnitOfWork, connection: ConnectionId) -> None:
    """Its settings are others now: what was found before says nothing any more."""
    uow.checks.drop(connection)
    uow.records.clear_notices(None, _about(connection))
    ask(uow, connection)


def preflight(begin: Begin, open_connection: Open, house: House, turn: Turn, now: Now) -> Outcome:
    """Check one connection and keep what was found."""
    look(begin, open_connection, house, ConnectionId(turn.target), now)
    return Settled()


def look(
    begin: Begin, open_connection: Open, house: House, connection: ConnectionId, now: Now
) -> CheckUp | None:
    """Ask a connection what works; None when there is no such connection.

    Found for settings that were changed meanwhile, it is not kept: those are checked by themselves.
    """
    with begin() as uow:
        connected = uow.institutions.connection(connection)
        if connected is None or connected.ended_at is not None:
            return None
    found = CheckUp(connection, connected.institution, now(), lines(begin, open_connection, house, connected))
    system = _called(begin, open_connection, connected)
    with begin() as uow:
        present = uow.institutions.connection(connection)
        if present is None or present.ended_at or present.settings != connected.settings:
            return found
        uow.checks.put(found)
        _tell(uow, found, system)
        _go_on(uow, found)
        uow.commit()
    return found


def lines(begin: Begin, open_connection: Open, house: House, connected: Connected) -> tuple[Check, ...]:
    """Every line of a check-up; a connection that cannot even be opened is one line that says so."""
    try:
        with begin() as uow:
            reach = open_connection(uow, connected.id)
        return (*reach.connection.check(), *house(connected, reach))
    except CoplinkError as error:
        who = error.who if isinstance(error, NeedsAttention) else SUPPORT
        asked = not isinstance(error, Transient)
        return (Check(str(say("Connection")), False, error.message, who, asked=asked, stops=SEATED),)


def stopping(found: CheckUp, needs: Collection[Capability] = SEATED) -> Check | None:
    """The first line that needs a person and on which one of these rests; an unanswered question stops nothing."""
    return next(
        (
            check
            for check in found.checks
            if check.verdict is Verdict.NEEDS_YOU and check.asked and check.stops & set(needs)
        ),
        None,
    )


def must_be_ready(begin: Begin, open_connection: Open, house: House, space: Space, now: Now) -> None:
    """Raise ``ConnectionNeeds`` where a place cannot be made before a person has done something.

    Nobody is stopped by something old: what stood in the way is looked at again first.
    """
    with begin() as uow:
        found = uow.checks.of(space.connection)
    if found is None or stopping(found):
        found = look(begin, open_connection, house, space.connection, now)
    line = stopping(found) if found else None
    if line is not None:
        told = joined([line.message, line.where]) if line.where else line.message
        raise ConnectionNeeds(told, line.who or SUPPORT, f"check-up: {line.title}")


def due(begin: Begin, now: datetime, every: timedelta) -> int:
    """Mark the connections whose check-up is that old, or sooner where somebody gave no answer; returns how many.

    One that failed for good is asked for again too, but not sooner than that.
    """
    marked = 0
    with begin() as uow:
        unfinished = {s.target: s for s in uow.work.all() if s.kind is Kind.PREFLIGHT and not s.done}
        for institution in uow.institutions.all():
            found = uow.checks.of_institution(institution.id)
            for connected in uow.institutions.connections(institution.id):
                last = found.get(connected.id)
                state = unfinished.get(connected.id)
                if state is not None and state.resting:
                    uow.work.mark(
                        Kind.PREFLIGHT, connected.id, connected.id, not_before=now + every, urgent=False
                    )
                elif state is not None or (last is not None and now - last.at < _life(last, every)):
                    continue
                else:
                    ask(uow, connected.id, urgent=False)
                marked += 1
        if marked:
            uow.commit()
    return marked


def under_way(uow: UnitOfWork, connection: ConnectionId) -> bool:
    """Whether a check-up is on its way; one that failed, and rests or waits for its day, is not."""
    state = uow.work.state(Kind.PREFLIGHT, connection)
    if state is None or state.done:
        return uow.checks.of(connection) is None
    return not state.resting and state.not_before is None


def at_work(begin: Begin, now: datetime) -> None:
    """A worker shows that it lives."""
    with begin() as uow:
        uow.records.report(Report(WORKER, WORKER, "", now, {}))
        uow.commit()


def last_at_work(uow: UnitOfWork) -> datetime | None:
    """When a worker last showed that it lives."""
    return uow.records.latest(WORKER).get(WORKER)


def worker_silent(uow: UnitOfWork, now: datetime, rounds: timedelta) -> bool:
    """Whether no worker, which goes its rounds so often, has shown itself for a while."""
    last = last_at_work(uow)
    return last is None or now - last > max(SILENT, 3 * rounds)


def _life(found: CheckUp, every: timedelta) -> timedelta:
    return every if all(check.asked for check in found.checks) else min(SOONER, every)


def _tell(uow: UnitOfWork, found: CheckUp, system: str) -> None:
    """One notice for each line that needs a person; those that are mended go, once everybody has answered."""
    if all(check.asked for check in found.checks):
        uow.records.clear_notices(None, _about(found.connection))
    for check in found.checks:
        if check.verdict is Verdict.NEEDS_YOU and check.asked:
            told = joined(
                [
                    say("{system} · {title}:", system=system, title=check.title),
                    check.message,
                    *([check.where] if check.where else ()),
                ]
            )
            uow.records.raise_notice(
                Notice(
                    uow.new_id(),
                    found.institution,
                    None,
                    _about(found.connection),
                    check.title,
                    told,
                    check.who or SUPPORT,
                    found.at,
                )
            )


def _called(begin: Begin, open_connection: Open, connected: Connected) -> str:
    """What people call the system behind a connection, as far as it can be opened."""
    try:
        with begin() as uow:
            return open_connection(uow, connected.id).manifest.title
    except CoplinkError:
        return connected.integration


def _go_on(uow: UnitOfWork, found: CheckUp) -> None:
    """Places that waited for a person whose part is done are made now.

    A line on which no place rests may stay unanswered.
    """
    if stopping(found) or any(not check.asked and check.stops & SEATED for check in found.checks):
        return
    for space in uow.spaces.of_institution(found.institution):
        waits = space.trouble is not None and space.trouble.code == ConnectionNeeds.code
        if space.connection == found.connection and space.state is SpaceState.STUCK and waits:
            try_again(uow, space)


def _about(connection: ConnectionId) -> str:
    return f"check-up:{connection}"

"""Why one place is as it is, for those who lead and for its admins: seats there, since when, what waits, what is next.

Numbers and sentences from what is stored, without names; no platform is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from coplink.core.errors import DomainError
from coplink.core.people import Standing
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import Kind
from coplink.engine import plans
from coplink.engine.explain import BETWEEN_LOOKS
from coplink.engine.ways import held_up
from coplink.ports.records import Report
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork

LINES = 5
"""So many looks at which something changed are told."""
ALL_DONE = say("Everything that was asked for has been done; nothing waits.")
ASKED = "look_again_there"
KEPT = 60
"""So many looks are searched for those at which something changed."""


@dataclass(frozen=True, slots=True)
class Told:
    """One look at which something changed: when (UTC), and what, in sentences."""

    at: datetime
    sentences: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class PlacePage:
    """``seats`` people sit there, ``ours`` of them by coplink's hand; ``without`` belong and do not.

    ``looked``: the last look (None: never). ``next_look`` None: within minutes. ``resting``: not before somebody acts.
    ``waits``: a plan waits for a yes. ``asked``: when a look was asked for last; ``may_ask``: whether one can be now.
    """

    seats: int
    ours: int
    without: int
    why: Said
    who: Said | None
    what_next: Said | None
    looked: datetime | None
    next_look: datetime | None
    resting: bool
    waits: bool
    lately: tuple[Told, ...]
    asked: datetime | None
    may_ask: bool


def explain_place(uow: UnitOfWork, space: Space, now: datetime, full_every: timedelta) -> PlacePage | None:
    """How the seats of a place stand; None for one that gives none now. Who calls asks whether the reader may."""
    if space.state is not SpaceState.READY:
        return None
    work = uow.work.state(Kind.RECONCILE, space.id)
    held = held_up(uow, space)
    joined = {m.person for m in uow.communities.memberships(space.community) if m.standing is Standing.JOINED}
    without = {one.person for one in uow.spaces.unreachable(space.id)} & joined
    full = next(iter(uow.records.reports(space.community, "full", 1)), None)
    busy = work is not None and not work.done
    sitting = uow.ledger.seats(space.id).keys()
    asked = _asked(uow, space)
    return PlacePage(
        len(sitting),
        len(uow.ledger.seated(space.id) & sitting),
        len(without),
        held.reason if held is not None else ALL_DONE,
        held.who if held is not None else None,
        held.next if held is not None else None,
        uow.records.latest("reconcile").get(space.id),
        work.not_before if work is not None and busy else full.at + full_every if full is not None else None,
        work is not None and busy and work.resting,
        plans.waiting(uow, space) is not None,
        _lately(uow, space),
        asked,
        asked is None or now - asked >= BETWEEN_LOOKS,
    )


def look_again_there(uow: UnitOfWork, space: Space, now: datetime) -> None:
    """Ask for the seats of this place, ahead of what coplink does by itself; at most once a minute."""
    if space.state is not SpaceState.READY:
        raise DomainError(say("This place gives no seats for now."))
    asked = _asked(uow, space)
    if asked is not None and now - asked < BETWEEN_LOOKS:
        raise DomainError(say("Somebody asked for a look a moment ago. You can ask again in a minute."))
    uow.work.mark(Kind.RECONCILE, space.id, space.community, urgent=True)
    uow.records.report(Report(ASKED, space.id, space.community, now, {}))


def _asked(uow: UnitOfWork, space: Space) -> datetime | None:
    return uow.records.latest(ASKED).get(space.id)


def _lately(uow: UnitOfWork, space: Space) -> tuple[Told, ...]:
    looks = [one for one in uow.records.reports(space.community, "reconcile", KEPT) if one.target == space.id]
    told = [Told(one.at, _sentences(one)) for one in looks]
    return tuple(one for one in told if one.sentences)[:LINES]


def _sentences(look: Report) -> tuple[Said, ...]:
    """What one look changed; nothing where all was as it should be."""

    def count(which: Done) -> int:
        return look.counts.get(which.value, 0)

    found = []
    if changed := count(Done.CHANGED):
        found.append(say("Seats given, taken or changed: {count}.", count=changed))
    if refused := count(Done.REFUSED):
        found.append(say("Refused by the platform: {count}.", count=refused))
    if unknown := count(Done.UNKNOWN):
        found.append(
            say("Without an answer: {count}; coplink looks before it does anything more.", count=unknown)
        )
    return tuple(found)

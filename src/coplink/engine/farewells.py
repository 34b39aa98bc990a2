"""Whoever left gives up the seat also where the place is let go before a worker came, or is taken up again later.

A page told them that their seats go. Only seats of coplink's making are taken away, or, once a place is taken up again,
those that may be: the ledger keeps in mind which they were.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from coplink.core.desired import Desired, desired_state, not_linked
from coplink.core.fit import fit
from coplink.core.guests import Hospitality
from coplink.core.people import AccountId, Role
from coplink.core.plan import Change, diff
from coplink.core.spaces import Space
from coplink.core.words import say
from coplink.core.work import Turn
from coplink.engine import succession
from coplink.engine.outcome import Begin, Now, Reach
from coplink.engine.seating import Writer, Written
from coplink.ports.errors import OutcomeUnknown
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork
from coplink.ports.upkeep import Left

ENDED = (Done.CHANGED, Done.ALREADY_SO)


def still_there(uow: UnitOfWork, space: Space, now: datetime) -> frozenset[AccountId]:
    """Accounts of people who left or paused and may sit in a space, as far as is known without asking."""
    remembered = uow.ledger.remembered(space.id, now, timedelta(0))
    known = uow.ledger.seats(space.id).keys() | remembered.ours | remembered.unknown
    return _desired(uow, space).farewells & known


def see_off(begin: Begin, reach: Reach, turn: Turn, space: Space, now: Now) -> int:
    """Take away the seats of those who left, as far as they are ours; how many were refused.

    Raises ``IntegrationError``, ``OutcomeUnknown`` too where a seat is in doubt.
    """
    seats = reach.connection.seats
    with begin() as uow:
        awaited = still_there(uow, space, now())
    if seats is None or not space.parts or not awaited:
        return 0
    observed = seats.read(space.parts)
    with begin() as uow:
        uow.ledger.saw(space.id, observed, now(), reach.lag)
        remembered = uow.ledger.remembered(space.id, now(), reach.lag)
        desired, _ = fit(_desired(uow, space), reach.manifest.roles)
        uow.commit()
    plan = diff(space.id, desired, observed, remembered)
    leaving = list(plan.goodbyes)
    # What was written a moment ago may not show yet, and of half a listing nobody knows the rest.
    hidden = (
        remembered.fresh if observed.complete else remembered.fresh | remembered.ours | remembered.unknown
    )
    unseen = (awaited & desired.farewells & hidden) - remembered.raised - observed.seats.keys()
    leaving += [Change(account, Role.MEMBER, None) for account in sorted(unseen)]
    writer = Writer(
        begin, seats, turn, space, desired.farewells, reach.manifest.limits.batch, now, lag=reach.lag
    )
    succession.seat(plan, observed, writer, Written(), may_enter=lambda: False)
    gone = Written()
    writer.write(leaving, gone)
    if Done.UNKNOWN in gone.outcomes.values():
        raise OutcomeUnknown(f"some seats of {space.id} are in doubt")
    return sum(outcome not in ENDED for outcome in gone.outcomes.values())


def not_seen_off(space: Space, count: int) -> tuple[Left, ...]:
    """What a person over there is to do about those who left and may still sit there. Nobody is named in it."""
    how = say(
        "People whose seat was to end, because they left for instance, and who may still sit there: {count}. Whoever "
        "leads the place over there takes them out.",
        count=count,
    )
    return (Left(space.written_name or space.name, space.link or "", how),) if count else ()


def bear_in_mind(uow: UnitOfWork, space: Space, now: datetime) -> None:
    """Of a space that is taken up again: whoever left meanwhile, with a seat that may be ours, is seen off at a look.

    Which those are the ledger has kept since the place was let go, and who sits there otherwise does so by hand. Where
    it kept nothing, as earlier versions did, nobody knows any more: members, and those whom their institution took out,
    count as perhaps seated by us, and give the seat up by their own word alone; whoever left keeps theirs.
    """
    known = uow.ledger.remembered(space.id, now, timedelta(0))
    if known.ours | known.unknown:
        return
    set_aside = [m.person for m in uow.communities.memberships(space.community) if m.by_institution]
    accounts = uow.people.proved_on(space.institution, space.integration, set_aside)
    kept = {one.account for several in accounts.values() for one in several}
    uow.ledger.adopt(space.id, sorted((_desired(uow, space).seats.keys() | kept) - known.out), now)


def _desired(uow: UnitOfWork, space: Space) -> Desired:
    memberships = list(uow.communities.memberships(space.community))
    keys = [m.person for m in memberships]
    homes = uow.people.homes(keys)
    unsaid = not_linked("")
    found = desired_state(
        space,
        [m for m in memberships if m.person in homes],
        homes,
        uow.people.proved_on(space.institution, space.integration, keys),
        opening=unsaid,
        welcome=Hospitality(
            None,
            uow.guests.at(space.institution, space.integration, keys),
            uow.guests.answers_at(space.community, space.institution),
        ),
    )
    return Desired(found.seats, found.farewells - found.seats.keys(), {})

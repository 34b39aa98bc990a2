"""Facilitators in first, out last: also where the one who goes asked for it.

Who leaves goes at once, and no question keeps them; but whoever comes to lead the place is seated, or raised, a moment
before, since that takes nothing from anybody. Where it fails they go all the same. Whoever facilitates is told while
none of them leads the place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from coplink.core.people import AccountId, Role
from coplink.core.plan import Change, Plan
from coplink.core.spaces import Observed
from coplink.core.words import say
from coplink.engine.attention import FACILITATOR
from coplink.engine.known import Known
from coplink.engine.outcome import Begin, Now, Reach
from coplink.engine.seating import Writer, Written
from coplink.ports.errors import IntegrationError
from coplink.ports.records import Notice
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork

ENDED = (Done.CHANGED, Done.ALREADY_SO)


def seat(
    plan: Plan, observed: Observed, writer: Writer, written: Written, may_enter: Callable[[], bool]
) -> Observed:
    """Let those lead who come to, before somebody who leads goes; the reading with what has come of it.

    ``may_enter`` says whether somebody who does not sit there yet may be seated now.
    """
    due: tuple[Change, ...] = plan.succeeding
    try:
        if any(change.before is None for change in due) and not may_enter():
            due = tuple(change for change in due if change.before is not None)
        writer.write(due, written)
    except IntegrationError:
        pass  # nobody is kept in for that: it is tried once more with everything else, which says what is in the way
    return _with(observed, due, written)


def warn(begin: Begin, known: Known, reach: Reach, observed: Observed, leaders: bool, now: Now) -> None:
    """Tell those who facilitate where ``leaders`` are going, or have gone, and none of them leads the place then."""
    if not leaders or _led(known, observed):
        return
    said = say(
        "Nobody who facilitates the community leads its {word} in {place} now. Whoever facilitates opens {door} once, "
        "and then leads there too; or one of them shares the facilitation with somebody who sits there.",
        word=reach.manifest.word_for(known.space.parts),
        place=reach.manifest.title,
        door=reach.manifest.door_name,
    )
    with begin() as uow:
        notice = (
            uow.new_id(),
            known.space.institution,
            known.community.id,
            about(known),
            "nobody_leads",
            said,
        )
        uow.records.raise_notice(Notice(*notice, FACILITATOR, now()))
        uow.commit()


def leaders_go(plan: Plan) -> bool:
    """Whether somebody who leads gives that up by their own word."""
    return any(change.before is not None and change.before.leads for change in plan.goodbyes)


def leaders_went(known: Known, gone: Collection[AccountId]) -> bool:
    """Whether one of these, who have left over there, led the community."""
    led = {one.person for one in known.memberships if one.role.leads}
    return any(known.people_of.get(account) in led for account in gone)


def clear(uow: UnitOfWork, known: Known, plan: Plan, observed: Observed, written: Written) -> None:
    """Somebody who facilitates leads the place, or has come to in this run: nobody need be told any more."""
    if _led(known, _with(observed, plan.changes, written)):
        uow.records.clear_notices(known.community.id, about(known))


def about(known: Known) -> str:
    """What such a notice is about."""
    return f"leading:{known.space.id}"


def _with(observed: Observed, changes: Collection[Change], written: Written) -> Observed:
    done = {c.account: c.after for c in changes if written.outcomes.get(c.account) in ENDED}
    if not done:
        return observed
    seats: dict[AccountId, Role] = {a: role for a, role in observed.seats.items() if a not in done}
    seats |= {account: role for account, role in done.items() if role is not None}
    return replace(observed, seats=seats)


def _led(known: Known, observed: Observed) -> bool:
    leads = [account for account, role in known.desired.seats.items() if role.leads]
    return any(observed.seats[account].leads for account in leads if account in observed.seats)

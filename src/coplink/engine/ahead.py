"""A person's own leaving goes ahead of everything else, also of a long run over a large place.

Whoever left a large place is looked up by themselves, past any listing, and taken out before it is read. A run that
writes much asks between two lots whether somebody asked to go meanwhile, here or in another place of the community. It
ends then, and what is left of it comes after them; so there is still one run per community at a time.
"""

from __future__ import annotations

from coplink.core.desired import Desired
from coplink.core.plan import Change
from coplink.core.spaces import Space, SpaceId
from coplink.core.work import Kind, Turn
from coplink.engine.known import wanted
from coplink.engine.outcome import Again, Begin, Now, Reach
from coplink.engine.seating import Writer, Written
from coplink.ports.errors import IntegrationError
from coplink.ports.seats import Seats

LARGE = 500  # seats; fewer are read in a moment
FEW = 20  # more people than these are found sooner in a listing
LATER = 10.0  # seconds, so that the job ends and its community's other work begins


def let_go(
    begin: Begin, seats: Seats, space: Space, reach: Reach, turn: Turn, now: Now, written: Written
) -> bool:
    """Take out who left by their own word and sits in a large place with a seat of ours; whether anybody did.

    Whoever leads there is left to the reading where nobody else does, since others are to lead before they go.
    """
    with begin() as uow:
        near = uow.ledger.parting(space.id)
        if not near or len(near) > FEW or len(uow.ledger.seats(space.id)) <= LARGE:
            return False
        desired = wanted(uow, space, reach).desired
    leaving = (near & desired.farewells) - desired.seats.keys()
    try:
        found = {account: seats.look(space.parts, account) for account in sorted(leaving)}
        leaders = {account for account, role in found.items() if role is not None and role.leads}
        if leaders and not _others_lead(seats, space, desired):
            found = {account: role for account, role in found.items() if account not in leaders}
    except IntegrationError:
        return False  # the reading that follows says what is in the way, and finds them all the same
    changes = [Change(account, role, None) for account, role in found.items() if role is not None]
    batch = reach.manifest.limits.batch
    Writer(begin, seats, turn, space, leaving, batch, now, lag=reach.lag).write(changes, written)
    return bool(changes)


def _others_lead(seats: Seats, space: Space, desired: Desired) -> bool:
    """Whether one of the first who are to lead does so over there already."""
    leading = sorted(account for account, role in desired.seats.items() if role.leads)[:FEW]
    found = (seats.look(space.parts, account) for account in leading)
    return any(role is not None and role.leads for role in found)


def later(begin: Begin, turn: Turn) -> Again:
    """What is left is asked for anew, so that it comes right after those who go."""
    with begin() as uow:
        uow.work.mark(turn.kind, turn.target, turn.partition, urgent=turn.urgent)
        uow.commit()
    return Again(LATER)


def somebody_goes(begin: Begin, turn: Turn, now: Now) -> bool:
    """Whether somebody left a place of this community, and no run that would see them off has begun there yet."""
    with begin() as uow:
        return any(
            uow.ledger.parting(SpaceId(one.target))
            for one in uow.work.of(turn.partition)
            if one.kind is Kind.RECONCILE
            and one.awaited
            and not one.resting
            and (one.not_before is None or one.not_before <= now())
        )

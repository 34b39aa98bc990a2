"""A platform made one account of two, or gave somebody another one: the seat follows, and no seat stays behind.

Canvas, for one, merges two accounts into one: the same identity then proves the account that was kept, and the other
one is gone over there. Somebody may link another account themselves as well: the seat of the older one goes once the
newer one sits, and no sooner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from coplink.core.arrival import ProvedAccount
from coplink.core.people import Account, AccountId, Person, Proof, ProvedBy
from coplink.core.plan import Change, Phase, Plan
from coplink.engine import marks
from coplink.engine.farewells import ENDED
from coplink.engine.seating import Still, Written
from coplink.ports.storage import UnitOfWork


def by_the_platform(
    uow: UnitOfWork, person: Person, proved: ProvedAccount, by: ProvedBy, now: datetime
) -> None:
    """The identity that proved another account there until now proves this one: that one is its no more."""
    for account in uow.people.accounts(person.id):
        if (
            account.proof is Proof.PROVED
            and account.integration == proved.integration
            and account.account != proved.account
            and account.by == by
        ):
            _follow(uow, person, account, proved.account, now)
            uow.people.drop_account(account)
            marks.account_changed(uow, person.id, account.institution, account.integration)


def _follow(uow: UnitOfWork, person: Person, old: Account, new: AccountId, now: datetime) -> None:
    """Where coplink gave the old account a seat, a seat of the new one may be that one, and goes when they leave."""
    for community, _ in uow.communities.of_person(person.id):
        for space in uow.spaces.of(community.id):
            if (space.institution, space.integration) == (old.institution, old.integration):
                known = uow.ledger.remembered(space.id, now, timedelta(0))
                if old.account in known.ours | known.unknown:
                    uow.ledger.adopt(space.id, [new], now)


def once_seated(instead: Mapping[AccountId, AccountId], plan: Plan, written: Written, still: Still) -> Still:
    """``still``, but for seats of older accounts whose newer one does not sit: a platform may refuse that one.

    Such a seat is the only one its owner has, and is looked at again with the next look, whenever that comes. Who is to
    lead sits with the newer account only once it leads.
    """
    due = {c.account for c in plan.changes if c.before is None or c.phase is Phase.SEAT_FACILITATORS}

    def sits(account: AccountId) -> bool:
        return written.outcomes.get(account) in ENDED if account in due else account in plan.have

    def those(uow: UnitOfWork, lot: Sequence[Change]) -> Sequence[Change]:
        return [
            change
            for change in still(uow, lot)
            if change.after is not None or change.account not in instead or sits(instead[change.account])
        ]

    return those

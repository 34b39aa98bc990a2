"""A platform made one account of two, or gave somebody another one: the seat follows, and no seat stays behind.

Canvas, for one, merges two accounts into one: the same identity then proves the account that was kept, and the other
one is gone over there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from coplink.core.arrival import ProvedAccount
from coplink.core.people import Account, AccountId, Person, Proof, ProvedBy
from coplink.engine import marks
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

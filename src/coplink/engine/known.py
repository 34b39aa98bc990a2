"""What coplink knows, saw and wants of one space, before it plans: for the worker and the command line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from coplink.core.community import Community
from coplink.core.desired import Desired, desired_state, not_linked
from coplink.core.errors import DomainError
from coplink.core.fit import fit
from coplink.core.guests import Guest, Hospitality
from coplink.core.people import Account, AccountId, Membership, PersonId, Standing
from coplink.core.plan import Change, Phase
from coplink.core.policy import Tally
from coplink.core.spaces import Doubt, Observed, Space
from coplink.core.words import say
from coplink.engine.guests import closed
from coplink.engine.outcome import Reach
from coplink.ports.guests import guests_of
from coplink.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Known:
    """What coplink knows about one space before it plans; ``accounts`` are those that people proved, newest first."""

    space: Space
    community: Community
    memberships: Sequence[Membership]
    accounts: Mapping[PersonId, Sequence[Account]]
    guests: Mapping[PersonId, Guest]
    desired: Desired

    @property
    def people_of(self) -> dict[AccountId, PersonId]:
        """Whose an account is; of two people, as a guest may be at home here too, whoever belongs."""
        whose = [(one.account, person) for person, several in self.accounts.items() for one in several]
        whose += [(one.account, person) for person, one in self.guests.items() if one.account is not None]
        belong = {m.person for m in self.memberships if m.standing is Standing.JOINED}
        return dict(sorted(whose, key=lambda one: one[1] in belong))

    def addresses(self, accounts: Collection[AccountId]) -> Mapping[AccountId, str]:
        """The e-mail addresses of these accounts, as far as they are known."""
        several = (one for theirs in self.accounts.values() for one in theirs)
        known = {one.account: one.address or "" for one in several if one.account in accounts}
        guests = {one.account: one.address for one in self.guests.values() if one.account in accounts}
        return known | {account: address for account, address in guests.items() if account}

    @property
    def guests_here(self) -> frozenset[AccountId]:
        """The accounts of people of other institutions who are to sit here."""
        if not self.guests:  # a large place without any need not say whose each account is
            return frozenset()
        whose = self.people_of
        return frozenset(one for one in self.desired.seats if whose.get(one) in self.guests)


def wanted(uow: UnitOfWork, space: Space, reach: Reach) -> Known:
    """What coplink knows and wants for a space; reads only, so that a page or the command line can show a plan."""
    community = uow.communities.get(space.community)
    if community is None:
        raise DomainError(say("That community is not known."))
    memberships = list(uow.communities.memberships(space.community))
    keys = [m.person for m in memberships]
    homes = uow.people.homes(keys)
    memberships = [m for m in memberships if m.person in homes]
    accounts = uow.people.proved_on(space.institution, space.integration, keys)
    guests = uow.guests.at(space.institution, space.integration, keys)
    shut = closed(guests_of(reach.connection), space)
    desired = desired_state(
        space,
        memberships,
        homes,
        accounts,
        opening=not_linked(reach.manifest.door_name),
        welcome=Hospitality(
            shut,
            guests,
            uow.guests.answers_at(space.community, space.institution),
            uow.ledger.seated(space.id) if shut is not None and guests else (),
        ),
    )
    desired, _ = fit(desired, reach.manifest.roles)
    return Known(space, community, memberships, accounts, guests, desired)


def observe(
    uow: UnitOfWork, space: Space, reach: Reach, observed: Observed, now: datetime
) -> tuple[Observed, Doubt]:
    """Note what was read, and say who is gone beyond doubt; nobody is, where the ledger was lost.

    Whoever joined and sits there with a seat of nobody knows whose making gives it up by their own word later.
    """
    doubt = uow.ledger.doubt(space.id, observed.complete, now, reach.lag)
    gone = uow.ledger.saw(space.id, observed, now, reach.lag)
    if doubt is not Doubt.NONE:
        seats = wanted(uow, space, reach).desired.seats.keys() & observed.seats.keys()
        uow.ledger.adopt(space.id, sorted(seats), now)
    if doubt is Doubt.HELD:
        gone = frozenset()
    if gone:
        # A guest who was taken out stays out of this place, and belongs to the community still.
        uow.ledger.take_out(space.id, gone & wanted(uow, space, reach).guests_here)
    return replace(observed, gone=gone), doubt


def still_wanting(known: Known) -> Callable[[UnitOfWork, Sequence[Change]], Sequence[Change]]:
    """Who of a lot still wants the seat, asked just before it is written: a no between plan and write is heard.

    Whoever is to lose a seat, or to lead no more, stays in the lot; the next look decides about who has come back.
    """
    guests = known.guests_here

    @cache  # a large place in which nobody is to be seated needs it not
    def whose_accounts() -> dict[AccountId, PersonId]:
        return known.people_of

    def still(uow: UnitOfWork, lot: Sequence[Change]) -> Sequence[Change]:
        seating = [c for c in lot if c.after is not None and c.phase is not Phase.STEP_DOWN]
        if not seating:
            return lot
        whose = whose_accounts()
        asked = {whose[change.account] for change in seating if change.account in whose}
        if not asked:
            return lot
        space = known.space
        left = asked - uow.communities.joined(space.community, asked)
        if any(change.account in guests for change in seating):
            answers = uow.guests.answers_at(space.community, space.institution)
            here = {change.account for change in seating} & guests
            left |= {whose[account] for account in here if not answers.get(whose[account])}
        return [change for change in lot if change.after is None or whose.get(change.account) not in left]

    return still


def tally_of(uow: UnitOfWork, space: Space, now: datetime) -> Tally:
    """What this institution already lost today, and how many seats are kept there."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Tally(uow.journal.removed_since(space.institution, midnight), uow.ledger.kept(space.institution))

"""Who sits in a place and is not in the community: left alone, told to those who facilitate, invited by their press.

Nothing is sent, and nobody is invited by a timer. Whoever was invited already is shown so, whatever they answered;
whoever left or takes a break has the way back themselves, and is one of those who are only counted. Names are for
facilitators of the place's own institution: others learn how many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coplink.core.access import Action
from coplink.core.community import Stage
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import AccountId, Membership, Person, PersonId, Proof, Role, Standing
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import say
from coplink.engine import join
from coplink.engine.inviting import REST
from coplink.engine.reading import PlaceView, Seen, community_of, places_of
from coplink.ports.integration import Manifest
from coplink.ports.storage import UnitOfWork

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """Those beside the community in one place: whom to invite, who was, and how many others there are."""

    place: PlaceView
    count: int
    inviting: tuple[Person, ...]
    invited: tuple[Person, ...]

    @property
    def others(self) -> int:
        """Those whom a link may reach: coplink does not know them, or does not name them."""
        return self.count - len(self.inviting) - len(self.invited)


def beside(uow: UnitOfWork, seen: Seen, manifests: Mapping[str, Manifest]) -> tuple[Beside, ...]:
    """Place by place, as of the last look; for those who facilitate, and empty for everybody else."""
    if not seen.leads:
        return ()
    memberships = {one.person: one for one in uow.communities.memberships(seen.community.id)}
    places = places_of(uow, seen.community, manifests)
    found = [
        _beside(uow, seen, place, memberships) for place in places if place.space.state is SpaceState.READY
    ]
    return tuple(one for one in found if one.count)


def invite(
    uow: UnitOfWork, reader: Person, key: str, about: str, manifests: Mapping[str, Manifest], now: datetime
) -> Seen:
    """Invite one of them, by the press of somebody who facilitates; again is no act. ``NotFound`` for anybody else."""
    seen = community_of(uow, reader, key, Action.INVITE)
    if seen.community.stage is Stage.CONCLUDED:
        raise DomainError(REST)
    for one in beside(uow, seen, manifests):
        for person in (*one.inviting, *one.invited):
            if person.id == about:
                join.offer(uow, seen.community.id, person, Role.MEMBER, now)
                return seen
    raise NotFound(say("There is nothing here for you, or it has moved."))


def _beside(
    uow: UnitOfWork, seen: Seen, place: PlaceView, memberships: Mapping[PersonId, Membership]
) -> Beside:
    space = place.space
    sitting = uow.ledger.seats(space.id).keys() - uow.ledger.seated(space.id)
    if sitting:
        belong = [key for key, one in memberships.items() if one.standing is Standing.JOINED]
        accounts = uow.people.accounts_on(space.institution, space.integration, belong)
        sitting -= {one.account for one in accounts.values() if one.proof is not Proof.DENIED}
    if sitting:
        guests = uow.guests.at(space.institution, space.integration, belong)
        sitting -= {one.account for one in guests.values() if one.account is not None}
    inviting: dict[PersonId, Person] = {}
    invited: dict[PersonId, Person] = {}
    if seen.reader.institution == space.institution:
        for account in sorted(sitting)[:MOST_NAMED]:
            person = _whose(uow, space, account)
            if person is not None and person.id not in memberships:
                inviting[person.id] = person
            elif person is not None and memberships[person.id].standing is Standing.INVITED:
                invited[person.id] = person
    return Beside(place, len(sitting), _in_order(inviting), _in_order(invited))


def _whose(uow: UnitOfWork, space: Space, account: AccountId) -> Person | None:
    """The one person whose account this is, or seems to be; two are nobody."""
    holders = uow.people.holding(space.institution, space.integration, account)
    proved = {one.person for one in holders if one.proof is Proof.PROVED}
    proposed = {one.person for one in holders if one.proof is Proof.PROPOSED}
    likely = proved or proposed
    return uow.people.get(likely.pop()) if len(likely) == 1 else None


def _in_order(people: Mapping[PersonId, Person]) -> tuple[Person, ...]:
    return tuple(sorted(people.values(), key=lambda one: (one.name.casefold(), one.id)))

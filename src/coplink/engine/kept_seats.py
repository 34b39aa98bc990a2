"""Where somebody who leaves stays sitting: coplink takes away only seats that it gave, and only where it still looks.

From what is stored; no platform is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coplink.core.community import Community
from coplink.core.people import AccountId, Person, Proof
from coplink.core.spaces import Space, SpaceState
from coplink.ports.integration import Manifest
from coplink.ports.storage import UnitOfWork

NONE_YET = (SpaceState.WAITING, SpaceState.REFUSED)


@dataclass(frozen=True, slots=True)
class KeptSeat:
    """A place of which somebody takes leave over there themselves.

    ``title`` is what people call its platform. ``let_go``: coplink looks after it no more, and they may sit there; else
    they do, and not by coplink's making.
    """

    space: Space
    title: str
    let_go: bool


def kept_seats(
    uow: UnitOfWork, community: Community, person: Person, manifests: Mapping[str, Manifest]
) -> Sequence[KeptSeat]:
    """Where a person sits, or may sit, whom coplink does not take out when they leave."""
    found = []
    for space in uow.spaces.of(community.id):
        theirs = _accounts(uow, space, person)
        if space.state in NONE_YET or space.parting is not None or not theirs:
            continue
        let_go = space.state is SpaceState.DETACHED
        by_hand = theirs & (uow.ledger.seats(space.id).keys() - uow.ledger.seated(space.id))
        if let_go or by_hand:
            manifest = manifests.get(space.integration)
            found.append(KeptSeat(space, manifest.title if manifest else space.integration, let_go))
    return found


def _accounts(uow: UnitOfWork, space: Space, person: Person) -> frozenset[AccountId]:
    """With which accounts they may sit in a place: of their own, or as a guest."""
    at = (space.institution, space.integration)
    own = {
        one.account
        for one in uow.people.accounts(person.id)
        if (one.institution, one.integration) == at and one.proof is Proof.PROVED
    }
    guests = uow.guests.at(*at, [person.id]).values()
    return frozenset(own | {one.account for one in guests if one.account is not None})

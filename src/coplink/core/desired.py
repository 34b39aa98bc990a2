"""What each space should look like: the seats of the members who can be reached there, and who is not reachable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from coplink.core.guests import Hospitality
from coplink.core.people import Account, AccountId, InstitutionId, Membership, PersonId, Proof, Role, Standing
from coplink.core.spaces import Space
from coplink.core.words import Said, say


@dataclass(frozen=True, slots=True)
class Desired:
    """Seats asked for in one space; accounts of people who left by their own word; who cannot come in, and why.

    ``instead`` are older accounts of people who are to sit, each with the one that takes the seat now.
    """

    seats: Mapping[AccountId, Role]
    farewells: frozenset[AccountId]
    unreachable: Mapping[PersonId, Said]
    instead: Mapping[AccountId, AccountId] = field(default_factory=dict)


def desired_state(
    space: Space,
    memberships: Iterable[Membership],
    homes: Mapping[PersonId, InstitutionId],
    accounts: Mapping[PersonId, Sequence[Account]],
    opening: Said,
    welcome: Hospitality,
) -> Desired:
    """The seats of one space.

    ``homes`` are the institutions of all these people, ``accounts`` those on the space's platform within its
    institution, the newest first. Only an account its owner proved through its own door takes a seat; ``opening`` tells
    a member how to do that ("open the Teams tab once"). ``welcome`` is for people of other institutions: they sit as
    members at most, and who has a page to open yet is told so beside the seat. Who says no gives up the seat, as
    whoever leaves does, and that of each older account too; who was not asked yet keeps what they have. Those who pause
    by a decision of their institution said nothing themselves: they give up their seats elsewhere only.
    """
    seats: dict[AccountId, Role] = {}
    farewells: set[AccountId] = set()
    instead: dict[AccountId, AccountId] = {}
    unreachable: dict[PersonId, Said] = {}
    for membership in memberships:
        person, joined = membership.person, membership.standing is Standing.JOINED
        theirs = [one.account for one in accounts.get(person, ()) if one.proof is Proof.PROVED]
        seat = theirs[0] if theirs else None
        if homes[person] == space.institution:
            if joined and seat is not None:
                seats[seat] = membership.role
            elif joined:
                unreachable[person] = opening
        else:
            guest = welcome.guests.get(person)
            seat = seat if guest is None else guest.account
            theirs += [seat] if seat is not None else []
            if joined and guest is not None and welcome.admits(guest):
                if seat is not None:
                    seats[seat] = Role.MEMBER if membership.role.leads else membership.role
                if guest.reason is not None:
                    unreachable[person] = guest.reason
            elif joined:
                unreachable[person] = welcome.reason(person)
                if guest is not None and welcome.answers.get(person) is False:
                    farewells.update(theirs)
        away = membership.standing in (Standing.LEFT, Standing.PAUSED)
        at_home = membership.by_institution and homes[person] == space.institution
        if away and not at_home:
            farewells.update(theirs)
        if joined and seat is not None and seat in seats:
            instead.update((one, seat) for one in theirs if one != seat)
    instead = {one: seat for one, seat in instead.items() if one not in farewells}
    return Desired(seats, frozenset(farewells), unreachable, instead)


def not_linked(door: str) -> Said:
    """The sentence for a member whose account there is not proved yet."""
    return say("Open {door} once; the seat follows by itself.", door=door)

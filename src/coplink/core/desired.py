"""What each space should look like: the seats of the members who can be reached there, and who is not reachable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from coplink.core.guests import Guest
from coplink.core.people import Account, AccountId, Membership, Person, PersonId, Proof, Role, Standing
from coplink.core.spaces import Space
from coplink.core.words import Said, say

NOBODY: Mapping[PersonId, Guest] = {}


@dataclass(frozen=True, slots=True)
class Desired:
    """Seats asked for in one space; accounts of people who left by their own word; who cannot come in, and why."""

    seats: Mapping[AccountId, Role]
    farewells: frozenset[AccountId]
    unreachable: Mapping[PersonId, Said]


def desired_state(
    space: Space,
    memberships: Iterable[Membership],
    people: Mapping[PersonId, Person],
    accounts: Mapping[PersonId, Account],
    opening: Said,
    elsewhere: Said,
    guests: Mapping[PersonId, Guest] = NOBODY,
    only: Collection[AccountId] | None = None,
) -> Desired:
    """The seats of one space.

    ``accounts`` are those on the space's platform within its institution. Only an account its owner proved through its
    own door takes a seat; ``opening`` tells a member how to do that ("open the Teams tab once"), ``elsewhere`` why
    someone of another institution has no seat here. ``guests`` are those of other institutions whom this one's platform
    lets in: they sit as members at most, and who has a page to open yet is told so beside the seat. Where the space
    lets nobody of elsewhere in any more, ``only`` names the guests' accounts that keep the seat they have.
    """
    seats: dict[AccountId, Role] = {}
    farewells: set[AccountId] = set()
    unreachable: dict[PersonId, Said] = {}
    for membership in memberships:
        guest = guests.get(membership.person)
        if guest is not None and people[membership.person].institution != space.institution:
            if membership.standing is Standing.JOINED:
                if only is not None and guest.account not in only:
                    unreachable[membership.person] = elsewhere
                    continue
                if guest.account is not None:
                    seats[guest.account] = Role.MEMBER if membership.role.leads else membership.role
                if guest.reason is not None:
                    unreachable[membership.person] = guest.reason
            elif membership.standing is not Standing.INVITED and guest.account is not None:
                farewells.add(guest.account)
            continue
        account = accounts.get(membership.person)
        proved = account is not None and account.proof is Proof.PROVED
        if membership.standing in (Standing.LEFT, Standing.PAUSED):
            if account is not None and proved:
                farewells.add(account.account)
        elif membership.standing is Standing.JOINED:
            if people[membership.person].institution != space.institution:
                unreachable[membership.person] = elsewhere
            elif account is None or not proved:
                unreachable[membership.person] = opening
            else:
                seats[account.account] = membership.role
    return Desired(seats, frozenset(farewells), unreachable)


def not_linked(door: str) -> Said:
    """The sentence for a member whose account there is not proved yet."""
    return say("Open {door} once; the seat follows by itself.", door=door)

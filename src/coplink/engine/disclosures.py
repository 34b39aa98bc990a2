"""A person's yes, or no, to the platforms of another school having their address: asked for each school, answered once.

Whoever joins is told on the page of the invitation, school by school. Those who joined before a school had a place,
founders among them, are asked on the community's page; until then nobody's address is given out. The address is named
there, and no other one is given out by that yes. A no is shown to nobody else: to others it looks like no answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coplink.core.access import Action, may
from coplink.core.community import Community
from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.guests import SAY_YES
from coplink.core.people import (
    Account,
    CommunityId,
    Institution,
    InstitutionId,
    Membership,
    Person,
    PersonId,
    Standing,
)
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import say
from coplink.engine import marks
from coplink.ports.storage import UnitOfWork

THERE = (SpaceState.MAKING, SpaceState.STUCK, SpaceState.READY, SpaceState.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask somebody about one school, or to let them change; ``answer`` is None until they answered.

    ``address`` is the one that is given out; empty where they have shown none yet.
    """

    institution: InstitutionId
    school: str
    answer: bool | None
    address: str = ""


def address_of(uow: UnitOfWork, person: Person, shown: str = "") -> str:
    """The address of an account that somebody proved at their own institution, all lower case; empty without one.

    ``shown`` is the one that they said yes to: it is that one, or none where it is not theirs any more.
    """
    return addresses_of(uow, [person], {person.id: shown})[person.id]


def addresses_of(
    uow: UnitOfWork, people: Collection[Person], shown: Mapping[PersonId, str]
) -> dict[PersonId, str]:
    """``address_of`` each of many."""
    proved = uow.people.proved_by([person.id for person in people])
    found = {}
    for person in people:
        theirs, named = _addresses(person, proved.get(person.id, ())), shown.get(person.id, "")
        first = theirs[0] if theirs else ""
        found[person.id] = first if not named else named if named in theirs else ""
    return found


def outdated(uow: UnitOfWork, space: Space) -> bool:
    """Ask those anew whose yes was to an address that is not theirs any more; whoever was let in by it stays."""
    shown = {key: one for key, one in uow.guests.shown_at(space.community, space.institution).items() if one}
    # A yes is to the institution: whom another place of its lets in by it sits there, whatever this one says.
    there = {one.integration for one in uow.spaces.of(space.community) if _beside(one, space)}
    known = [uow.guests.at(space.institution, integration, shown) for integration in sorted(there)]
    let_in = {key for guests in known for key, guest in guests.items() if guest.account is not None}
    outside = [key for key in shown if key not in let_in]
    theirs = addresses_of(uow, list(uow.people.many(outside).values()), shown)
    gone = [key for key, address in theirs.items() if not address]
    for key in gone:
        uow.guests.forget_yes(space.community, key, space.institution)
    return bool(gone)


def gives_out(uow: UnitOfWork, space: Space, addresses: Mapping[PersonId, str], now: datetime) -> None:
    """Who said yes before they had an address to be shown said it to the one that is given out first."""
    shown = uow.guests.shown_at(space.community, space.institution)
    for key, address in addresses.items():
        if shown.get(key) == "":
            uow.guests.answer(space.community, key, space.institution, address, now)


def questions(uow: UnitOfWork, person: Person, membership: Membership) -> Sequence[Question]:
    """What this member is to be asked, and what they answered; nothing about schools that take no guests."""
    if membership.standing is not Standing.JOINED:
        return ()
    answers = uow.guests.answers(membership.community, person.id)
    asking = {
        space.institution
        for space in uow.spaces.of(membership.community)
        if space.institution != person.institution
        and space.institution not in answers
        and space.state is SpaceState.READY
        and any(one.reason == SAY_YES for one in uow.spaces.unreachable(space.id, person.id))
    }
    found = [
        Question(key, institution.name, answers.get(key), _named(uow, person, membership.community, key))
        for key in asking | answers.keys()
        if (institution := uow.institutions.get(key)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.answer is not None, one.school)))


def elsewhere(uow: UnitOfWork, community: CommunityId, person: Person) -> Sequence[Institution]:
    """The other schools at which a community has places; whoever joins is told of them. Not those they said no to."""
    answers = uow.guests.answers(community, person.id)
    keys = {space.institution for space in uow.spaces.of(community) if space.state in THERE}
    keys -= {person.institution} | {key for key, yes in answers.items() if not yes}
    found = [one for key in keys if (one := uow.institutions.get(key)) is not None]
    return tuple(sorted(found, key=lambda one: one.name))


def answer(
    uow: UnitOfWork,
    community: Community,
    person: Person,
    institution: str,
    yes: bool,
    now: datetime,
    named: str | None = None,
) -> None:
    """Keep the answer, and have seats follow it. ``named`` is the address that the page named, where it did."""
    membership = uow.communities.membership(community.id, person.id)
    if membership is None or not may(person, Action.SEE_INSIDE, community, membership):
        raise NotAllowed(say("You do not belong to this community."))
    known = {space.institution for space in uow.spaces.of(community.id)} - {person.institution}
    known |= uow.guests.answers(community.id, person.id).keys()
    chosen = next((key for key in known if key == institution), None)
    if chosen is None:
        raise NotFound(say("That school has no place in this community."))
    before = uow.guests.answers(community.id, person.id).get(chosen)
    kept = _named(uow, person, community.id, chosen)
    if yes and named not in (None, kept):
        raise DomainError(say("Your address is another one by now. Look which one it is, and answer again."))
    uow.guests.answer(community.id, person.id, chosen, kept if yes else None, now)
    # A first no changes no seat but one they have, and a look there for nothing would tell others that they answered.
    if yes is not bool(before) or _sits(uow, community, person, chosen):
        marks.people_changed(uow, community.id)


def _beside(one: Space, space: Space) -> bool:
    return one.institution == space.institution and one.state in THERE


def _sits(uow: UnitOfWork, community: Community, person: Person, institution: InstitutionId) -> bool:
    theirs = {one.account for one in uow.guests.of(person.id) if one.institution == institution}
    spaces = [space for space in uow.spaces.of(community.id) if space.institution == institution]
    return any(not theirs.isdisjoint(uow.ledger.seats(space.id)) for space in spaces)


def told(
    uow: UnitOfWork,
    community: CommunityId,
    person: Person,
    institutions: Collection[str],
    now: datetime,
    named: str | None = None,
) -> None:
    """Whoever joins on a page that names these schools has said yes to them, but where they said no before.

    Nothing was said where the page ``named`` an address that is another by now: they are asked on the community's page.
    """
    address, answers = address_of(uow, person), uow.guests.answers(community, person.id)
    if named not in (None, address):
        return
    fresh = [
        one.id
        for one in elsewhere(uow, community, person)
        if one.id in institutions and one.id not in answers
    ]
    for key in fresh:
        uow.guests.answer(community, person.id, key, address, now)
    if fresh:
        marks.people_changed(uow, community)


def _addresses(person: Person, proved: Collection[Account]) -> list[str]:
    """Those of their own accounts: of the platform they come from first, and of several there the newest."""
    here = [one for one in proved if one.institution == person.institution and one.address]
    here.sort(key=lambda one: (one.integration != person.home, one.integration))
    return [(one.address or "").strip().casefold() for one in here]


def _named(uow: UnitOfWork, person: Person, community: CommunityId, institution: InstitutionId) -> str:
    return address_of(uow, person, uow.guests.shown_at(community, institution).get(person.id, ""))

"""A person's yes, or no, to the platforms of another school having their address: asked for each school, answered once.

Whoever joins is told on the page of the invitation, school by school. Those who joined before a school had a place,
founders among them, are asked on the community's page; until then nobody's address is given out. A no is shown to
nobody else: to others it looks like no answer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from coplink.core.access import Action, may
from coplink.core.community import Community
from coplink.core.errors import NotAllowed, NotFound
from coplink.core.guests import SAY_YES
from coplink.core.people import CommunityId, Institution, InstitutionId, Membership, Person, Standing
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.engine import marks
from coplink.ports.storage import UnitOfWork

THERE = (SpaceState.MAKING, SpaceState.STUCK, SpaceState.READY, SpaceState.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask somebody about one school, or to let them change; ``answer`` is None until they answered."""

    institution: InstitutionId
    school: str
    answer: bool | None


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
        Question(key, institution.name, answers.get(key))
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
    uow: UnitOfWork, community: Community, person: Person, institution: str, yes: bool, now: datetime
) -> None:
    """Keep the answer, and have seats follow it."""
    membership = uow.communities.membership(community.id, person.id)
    if membership is None or not may(person, Action.SEE_INSIDE, community, membership):
        raise NotAllowed(say("You do not belong to this community."))
    known = {space.institution for space in uow.spaces.of(community.id)} - {person.institution}
    known |= uow.guests.answers(community.id, person.id).keys()
    chosen = next((key for key in known if key == institution), None)
    if chosen is None:
        raise NotFound(say("That school has no place in this community."))
    before = uow.guests.answers(community.id, person.id).get(chosen)
    uow.guests.answer(community.id, person.id, chosen, yes, now)
    # A first no changes no seat but one they have, and a look there for nothing would tell others that they answered.
    if yes is not bool(before) or _sits(uow, community, person, chosen):
        marks.people_changed(uow, community.id)


def _sits(uow: UnitOfWork, community: Community, person: Person, institution: InstitutionId) -> bool:
    theirs = {one.account for one in uow.guests.of(person.id) if one.institution == institution}
    spaces = [space for space in uow.spaces.of(community.id) if space.institution == institution]
    return any(not theirs.isdisjoint(uow.ledger.seats(space.id)) for space in spaces)


def told(
    uow: UnitOfWork, community: CommunityId, person: Person, institutions: Collection[str], now: datetime
) -> None:
    """Whoever joins on a page that names these schools has said yes to them, but where they said no before."""
    answers = uow.guests.answers(community, person.id)
    fresh = [
        one.id
        for one in elsewhere(uow, community, person)
        if one.id in institutions and one.id not in answers
    ]
    for key in fresh:
        uow.guests.answer(community, person.id, key, True, now)
    if fresh:
        marks.people_changed(uow, community)

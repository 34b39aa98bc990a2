"""A person's yes, or no, to a platform of another school having their address: asked once, answered by them alone.

Whoever joins is told on the page of the invitation. Those who joined when there was no such place, founders among them,
are asked on the community's page; until then nobody's address is given out. A no is shown to nobody else: to others it
looks like no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coplink.core.access import Action, may
from coplink.core.community import Community
from coplink.core.errors import NotAllowed
from coplink.core.guests import SAY_YES, SHOW_ADDRESS
from coplink.core.people import CommunityId, Membership, Person, Standing
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.engine import marks
from coplink.ports.storage import UnitOfWork

ASKED = (SAY_YES, SHOW_ADDRESS)
"""A place says one of these only where it takes guests."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask somebody, or to let them change: their ``answer`` so far, and the schools it is about."""

    answer: bool | None
    schools: tuple[str, ...]


def question(uow: UnitOfWork, person: Person, membership: Membership) -> Question | None:
    """What this member is to be asked; None where no place of another school takes guests, as far as is known."""
    if membership.standing is not Standing.JOINED:
        return None
    answer = uow.guests.answered(membership.community, person.id)
    schools, places = set(), {(one.institution, one.integration) for one in uow.guests.of(person.id)}
    for space in uow.spaces.of(membership.community):
        if space.institution == person.institution or space.state is not SpaceState.READY:
            continue
        waiting = any(one.reason in ASKED for one in uow.spaces.unreachable(space.id, person.id))
        if waiting or (space.institution, space.integration) in places:
            institution = uow.institutions.get(space.institution)
            schools.add(institution.name if institution else "")
    return Question(answer, tuple(sorted(schools))) if schools else None


def answer(uow: UnitOfWork, community: Community, person: Person, yes: bool, now: datetime) -> None:
    """Keep the answer, and have seats follow it."""
    membership = uow.communities.membership(community.id, person.id)
    if membership is None or not may(person, Action.SEE_INSIDE, community, membership):
        raise NotAllowed(say("You do not belong to this community."))
    uow.guests.answer(community.id, person.id, yes, now)
    marks.people_changed(uow, community.id)


def told(uow: UnitOfWork, community: CommunityId, person: Person, now: datetime) -> None:
    """Whoever joins on a page that says so has said yes, unless they said no before."""
    if uow.guests.answered(community, person.id) is None:
        uow.guests.answer(community, person.id, True, now)

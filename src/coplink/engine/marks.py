"""Which work follows from a change: always marked in the transaction of the change itself."""

from __future__ import annotations

from coplink.core.community import Stage
from coplink.core.people import CommunityId, InstitutionId, PersonId, Standing
from coplink.core.spaces import Space, SpaceState
from coplink.core.work import Kind
from coplink.ports.storage import UnitOfWork

FULL = (Kind.PROVISION, Kind.RECONCILE, Kind.PLACE_MEETINGS, Kind.COLLECT, Kind.RENEW_WATCH)
INSIDE = FULL[1:]


def everything(uow: UnitOfWork, community: CommunityId, urgent: bool = True) -> None:
    """Ask for all work of a community: every roster and every space, whatever was done before.

    One that rests asks for nothing.
    """
    found = uow.communities.get(community)
    if found is not None and found.stage is Stage.CONCLUDED:
        return
    for context in uow.communities.contexts(community):
        if context.roster:
            uow.work.mark(Kind.READ_ROSTER, context.id, community, urgent=urgent)
    for space in uow.spaces.of(community):
        if space.state is SpaceState.READY:
            for kind in FULL:
                uow.work.mark(kind, space.id, community, urgent=urgent)
            to_say(uow, space, urgent)
        elif space.state in (SpaceState.MAKING, SpaceState.STUCK):
            uow.work.mark(Kind.PROVISION, space.id, community, urgent=urgent)


def inside(uow: UnitOfWork, space: Space) -> None:
    """Ask for the work of a space that has just become ready."""
    for kind in INSIDE:
        uow.work.mark(kind, space.id, space.community)
    to_say(uow, space)


def to_say(uow: UnitOfWork, space: Space, urgent: bool = True) -> None:
    """Ask for what was said to everybody and is not there yet, in a space that can show it."""
    if space.state is SpaceState.READY and uow.announced.still_open(space.id):
        uow.work.mark(Kind.ANNOUNCE, space.id, space.community, urgent=urgent)


def people_changed(uow: UnitOfWork, community: CommunityId) -> None:
    """Ask for seats and attendees after someone's membership changed.

    Whoever leaves gives up both also where a place rests, or is still being made or woken, however it sticks.
    """
    for space in uow.spaces.of(community):
        if space.state is SpaceState.READY or space.only_farewells:
            uow.work.mark(Kind.RECONCILE, space.id, community)
            uow.work.mark(Kind.PLACE_MEETINGS, space.id, community)


def person_changed(uow: UnitOfWork, person: PersonId) -> None:
    """Ask for seats and attendees in every community of someone who became one with another."""
    for community, _ in uow.communities.of_person(person):
        people_changed(uow, community.id)


def account_changed(uow: UnitOfWork, person: PersonId, institution: InstitutionId, integration: str) -> None:
    """Ask for the seats of someone whose account on one platform has just been proved.

    Places of other institutions may take them as a guest, now that they have shown an address.
    """
    for community, membership in uow.communities.of_person(person):
        if membership.standing is Standing.JOINED:
            for space in uow.spaces.of(community.id):
                elsewhere = space.institution != institution
                here = not elsewhere and space.integration == integration
                if (here or elsewhere) and space.state is SpaceState.READY:
                    uow.work.mark(Kind.RECONCILE, space.id, community.id)
                if here and space.state is SpaceState.READY:
                    uow.work.mark(Kind.PLACE_MEETINGS, space.id, community.id)

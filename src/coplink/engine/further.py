"""Another place for a community that is under way: chosen by who leads it, and made as at founding.

So a school that comes later has a place of its own, and its people a way in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from coplink.core.access import Action
from coplink.core.community import Participation, Stage
from coplink.core.errors import DomainError
from coplink.core.people import CommunityId, Person
from coplink.core.words import say
from coplink.engine import found
from coplink.engine.found import Origin, Place, Plan, Preview
from coplink.engine.reading import Seen, community_of
from coplink.ports.integration import Capability, Manifest
from coplink.ports.records import Happening
from coplink.ports.spaces import SpaceWish
from coplink.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that is not this community's yet; ``preview`` is None where it cannot be chosen."""

    place: Place
    preview: Preview | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be added, for the page."""

    seen: Seen
    places: tuple[Choice, ...]


def choices(
    uow: UnitOfWork, leader: Person, key: str, origin: Origin, manifests: Mapping[str, Manifest], plan: Plan
) -> Choices:
    """What who leads may add, and what would be made there; nothing is made and no platform is asked."""
    seen = community_of(uow, leader, key, Action.SHAPE)
    shown = []
    for place in _open(uow, leader, seen, origin, manifests):
        connected = uow.institutions.connection(place.connection)
        preview = None
        if place.possible and connected is not None:
            wish = SpaceWish(seen.community.name, seen.community.charter.about, "", {})
            part = uow.communities.participation(seen.community.id, place.institution)
            preview = found.drawn(place, connected, manifests[connected.integration], wish, origin, plan)
            if part is not None:
                preview = replace(preview, waits_for=None if part.agreed else place.institution_name)
        shown.append(Choice(place, preview))
    return Choices(seen, tuple(shown))


def add(
    uow: UnitOfWork,
    leader: Person,
    key: str,
    origin: Origin,
    chosen: Collection[str],
    manifests: Mapping[str, Manifest],
    now: datetime,
) -> None:
    """Have these places made; those that are its own already are left as they are.

    Raises ``DomainError`` where nothing is chosen, where one cannot be, and while the community rests.
    """
    uow.communities.hold(CommunityId(key))
    seen = community_of(uow, leader, key, Action.SHAPE)
    community = seen.community
    if community.stage is Stage.CONCLUDED:
        raise DomainError(say("The whole community rests. A facilitator can wake it."))
    if not chosen:
        raise DomainError(say("Choose at least one place."))
    has = {space.connection for space in uow.spaces.of(community.id)}
    possible = {one.connection: one for one in _open(uow, leader, seen, origin, manifests) if one.possible}
    wanted = [one for one in dict.fromkeys(chosen) if one not in has]
    if missing := [one for one in wanted if one not in possible]:
        raise DomainError(say("One of the places cannot be chosen here."), f"connections {missing}")
    for place in [one for one in possible.values() if one.connection in wanted]:
        connected = uow.institutions.connection(place.connection)
        if connected is None:
            continue
        if place.own and uow.communities.participation(community.id, place.institution) is None:
            uow.communities.put_participation(Participation(community.id, place.institution, agreed_at=now))
        found.wish_for(uow, community, place, connected, manifests[connected.integration], origin, now)
        said = say(
            "chose another place: {place} of {school}", place=place.title, school=place.institution_name
        )
        uow.records.say(Happening(community.id, leader.institution, now, leader.id, said))


def _open(
    uow: UnitOfWork, leader: Person, seen: Seen, origin: Origin, manifests: Mapping[str, Manifest]
) -> list[Place]:
    """What can make places and is not the community's yet; who does not take part is named, and cannot be chosen."""
    has = {space.connection for space in uow.spaces.of(seen.community.id)}
    shown = []
    for place in found.places(uow, leader, origin, manifests):
        connected = uow.institutions.connection(place.connection)
        if place.connection in has or connected is None:
            continue
        if Capability.SPACES not in manifests[connected.integration].capabilities:
            continue
        part = uow.communities.participation(seen.community.id, place.institution)
        if part is not None and part.stays_out:
            reason = say("{institution} does not take part.", institution=place.institution_name)
            place = replace(place, possible=False, reason=reason)
        shown.append(place)
    return shown

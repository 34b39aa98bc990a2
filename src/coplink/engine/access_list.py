"""Who has no working way in, place by place: the reason, who can change it and the next step; what is fine as well.

For those who facilitate it is about everybody who belongs, for a member about themselves alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from coplink.core.access import Action
from coplink.core.people import InstitutionId, Person, PersonId, Standing
from coplink.core.spaces import SpaceState
from coplink.engine.reading import PlaceView, Seen, community_of
from coplink.engine.ways import Step, Way, WayIn, places_with_seats, step_of, ways_in
from coplink.ports.integration import Manifest
from coplink.ports.storage import UnitOfWork

NOT_MADE = frozenset({SpaceState.WAITING, SpaceState.MAKING, SpaceState.STUCK})
NAMED = 8
"""So many are named at once; the others stand behind a fold."""


@dataclass(frozen=True, slots=True)
class Group:
    """People without a seat in one place for the same reason; ``coming``: it goes on by itself."""

    place: PlaceView
    step: Step
    people: tuple[Person, ...]
    coming: bool

    @property
    def first(self) -> tuple[Person, ...]:
        """Those who are named at once."""
        return self.people[:NAMED]

    @property
    def rest(self) -> tuple[Person, ...]:
        """Those behind the fold."""
        return self.people[NAMED:]


@dataclass(frozen=True, slots=True)
class AccessList:
    """``everywhere`` of ``belong`` sit in each of the ``places``; ``nowhere`` in none; ``shut`` give no seats now.

    ``mine`` is how a reader who does not facilitate stands; it is all that they see. ``ahead`` are people of elsewhere
    who will have no seat in a place that is not made yet, as far as its check-up told.
    """

    seen: Seen
    places: tuple[PlaceView, ...]
    shut: tuple[PlaceView, ...]
    belong: int
    everywhere: int
    nowhere: tuple[Person, ...]
    groups: tuple[Group, ...]
    mine: tuple[WayIn, ...]
    ahead: tuple[Group, ...] = ()


def access_list(uow: UnitOfWork, reader: Person, key: str, manifests: Mapping[str, Manifest]) -> AccessList:
    """The list for somebody who belongs."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    places, shut = places_with_seats(uow, seen.community.id, manifests)
    joined = [m for m in uow.communities.memberships(seen.community.id) if m.standing is Standing.JOINED]
    if not seen.leads:
        joined = [m for m in joined if m.person == reader.id]
    people = uow.people.many([m.person for m in joined])
    ways = ways_in(uow, places, people, manifests)
    everywhere = [key for key, one in ways.items() if all(way.way is Way.SEATED for way in one)]
    nowhere = [key for key, one in ways.items() if one and not any(way.way is Way.SEATED for way in one)]
    return AccessList(
        seen,
        places,
        shut,
        len(people),
        len(everywhere),
        _in_order(people[key] for key in nowhere),
        grouped(people, ways),
        ways.get(reader.id, ()),
        _ahead(uow, shut, people, manifests),
    )


def _ahead(
    uow: UnitOfWork,
    shut: Iterable[PlaceView],
    people: Mapping[PersonId, Person],
    manifests: Mapping[str, Manifest],
) -> tuple[Group, ...]:
    """People of elsewhere whom a place not made yet will not take, with the reason and what happens instead."""
    ways: dict[PersonId, list[WayIn]] = {}
    for place in shut:
        space, elsewhere = (
            place.space,
            [p for p in people.values() if p.institution != place.space.institution],
        )
        found = uow.checks.of(space.connection) if space.state in NOT_MADE and elsewhere else None
        line = next((one for one in found.checks if one.outsiders and not one.ok), None) if found else None
        if line is None:
            continue
        step = step_of(line.message, place, manifests.get(space.integration))
        if line.fallback is not None:
            step = replace(step, next=line.fallback)
        for person in elsewhere:
            ways.setdefault(person.id, []).append(WayIn(place, Way.NONE, step=step))
    return grouped(people, ways)


def without_seats(
    uow: UnitOfWork,
    institution: InstitutionId,
    places: Iterable[PlaceView],
    manifests: Mapping[str, Manifest],
) -> tuple[Group, ...]:
    """Of an institution's own people, those without a seat in these places, for its connection admins."""
    ways: dict[PersonId, list[WayIn]] = {}
    for place in places:
        for one in uow.spaces.unreachable(place.space.id):
            step = step_of(one.reason, place, manifests.get(place.space.integration))
            ways.setdefault(PersonId(one.person), []).append(WayIn(place, Way.NONE, step=step))
    own = {key: one for key, one in uow.people.many(ways).items() if one.institution == institution}
    return grouped(own, {key: ways[key] for key in own})


def grouped(people: Mapping[PersonId, Person], ways: Mapping[PersonId, Iterable[WayIn]]) -> tuple[Group, ...]:
    """Those without a seat, by place and reason: what a person must change first, the largest group before others."""
    found: dict[tuple[str, str, str, bool], tuple[WayIn, Step, list[Person]]] = {}
    for key, several in ways.items():
        for way in several:
            if way.step is not None:
                about = (way.place.space.id, str(way.step.reason), str(way.step.next), way.way is Way.COMING)
                found.setdefault(about, (way, way.step, []))[2].append(people[key])
    groups = [
        Group(way.place, step, _in_order(those), way.way is Way.COMING) for way, step, those in found.values()
    ]
    groups.sort(key=lambda one: (one.coming, -len(one.people), one.place.title, str(one.step.reason)))
    return tuple(groups)


def _in_order(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(sorted(people, key=lambda one: (one.name.casefold(), one.id)))

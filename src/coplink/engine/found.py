"""Found a community: four answers, a preview of what will be made, and then one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coplink.core.arrival import Context
from coplink.core.community import Community, Participation, Stage, charter, community_name
from coplink.core.errors import DomainError
from coplink.core.people import CommunityId, InstitutionId, Membership, Person, Role, Standing
from coplink.core.rhythm import Rhythm, check, expand
from coplink.core.spaces import ConnectionId, Space, SpaceId, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import Kind
from coplink.engine import organisations
from coplink.engine.attention import SUPPORT
from coplink.engine.preflight import stopping
from coplink.ports.integration import Capability, Manifest
from coplink.ports.records import Connected, ContextLink, Happening
from coplink.ports.spaces import Planned, SpaceWish
from coplink.ports.storage import UnitOfWork

Plan = Callable[[Connected, SpaceWish], Planned]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the founder came from: the context they lead, its roster, and what it lets a place be chosen by."""

    context: Context | None
    roster: Mapping[str, str] | None
    asked: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answers:
    """The four answers: what about, who, where, when. ``key`` names the form: sending it twice is one founding."""

    key: str
    name: str
    about: str
    audience: str
    hopes: str
    places: tuple[ConnectionId, ...]
    rhythm: Rhythm
    norms: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place a founder may choose.

    ``reason`` says why not, where it is not ``possible``, else what it will wait for beside an agreement.
    """

    connection: ConnectionId
    institution: InstitutionId
    institution_name: str
    title: str
    own: bool
    possible: bool
    reason: Said | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be made in one place: its name over there, the parts in order, and what it waits for."""

    place: Place
    name: str
    steps: tuple[str, ...]
    waits_for: str | None


def places(
    uow: UnitOfWork, founder: Person, origin: Origin, manifests: Mapping[str, Manifest]
) -> tuple[Place, ...]:
    """Where this person may ask for a space: their own institution first, then others that are open to being asked."""
    found: list[Place] = []
    for institution in uow.institutions.all():
        own = institution.id == founder.institution
        if not own and not institution.listed:
            continue
        checked = uow.checks.of_institution(institution.id)
        for connected in uow.institutions.connections(institution.id):
            manifest = manifests.get(connected.integration)
            if manifest is None:
                continue
            if manifest.chooses and not own:  # what the door told belongs to the founder's own institution
                continue
            lacks = [name for name in manifest.chooses if not origin.asked.get(name)]
            reason = None
            line = stopping(checked[connected.id]) if connected.id in checked else None
            if lacks:
                reason = say("Open coplink from a course in {title} to use it.", title=manifest.title)
            elif line is not None:  # who and not what: the details are for the admins of that institution
                reason = say(
                    "Waits until somebody has seen to the connection: {who}.", who=line.who or SUPPORT
                )
            found.append(
                Place(connected.id, institution.id, institution.name, manifest.title, own, not lacks, reason)
            )
    return tuple(sorted(found, key=lambda place: (not place.own, place.institution_name, place.title)))


def preview(
    uow: UnitOfWork,
    founder: Person,
    origin: Origin,
    answers: Answers,
    manifests: Mapping[str, Manifest],
    plan: Plan,
) -> tuple[Preview, ...]:
    """What founding would make in each chosen place; nothing is made and no platform is asked.

    ``plan`` is how an integration would go about a wish.
    """
    chosen = _chosen(uow, founder, origin, answers, manifests)
    previews = []
    for place in chosen:
        connected = uow.institutions.connection(place.connection)
        if connected is None or Capability.SPACES not in manifests[connected.integration].capabilities:
            continue
        wish = SpaceWish(community_name(answers.name), answers.about, "", {})
        manifest = manifests[connected.integration]
        previews.append(drawn(place, connected, manifest, wish, origin, plan))
    return tuple(previews)


def drawn(
    place: Place, connected: Connected, manifest: Manifest, wish: SpaceWish, origin: Origin, plan: Plan
) -> Preview:
    """What would be made in one place that can be chosen."""
    planned = plan(connected, replace(wish, asked={k: origin.asked[k] for k in manifest.chooses}))
    steps = tuple(manifest.part_words.get(step, step) for step in planned.steps)
    return Preview(place, planned.name, steps, None if place.own else place.institution_name)


def found(
    uow: UnitOfWork,
    founder: Person,
    origin: Origin,
    answers: Answers,
    manifests: Mapping[str, Manifest],
    now: datetime,
) -> Community:
    """Found the community: charter, facilitator, rhythm, spaces to be made. The same form twice is one founding."""
    community_id = CommunityId(hashlib.sha256(f"{founder.id}:{answers.key}".encode()).hexdigest()[:32])
    if (known := uow.communities.get(community_id)) is not None:
        return known
    chosen = _chosen(uow, founder, origin, answers, manifests)
    rhythm = check(answers.rhythm)
    if not any(not meeting.cancelled for meeting in expand(rhythm)):
        raise DomainError(say("Every meeting would fall into a break. Choose other dates."))
    community = Community(
        community_id,
        founder.institution,
        community_name(answers.name),
        charter(answers.about, answers.audience, answers.hopes, norms=answers.norms),
        Stage.FORMING,
        now,
    )
    uow.communities.put(community)
    uow.communities.put_membership(
        Membership(community_id, founder.id, founder.institution, Role.FACILITATOR, Standing.JOINED, now)
    )
    uow.meetings.put(community_id, rhythm)
    uow.communities.put_participation(Participation(community_id, founder.institution, agreed_at=now))
    for place in chosen:
        connected = uow.institutions.connection(place.connection)
        if connected is not None:
            wish_for(uow, community, place, connected, manifests[connected.integration], origin, now)
    _remember_context(uow, community, founder, origin)
    uow.records.say(
        Happening(community_id, founder.institution, now, founder.id, say("founded the community"))
    )
    return community


def _chosen(
    uow: UnitOfWork, founder: Person, origin: Origin, answers: Answers, manifests: Mapping[str, Manifest]
) -> Sequence[Place]:
    if not answers.places:
        raise DomainError(say("Choose at least one place."))
    possible = {
        place.connection: place for place in places(uow, founder, origin, manifests) if place.possible
    }
    if missing := [key for key in answers.places if key not in possible]:
        raise DomainError(say("One of the places cannot be chosen here."), f"connections {missing}")
    return [possible[key] for key in dict.fromkeys(answers.places)]


def wish_for(
    uow: UnitOfWork,
    community: Community,
    place: Place,
    connected: Connected,
    manifest: Manifest,
    origin: Origin,
    now: datetime,
) -> None:
    """Have a space made there, or wait for its institution to agree, which is asked once."""
    part = uow.communities.participation(community.id, place.institution)
    goes = part.agreed if part is not None else place.own
    space_id = SpaceId(hashlib.sha256(f"{community.id}:{place.connection}".encode()).hexdigest()[:32])
    space = Space(
        space_id,
        community.id,
        place.institution,
        place.connection,
        connected.integration,
        manifest.kind,
        community.name,
        marker=f"coplink:{space_id}",
        state=SpaceState.MAKING if goes else SpaceState.WAITING,
        asked={name: origin.asked[name] for name in manifest.chooses},
    )
    uow.spaces.put(space)
    if goes:
        uow.work.mark(Kind.PROVISION, space_id, community.id)
    elif part is None:
        uow.communities.put_participation(Participation(community.id, place.institution))
        organisations.ask(uow, community, place.institution, now)


def _remember_context(uow: UnitOfWork, community: Community, founder: Person, origin: Origin) -> None:
    if origin.context is None:
        return
    link = ContextLink(
        uow.new_id(),
        founder.institution,
        origin.context.realm,
        origin.context.id,
        origin.context.title,
        community.id,
        dict(origin.roster) if origin.roster else None,
    )
    uow.communities.put_context(link)
    if link.roster:
        uow.work.mark(Kind.READ_ROSTER, link.id, community.id)

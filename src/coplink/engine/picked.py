"""What somebody may put into a course of theirs: a community, its next meeting, a curated list, one artifact.

A member may put whatever they see. Of a community that lives in the course, but to which they do not belong, they may
put the community itself, by its name. What a link opens is asked again, of whoever opens it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coplink.core.access import Action, may
from coplink.core.arrival import Context
from coplink.core.artifacts import Artifact, ArtifactId
from coplink.core.community import Community
from coplink.core.errors import DomainError, NotFound
from coplink.core.lists import CuratedList, ListId
from coplink.core.people import InstitutionId, Person, PersonId, Standing
from coplink.core.rhythm import Meeting, Rhythm, expand
from coplink.core.words import say
from coplink.engine.reading import CatalogueLine, community_of, lines_of
from coplink.ports.integration import Manifest
from coplink.ports.storage import UnitOfWork

SHOWN = 8
SEARCHED = 2_000


class Kind(StrEnum):
    """What a link in a course can open."""

    COMMUNITY = "community"
    MEETING = "meeting"
    LIST = "list"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Offer:
    """A community of which something can be put; ``inside``: everything, else its own page alone."""

    community: Community
    inside: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """What there is of one community.

    ``lines`` are the files chosen so far, then the newest that fit what was looked for; ``hidden`` how many more fit.
    """

    offer: Offer
    rhythm: Rhythm | None
    meeting: Meeting | None
    lists: tuple[CuratedList, ...]
    lines: tuple[CatalogueLine, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Picked:
    """One thing that was chosen, and the path of the page that shows it."""

    kind: Kind
    community: Community
    path: str
    name: str = ""
    why: str = ""
    rhythm: Rhythm | None = None


def offers(uow: UnitOfWork, person: Person, context: Context | None) -> tuple[Offer, ...]:
    """The communities of which this person may put something into that course: theirs, and those that live there."""
    found = {}
    for community, membership in uow.communities.of_person(person.id):
        if may(person, Action.SEE_INSIDE, community, membership):
            found[community.id] = Offer(community, True)
    if context is not None:
        for community in uow.communities.in_context(person.institution, context.realm, context.id):
            found.setdefault(community.id, Offer(community, False))
    return tuple(sorted(found.values(), key=lambda one: (not one.inside, one.community.name.casefold())))


def offer(uow: UnitOfWork, person: Person, context: Context | None, key: str) -> Offer:
    """The one of that id; ``NotFound`` for any other."""
    found = next((one for one in offers(uow, person, context) if one.community.id == key), None)
    if found is None:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    return found


def shelf(
    uow: UnitOfWork,
    person: Person,
    found: Offer,
    manifests: Mapping[str, Manifest],
    now: datetime,
    look: str = "",
    chosen: Sequence[str] = (),
) -> Shelf:
    """What can be put of this community; ``look`` is a part of a file's name."""
    if not found.inside:
        return Shelf(found, None, None, (), (), 0)
    key = found.community.id
    seen = community_of(uow, person, key, Action.SEE_INSIDE)
    rhythm = uow.meetings.rhythm(key)
    known = uow.catalogue.of(key, SEARCHED)
    first = [one for one in known if one.id in set(chosen)]
    rest = [one for one in known if one not in first and look.casefold() in one.title.casefold()]
    shown = [*first, *rest[: max(0, SHOWN - len(first))]]
    return Shelf(
        found,
        rhythm,
        next_meeting(rhythm, now),
        tuple(uow.catalogue.lists(key)),
        lines_of(uow, seen, shown, manifests),
        len(first) + len(rest) - len(shown),
    )


def next_meeting(rhythm: Rhythm | None, now: datetime) -> Meeting | None:
    """The meeting under way, or the next that takes place."""
    meetings = expand(rhythm) if rhythm else ()
    return next((one for one in meetings if one.ends > now and not one.cancelled), None)


def pick(uow: UnitOfWork, found: Offer, names: Sequence[str]) -> tuple[Picked, ...]:
    """What the names of a form stand for: ``community``, ``meeting``, ``list:<id>``, ``file:<id>``.

    Raises ``DomainError`` where one stands for nothing that may be put, or for nothing any more.
    """
    if not names:
        raise DomainError(say("Choose what to put into the course."))
    return tuple(_one(uow, found, name) for name in dict.fromkeys(names))


def _one(uow: UnitOfWork, found: Offer, name: str) -> Picked:
    community, (kind, _, key) = found.community, name.partition(":")
    here = f"/c/{community.id}"
    if name == Kind.COMMUNITY:
        return Picked(Kind.COMMUNITY, community, here, why=community.charter.about)
    if found.inside and name == Kind.MEETING and (rhythm := uow.meetings.rhythm(community.id)):
        return Picked(Kind.MEETING, community, f"{here}/meetings/next", rhythm=rhythm)
    if found.inside and kind == Kind.LIST:
        known = uow.catalogue.curated(ListId(key))
        if known is not None and known.community == community.id:
            return Picked(Kind.LIST, community, f"{here}/lists/{known.id}", known.title, known.why)
    if found.inside and kind == Kind.FILE:
        file = uow.catalogue.some(community.id, [ArtifactId(key)]).get(ArtifactId(key))
        if file is not None and file.withdrawn_at is None:
            return Picked(Kind.FILE, community, f"{here}/library/{file.id}", file.title)
        if file is not None:
            gone = say("“{title}” was taken away where it was made. Choose others.", title=file.title)
            raise DomainError(gone)
    raise DomainError(say("One of these cannot be chosen any more. Look again."), f"pick {name[:80]!r}")


def artifact(uow: UnitOfWork, reader: Person, community: str, key: str) -> Artifact:
    """One artifact for who belongs, withdrawn or not; ``NotFound`` for anybody else."""
    seen = community_of(uow, reader, community, Action.SEE_INSIDE)
    found = uow.catalogue.some(seen.community.id, [ArtifactId(key)]).get(ArtifactId(key))
    if found is None:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    return found


def subjects(uow: UnitOfWork, found: Offer, institution: InstitutionId, realm: str) -> tuple[str, ...]:
    """How the platform of this realm calls the people of one institution who joined; nobody for who does not belong."""
    if not found.inside:
        return ()
    joined: list[PersonId] = [
        one.person
        for one in uow.communities.memberships(found.community.id)
        if one.standing is Standing.JOINED and one.institution == institution
    ]
    return tuple(uow.people.known_as(institution, "lti", realm, joined))


def groups(uow: UnitOfWork, found: Offer, institution: InstitutionId, realm: str) -> tuple[str, ...]:
    """The groups on the platform of this realm that belong to the community, by their context ids.

    Canvas alone has rosters of groups, and they lie under ``/groups/``.
    """
    return tuple(
        one.context
        for one in uow.communities.contexts(found.community.id)
        if (one.institution, one.realm) == (institution, realm)
        and "/groups/" in (one.roster or {}).get("url", "")
    )

"""What a facilitator says to everybody: the places in which it would appear, keeping it, and how far it is in each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coplink.core.access import Action, may
from coplink.core.announcing import Post, PostState, SaidId, SaidToAll, in_short, words_of
from coplink.core.community import Stage
from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import CommunityId, InstitutionId, Person
from coplink.core.spaces import Space, SpaceId, SpaceState, Trouble
from coplink.core.words import Said, say
from coplink.engine import marks
from coplink.engine.reading import Seen, community_of
from coplink.ports.integration import Capability, Manifest
from coplink.ports.records import Happening
from coplink.ports.storage import UnitOfWork

MOST_A_DAY = 10
"""Nobody reads more, and a form that is sent again and again floods nobody's telephone."""
SHOWN = 20
NEWS = timedelta(days=3)
"""How long something is news: a place that could not show it until then is left without."""
RESTS = Trouble("rests", say("Nothing is said any more in this place."), "")
TOO_LATE = Trouble("too_late", say("It could not be shown here for three days, and is old by now."), "")
AT_REST = (SpaceState.ARCHIVED, SpaceState.DETACHED, SpaceState.REFUSED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where words would appear: as what, how they would read, whether cut short; or ``why`` not, or not at once."""

    space: Space
    title: str
    form: str
    shows: str
    short: int | None
    says: bool
    why: Said | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What somebody typed. ``key`` names the form: sending it twice says it once."""

    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said: by whom, and by place how far it is there."""

    said: SaidToAll
    by: str
    posts: tuple[tuple[str, Post], ...]

    @property
    def waits(self) -> bool:
        """Whether it is still on its way somewhere."""
        return any(post.state is PostState.WAITING for _, post in self.posts)

    @property
    def stuck(self) -> bool:
        """Whether somebody must act before it appears somewhere."""
        return any(post.state is PostState.STUCK for _, post in self.posts)


@dataclass(frozen=True, slots=True)
class Page:
    """What was said in a community, newest first; for those who lead also where the next words would appear."""

    seen: Seen
    lines: tuple[Line, ...]
    places: tuple[Place, ...]


def page(
    uow: UnitOfWork,
    reader: Person,
    key: str,
    manifests: Mapping[str, Manifest],
    now: datetime,
    text: str = "",
) -> Page:
    """The page of announcements for somebody who belongs."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    said = uow.announced.of(seen.community.id, SHOWN)
    posts = uow.announced.posts([one.id for one in said])
    people = uow.people.many([one.person for one in said])
    spaces = {space.id: space for space in uow.spaces.of(seen.community.id)}
    titles = _titles(uow, spaces.values(), manifests)
    lines = tuple(
        Line(
            one,
            people[one.person].name if one.person in people else "",
            tuple(
                sorted(
                    (
                        (titles[post.space], stands(one, post, spaces[post.space], now))
                        for post in posts.get(one.id, ())
                        if post.space in spaces
                    ),
                    key=_by_title,
                )
            ),
        )
        for one in said
    )
    return Page(seen, lines, _places(spaces.values(), titles, manifests, text) if seen.leads else ())


def _places(
    spaces: Iterable[Space], titles: Mapping[SpaceId, str], manifests: Mapping[str, Manifest], text: str
) -> tuple[Place, ...]:
    """Each of these spaces with how the words would look there; calls nobody."""
    found = []
    for space in spaces:
        manifest = manifests.get(space.integration)
        most = manifest.limits.announced if manifest else None
        says, why = _says(space, manifest)
        found.append(
            Place(
                space,
                titles[space.id],
                manifest.announced_as if manifest else "",
                in_short(text, most) if most else text,
                most,
                says,
                why,
            )
        )
    return tuple(sorted(found, key=lambda place: (place.title, place.space.id)))


def places_at(
    uow: UnitOfWork,
    community: CommunityId,
    institution: InstitutionId,
    manifests: Mapping[str, Manifest],
    text: str,
) -> tuple[Place, ...]:
    """The places of one institution with how the words would look there."""
    spaces = [space for space in uow.spaces.of(community) if space.institution == institution]
    return _places(spaces, _titles(uow, spaces, manifests), manifests, text)


def say_to_all(
    uow: UnitOfWork,
    person: Person,
    key: str,
    drawn: Drawn,
    manifests: Mapping[str, Manifest],
    now: datetime,
    invited: InstitutionId | None = None,
) -> SaidToAll:
    """Keep it and ask for it in every place; to invite, in those of the one institution whose people are ``invited``.

    Raises ``DomainError`` in plain words where it cannot be said.
    """
    seen = community_of(uow, person, key, Action.SEE_INSIDE)
    community = seen.community
    if not may(person, Action.ANNOUNCE, community, seen.membership):
        raise NotAllowed(say("Only facilitators speak to everybody."))
    if community.stage is Stage.CONCLUDED:
        raise DomainError(say("This community rests: wake it before you speak to everybody."))
    digest = hashlib.sha256(f"{person.id}:{community.id}:{drawn.key}".encode()).hexdigest()
    if (known := uow.announced.get(SaidId(digest[:32]))) is not None:
        return known
    title, text = words_of(drawn.title, drawn.text)
    if uow.announced.since(community.id, now - timedelta(days=1)) >= MOST_A_DAY:
        raise DomainError(
            say("That is {most} times within a day already. Say the rest tomorrow.", most=MOST_A_DAY)
        )
    made = SaidToAll(
        SaidId(digest[:32]),
        community.id,
        person.institution,
        person.id,
        title,
        text,
        now,
        inviting=invited is not None,
    )
    uow.announced.put(made)
    for space in uow.spaces.of(community.id):
        if invited is not None and space.institution != invited:
            continue
        says, why = _says(space, manifests.get(space.integration))
        state = PostState.WAITING if says else PostState.SILENT
        trouble = Trouble("not_ready" if says else "cannot", why, "") if why else None
        uow.announced.put_post(Post(made.id, space.id, state, trouble=trouble))
        marks.to_say(uow, space)
    told = say("said to everybody: “{title}”", title=title)
    uow.records.say(Happening(community.id, person.institution, now, person.id, told))
    return made


def stands(said: SaidToAll, post: Post, space: Space, now: datetime) -> Post:
    """The row as it is at this moment: what is old by now, or whose place rests, will not appear any more."""
    if post.state not in (PostState.WAITING, PostState.STUCK):
        return post
    over = RESTS if space.state in AT_REST else TOO_LATE if now - said.at > NEWS else None
    return replace(post, state=PostState.SILENT, trouble=over) if over else post


def _says(space: Space, manifest: Manifest | None) -> tuple[bool, Said | None]:
    """Whether something appears in this space, sooner or later; and why it does not, or not at once."""
    if manifest is None or Capability.ANNOUNCEMENTS not in manifest.capabilities:
        return False, say("coplink cannot say anything there.")
    match space.state:
        case SpaceState.READY:
            return True, None
        case SpaceState.MAKING | SpaceState.STUCK | SpaceState.WAITING:
            return True, say("As soon as the place is ready, if that is within three days.")
        case _:
            return False, RESTS.message


def _titles(
    uow: UnitOfWork, spaces: Iterable[Space], manifests: Mapping[str, Manifest]
) -> dict[SpaceId, str]:
    """What each place is called here: the platform's name and whose it is."""
    titles = {}
    for space in spaces:
        manifest, institution = manifests.get(space.integration), uow.institutions.get(space.institution)
        whose = f" · {institution.name}" if institution else ""
        titles[space.id] = (manifest.title if manifest else space.integration) + whose
    return titles


def _by_title(line: tuple[str, Post]) -> tuple[str, str]:
    return line[0], line[1].space

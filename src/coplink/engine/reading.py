"""Read models for pages: one dataclass a page, read in one unit of work, never from a platform.

Whether someone may see a page is asked here, so that no view can forget it: what a person may not know of is
``NotFound``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coplink.core.access import Action, may
from coplink.core.artifacts import Artifact
from coplink.core.community import Community, Stage
from coplink.core.errors import NotFound
from coplink.core.people import CommunityId, InstitutionId, Membership, Person, PersonId, Standing
from coplink.core.plan import GONE_UNSEEN
from coplink.core.rhythm import Meeting, Rhythm, expand
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import WorkState
from coplink.engine.disclosures import Question, questions
from coplink.engine.handing_over import Vacancy, asked, asked_by, vacancy
from coplink.ports.integration import Manifest
from coplink.ports.records import Happening, Notice
from coplink.ports.storage import UnitOfWork

UPCOMING = 12


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose eyes a page is for: the community, the reader, how they stand to it, and the zone its meetings are in."""

    community: Community
    reader: Person
    membership: Membership
    zone: str = ""

    @property
    def leads(self) -> bool:
        """Whether the reader leads the community."""
        return self.membership.standing is Standing.JOINED and self.membership.role.leads

    @property
    def inside(self) -> bool:
        """Whether the reader sees what is inside."""
        return may(self.reader, Action.SEE_INSIDE, self.community, self.membership)


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a place: its name, and whether it exists."""

    name: str
    made: bool


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One space for a page: whose, on what, how far, what is in the way and who can change it."""

    space: Space
    title: str
    word: str
    institution: str
    parts: tuple[Part, ...]
    trouble: Said | None
    who: str
    working: bool

    @property
    def share(self) -> int:
        """How much is made, in percent, for a progress bar."""
        if self.space.state is SpaceState.READY or not self.parts:
            return 100 if self.space.state is SpaceState.READY else 0
        return round(100 * sum(part.made for part in self.parts) / len(self.parts))


@dataclass(frozen=True, slots=True)
class MemberView:
    """One person in the list of people; ``missing`` are places without a seat for them: place, reason."""

    person: Person
    membership: Membership
    institution: str
    missing: tuple[tuple[str, Said], ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """One artifact with the names a reader sees: who made it, and where it is."""

    artifact: Artifact
    author: str
    place: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One sentence of the history, with its actor's name (empty: coplink itself)."""

    happening: Happening
    actor: str


@dataclass(frozen=True, slots=True)
class Home:
    """The community's home: charter, next meeting, people, places, newest artifacts, notices.

    ``asked_by``: the name of whoever asks the reader to facilitate. ``vacancy``: whoever takes part may take that on.
    ``taken_out``: places in which the seat of a reader who leads is gone; ``shared``: somebody else leads as well.
    """

    seen: Seen
    next_meeting: Meeting | None
    rhythm: Rhythm | None
    people: int
    institutions: tuple[str, ...]
    places: tuple[PlaceView, ...]
    newest: tuple[CatalogueLine, ...]
    notices: tuple[Notice, ...]
    working: bool
    questions: Sequence[Question]
    asked_by: str | None = None
    vacancy: Vacancy | None = None
    taken_out: tuple[str, ...] = ()
    shared: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Who belongs; for facilitators also who has been invited and has not joined, and who is asked to facilitate."""

    seen: Seen
    joined: tuple[MemberView, ...]
    invited: tuple[MemberView, ...]
    paused: tuple[MemberView, ...]
    questions: Sequence[Question]
    asked: frozenset[PersonId] = frozenset()


@dataclass(frozen=True, slots=True)
class Meetings:
    """What comes, what is called off, and moves seen on calendars."""

    seen: Seen
    rhythm: Rhythm
    upcoming: tuple[Meeting, ...]
    offers: tuple[tuple[str, str, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class AdminCommunity:
    """One community for a connection admin: its name and stage, whether agreed, own places, and no content.

    Who of their own people has no seat in these is told by ``engine.access_list``.
    """

    community: Community
    founded_by: str
    agreed: bool
    refused: bool
    places: tuple[PlaceView, ...]


def community_of(uow: UnitOfWork, reader: Person, key: str, action: Action) -> Seen:
    """The community if this reader may do ``action`` there, else ``NotFound``: existence itself is private."""
    community = uow.communities.get(CommunityId(key))
    membership = uow.communities.membership(CommunityId(key), reader.id) if community else None
    if community is None or membership is None or not may(reader, action, community, membership):
        raise NotFound(say("There is nothing here for you, or it has moved."))
    rhythm = uow.meetings.rhythm(community.id)
    return Seen(community, reader, membership, rhythm.zone if rhythm else "")


def home(uow: UnitOfWork, reader: Person, key: str, manifests: Mapping[str, Manifest], now: datetime) -> Home:
    """The community's home for someone who belongs."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    rhythm = uow.meetings.rhythm(seen.community.id)
    joined = [m for m in uow.communities.memberships(seen.community.id) if m.standing is Standing.JOINED]
    belongs = seen.membership.standing is Standing.JOINED
    places = places_of(uow, seen.community, manifests)
    return Home(
        seen,
        _next(rhythm, now) if seen.community.stage is not Stage.CONCLUDED else None,
        rhythm,
        len(joined),
        tuple(sorted({_institution(uow, m.institution) for m in joined})),
        places,
        catalogue(uow, seen, manifests)[:5],
        tuple(uow.records.notices(community=seen.community.id)) if seen.leads else (),
        any(place.working for place in places),
        questions(uow, reader, seen.membership),
        asked_by(uow, seen.membership),
        None if seen.leads or not belongs else vacancy(uow, seen.community.id, now),
        tuple(place.title for place in places if _taken(uow, place.space, reader)) if seen.leads else (),
        any(one.role.leads for one in joined if one.person != reader.id),
    )


def places_of(
    uow: UnitOfWork, community: Community, manifests: Mapping[str, Manifest]
) -> tuple[PlaceView, ...]:
    """Every space of a community, its steps and what is in the way."""
    states = {(s.kind.value, s.target): s for s in uow.work.of(community.id)}
    return tuple(
        _place(uow, space, manifests.get(space.integration), states) for space in uow.spaces.of(community.id)
    )


def people(uow: UnitOfWork, reader: Person, key: str, manifests: Mapping[str, Manifest]) -> People:
    """The list of people; reasons for missing seats are for the person themselves and for those who lead."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    missing: dict[str, list[tuple[str, Said]]] = {}
    for place in places_of(uow, seen.community, manifests):
        for entry in uow.spaces.unreachable(place.space.id):
            missing.setdefault(entry.person, []).append(
                (f"{place.title} · {place.institution}", entry.reason)
            )
    memberships = uow.communities.memberships(seen.community.id)
    known = uow.people.many([m.person for m in memberships])

    def view(membership: Membership) -> MemberView:
        mine = seen.leads or membership.person == reader.id
        gaps = tuple(missing.get(membership.person, ())) if mine else ()
        return MemberView(
            known[membership.person], membership, _institution(uow, membership.institution), gaps
        )

    def standing(which: Standing) -> tuple[MemberView, ...]:
        chosen = [m for m in memberships if m.standing is which and m.person in known]
        return tuple(
            sorted(map(view, chosen), key=lambda v: (not v.membership.role.leads, v.person.name.casefold()))
        )

    return People(
        seen,
        standing(Standing.JOINED),
        standing(Standing.INVITED) if seen.leads else (),
        standing(Standing.PAUSED) if seen.leads else (),
        questions(uow, reader, seen.membership),
        asked(uow, seen.community.id, seen.membership),
    )


def meetings(
    uow: UnitOfWork, reader: Person, key: str, manifests: Mapping[str, Manifest], now: datetime
) -> Meetings:
    """The next meetings, breaks included, and what people moved on calendars."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    rhythm = uow.meetings.rhythm(seen.community.id)
    if rhythm is None:
        raise NotFound(say("This community has no rhythm yet."))
    rests = seen.community.stage is Stage.CONCLUDED
    upcoming = [] if rests else [meeting for meeting in expand(rhythm) if meeting.ends > now][:UPCOMING]
    titles = {place.space.id: place.title for place in places_of(uow, seen.community, manifests)}
    offers = tuple(
        (titles.get(space, ""), original, start)
        for space, original, start in uow.meetings.offers(seen.community.id)
    )
    return Meetings(seen, rhythm, tuple(upcoming), offers if seen.leads else ())


def library(
    uow: UnitOfWork, reader: Person, key: str, manifests: Mapping[str, Manifest]
) -> tuple[Seen, tuple[CatalogueLine, ...]]:
    """The catalogue, newest first."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    return seen, catalogue(uow, seen, manifests)


def history(uow: UnitOfWork, reader: Person, key: str) -> tuple[Seen, tuple[HistoryLine, ...]]:
    """What happened, newest first, in sentences."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    told = uow.records.history(seen.community.id)
    known = uow.people.many([PersonId(line.actor) for line in told if line.actor])
    names = {key: person.name for key, person in known.items()}
    return seen, tuple(HistoryLine(line, names.get(PersonId(line.actor), "")) for line in told)


def catalogue(uow: UnitOfWork, seen: Seen, manifests: Mapping[str, Manifest]) -> tuple[CatalogueLine, ...]:
    """The community's artifacts with readable authors and places."""
    return lines_of(uow, seen, uow.catalogue.of(seen.community.id), manifests)


def lines_of(
    uow: UnitOfWork, seen: Seen, artifacts: Sequence[Artifact], manifests: Mapping[str, Manifest]
) -> tuple[CatalogueLine, ...]:
    """These artifacts of the community, in their order, with readable authors and places."""
    spaces = {space.id: space for space in uow.spaces.of(seen.community.id)}
    known = uow.people.many([a.author for a in artifacts if a.author])
    lines = []
    for artifact in artifacts:
        space = spaces.get(artifact.space)
        manifest = manifests.get(space.integration) if space else None
        title = manifest.title if manifest else ""
        maker = known.get(artifact.author) if artifact.author else None
        author = maker.name if maker else artifact.author_name
        lines.append(CatalogueLine(artifact, author or str(say("someone on {place}", place=title)), title))
    return tuple(lines)


def admin_communities(
    uow: UnitOfWork, institution: InstitutionId, manifests: Mapping[str, Manifest]
) -> tuple[AdminCommunity, ...]:
    """What a connection admin sees of communities: names, stages and own places; never content."""
    found = []
    for participation in uow.communities.participations(institution=institution):
        community = uow.communities.get(participation.community)
        if community is None:
            continue
        own = tuple(p for p in places_of(uow, community, manifests) if p.space.institution == institution)
        found.append(
            AdminCommunity(
                community,
                _institution(uow, community.institution),
                participation.agreed,
                participation.refused_at is not None,
                own,
            )
        )
    return tuple(found)


def _place(
    uow: UnitOfWork,
    space: Space,
    manifest: Manifest | None,
    states: Mapping[tuple[str, str], WorkState],
) -> PlaceView:
    institution = _institution(uow, space.institution)
    trouble, who = (space.trouble.message, space.trouble.who) if space.trouble else (None, "")
    if space.state is SpaceState.WAITING:
        trouble, who = say("Waiting for {institution} to agree.", institution=institution), "connection admin"
    elif space.state is SpaceState.REFUSED:
        trouble = say("{institution} does not take part.", institution=institution)
    elif space.state is SpaceState.DETACHED:
        trouble = say("It was let go: it stays over there, and coplink never looks at it.")
    elif space.state is SpaceState.ARCHIVED and space.archived_at is None and trouble is None:
        trouble = say("It is being put to rest.")
    steps, words = (manifest.steps, manifest.part_words) if manifest else ((), {})
    begun = tuple(name for name in words if name in space.parts and name not in steps)
    work = states.get(("provision", space.id))
    return PlaceView(
        space,
        manifest.title if manifest else space.integration,
        manifest.word_for(space.parts) if manifest else "space",
        institution,
        tuple(Part(words.get(name, name), name in space.parts) for name in (*begun, *steps)),
        trouble,
        who,
        space.state is SpaceState.MAKING and work is not None and not work.done,
    )


def _taken(uow: UnitOfWork, space: Space, reader: Person) -> bool:
    return any(one.reason.text == GONE_UNSEEN.text for one in uow.spaces.unreachable(space.id, reader.id))


def _institution(uow: UnitOfWork, key: InstitutionId) -> str:
    institution = uow.institutions.get(key)
    return institution.name if institution else ""


def _next(rhythm: Rhythm | None, now: datetime) -> Meeting | None:
    if rhythm is None:
        return None
    return next((m for m in expand(rhythm) if m.ends > now and not m.cancelled), None)

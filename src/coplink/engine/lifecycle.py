"""What becomes of a community and of its places: another name, rest, waking, letting go, taking up again.

These are people's acts: what they mean is kept at once, and the worker carries it to each platform (``upkeep``, and
``provision`` for what wakes). A space that rests is left alone; one that is let go is never looked at again. coplink
deletes nothing that a person made.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from coplink.core.community import Community, Stage, community_name, norms_of
from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import CommunityId, Person
from coplink.core.spaces import Parting, Space, SpaceId, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import Kind
from coplink.engine import marks
from coplink.engine.farewells import bear_in_mind
from coplink.engine.plans import no_more
from coplink.ports.records import Happening
from coplink.ports.storage import UnitOfWork

AT_WORK = (SpaceState.MAKING, SpaceState.STUCK, SpaceState.READY)
LET_GO = (*AT_WORK, SpaceState.ARCHIVED)


def rename(uow: UnitOfWork, community: Community, person: Person, typed: str, now: datetime) -> Community:
    """Call the community something else, here at once and in its places soon; the same name again is no act."""
    name = community_name(typed)
    if name == community.name:
        return community
    renamed = replace(community, name=name)
    uow.communities.put(renamed)
    for space in uow.spaces.of(community.id):
        if space.state is SpaceState.DETACHED:
            continue
        uow.spaces.put(replace(space, name=name))
        if space.state in (SpaceState.READY, SpaceState.ARCHIVED):
            uow.work.mark(Kind.UPKEEP, space.id, community.id)
            uow.work.mark(Kind.PLACE_MEETINGS, space.id, community.id)
    _told(uow, community.id, person, now, say("named the community “{name}”", name=name))
    return renamed


def agree(uow: UnitOfWork, community: Community, person: Person, typed: str, now: datetime) -> None:
    """Write down how people want to work together, as a new version of the charter; the same again is no act."""
    norms, charter = norms_of(typed), community.charter
    if norms == charter.norms:
        return
    uow.communities.put(
        replace(community, charter=replace(charter, norms=norms, version=charter.version + 1))
    )
    _told(uow, community.id, person, now, say("wrote down how the community works together"))


def conclude(uow: UnitOfWork, community: Community, person: Person, now: datetime) -> None:
    """Put the community to rest, with every place that is ready; what is half made waits."""
    if community.stage is Stage.CONCLUDED:
        return
    uow.communities.put(replace(community, stage=Stage.CONCLUDED))
    for space in uow.spaces.of(community.id):
        _rest(uow, space)
    _told(uow, community.id, person, now, say("put the community to rest"))


def reopen(uow: UnitOfWork, community: Community, person: Person, now: datetime) -> None:
    """Wake the community and every place that rests, but those an admin put to rest; all is looked at anew."""
    if community.stage is not Stage.CONCLUDED:
        return
    uow.communities.put(replace(community, stage=Stage.RUNNING))
    for space in uow.spaces.of(community.id):
        if not space.by_admin:
            _wake(uow, space, now)
    marks.everything(uow, community.id)
    _told(uow, community.id, person, now, say("woke the community"))


def archive(uow: UnitOfWork, space: Space, person: Person, place: str, now: datetime) -> None:
    """Put one space to rest: its people keep what they have, coplink leaves it alone.

    ``place`` is what people call it, for the history.
    """
    if space.state is SpaceState.ARCHIVED:
        return
    if space.state is not SpaceState.READY:
        raise DomainError(say("Only a place that is ready can be put to rest."))
    _rest(uow, replace(space, by_admin=governs(person, space)))
    _told(uow, space.community, person, now, say("put a place to rest: {place}", place=place), space)


def restore(uow: UnitOfWork, space: Space, person: Person, place: str, now: datetime) -> None:
    """Wake one space."""
    if space.state in AT_WORK:
        return
    if space.state is not SpaceState.ARCHIVED:
        raise DomainError(say("This place does not rest."))
    community = uow.communities.get(space.community)
    if community is not None and community.stage is Stage.CONCLUDED:
        raise DomainError(say("The whole community rests. A facilitator can wake it."))
    _may_undo(uow, space, person)
    _wake(uow, space, now)
    _told(uow, space.community, person, now, say("woke a place: {place}", place=place), space)


def detach(uow: UnitOfWork, space: Space, person: Person, place: str, take_away: bool, now: datetime) -> None:
    """Let one space go: it stays over there as it is, and coplink never looks at it again."""
    if space.state is SpaceState.DETACHED:
        return
    if space.state not in LET_GO:
        raise DomainError(say("There is nothing to let go yet."))
    let_go(uow, replace(space, by_admin=space.by_admin or governs(person, space)), take_away)
    _told(uow, space.community, person, now, say("let a place go: {place}", place=place), space)


def let_go(uow: UnitOfWork, space: Space, take_away: bool) -> None:
    """The state of a space that is let go; the worker takes leave over there, once."""
    parting = Parting.TAKE_AWAY if take_away else Parting.KEEP
    uow.spaces.put(replace(space, state=SpaceState.DETACHED, parting=parting, trouble=None))
    no_more(uow, space)
    uow.work.mark(Kind.UPKEEP, space.id, space.community)


def revive(uow: UnitOfWork, space: Space, person: Person, place: str, now: datetime) -> None:
    """Take a space up again that was let go: what is over there is found by our mark, or made anew."""
    if space.state in AT_WORK:
        return
    if space.state is not SpaceState.DETACHED:
        raise DomainError(say("This place was not let go."))
    _may_undo(uow, space, person)
    part = uow.communities.participation(space.community, space.institution)
    if part is not None and part.stays_out:
        raise DomainError(
            say(
                "The institution does not take part in this community. An admin there agrees to it again first."
            )
        )
    if space.parting is not None:
        raise DomainError(say("coplink is still taking its leave there. Try again in a minute."))
    connected = uow.institutions.connection(space.connection)
    if connected is None or connected.ended_at is not None:
        raise DomainError(say("Its system is not connected. A connection admin can connect it again."))
    afresh(uow, space)
    bear_in_mind(uow, space, now)
    _told(uow, space.community, person, now, say("took a place up again: {place}", place=place), space)


def afresh(uow: UnitOfWork, space: Space) -> None:
    """Make a space as if nothing of it were there: by its mark what is there is found, and nothing else is guessed."""
    uow.spaces.put_left(space.id, [])
    for version in _versions(uow, space):
        uow.meetings.put_link(space.id, version, None)
    fresh = replace(space, state=SpaceState.MAKING, parts={}, written_name="", archived_at=None, trouble=None)
    fresh = replace(fresh, by_admin=False)
    uow.spaces.put(fresh)
    uow.work.mark(Kind.PROVISION, space.id, space.community)


def use_our_name(uow: UnitOfWork, space: Space) -> None:
    """A person says that the community's name is to replace the one that somebody gave the space over there."""
    if space.state not in (SpaceState.READY, SpaceState.ARCHIVED):
        raise DomainError(say("coplink does not look after this place now."))
    uow.spaces.put(replace(space, written_name=""))
    uow.work.mark(Kind.UPKEEP, space.id, space.community)


def governs(person: Person, space: Space) -> bool:
    """Whether this is an admin of the institution a space is in."""
    return person.admin and person.institution == space.institution


def _may_undo(uow: UnitOfWork, space: Space, person: Person) -> None:
    if space.by_admin and not governs(person, space):
        institution = uow.institutions.get(space.institution)
        name = institution.name if institution else ""
        raise NotAllowed(
            say("An admin of {institution} decided this. Only an admin there undoes it.", institution=name)
        )


def space_of_admin(uow: UnitOfWork, admin: Person, key: str) -> Space:
    """A space of the admin's own institution; ``NotFound`` for any other."""
    found = uow.spaces.get(SpaceId(key))
    if not admin.admin or found is None or found.institution != admin.institution:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    return found


def space_of_community(uow: UnitOfWork, community: CommunityId, key: str) -> Space:
    """A space of this community; ``NotFound`` for any other."""
    found = uow.spaces.get(SpaceId(key))
    if found is None or found.community != community:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    return found


def _rest(uow: UnitOfWork, space: Space) -> None:
    """One that is ready, or was just being woken."""
    if space.state is SpaceState.READY or (space.state in AT_WORK and space.archived_at is not None):
        uow.spaces.put(replace(space, state=SpaceState.ARCHIVED, archived_at=None, trouble=None))
        no_more(uow, space)
        uow.work.mark(Kind.UPKEEP, space.id, space.community)


def _wake(uow: UnitOfWork, space: Space, now: datetime) -> None:
    if space.state is SpaceState.ARCHIVED:
        # Woken over there also where it may not rest yet: a go that was to put it to rest may have been cut short.
        since = space.archived_at or now
        uow.spaces.put(
            replace(space, state=SpaceState.MAKING, archived_at=since, trouble=None, by_admin=False)
        )
        uow.work.mark(Kind.PROVISION, space.id, space.community)


def _versions(uow: UnitOfWork, space: Space) -> tuple[int, ...]:
    rhythm = uow.meetings.rhythm(space.community)
    return (rhythm.version,) if rhythm else ()


def _told(
    uow: UnitOfWork,
    community: CommunityId,
    person: Person,
    now: datetime,
    said: Said,
    space: Space | None = None,
) -> None:
    institution = space.institution if space else person.institution
    uow.records.say(Happening(community, institution, now, person.id, said))

"""A guest presenter: somebody without an account who comes to one meeting, by a link that ends with it.

Whoever has the link sees that meeting and what the community is about, and nothing else; it makes nobody a member.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from coplink.core.access import Action
from coplink.core.community import NAME_LENGTH, Community, Stage
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import CommunityId, Person
from coplink.core.rhythm import Meeting, Rhythm, expand
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import say
from coplink.engine.reading import community_of
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Happening, Link, LinkKind, Presenter
from coplink.ports.storage import UnitOfWork

AFTERWARDS = timedelta(hours=1)
"""How long a link still opens after the meeting has ended."""
MOST = 12
"""How many may be asked to one meeting."""


@dataclass(frozen=True, slots=True)
class Presented:
    """All that a guest presenter sees: the meeting, what the community is about, where it meets."""

    name: str
    community: Community
    rhythm: Rhythm
    meeting: Meeting
    places: tuple[Space, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A presenter for those who facilitate, with the meeting as it stands now."""

    presenter: Presenter
    meeting: Meeting


def ask(uow: UnitOfWork, leader: Person, key: str, typed: str, name: str, now: datetime) -> Presenter:
    """Make a link for one presenter and one meeting that is still to come; the same two again give the same link."""
    community = community_of(uow, leader, key, Action.SHAPE).community
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise DomainError(say("Say who comes, in at most {count} characters.", count=NAME_LENGTH))
    meeting = _to_come(uow, community, typed, now)
    known = [one.presenter for one in asked(uow, community, now) if one.meeting.original == meeting.original]
    for one in known:
        if one.name.casefold() == name.casefold():
            return one
    if len(known) >= MOST:
        raise DomainError(say("At most {most} presenters come to one meeting.", most=MOST))
    link = Link(
        uow.new_id(),
        LinkKind.PRESENTER,
        fresh_token(),
        community.institution,
        community.id,
        None,
        now,
        meeting.ends + AFTERWARDS,
    )
    presenter = Presenter(link, meeting.original, name)
    uow.links.put_presenter(presenter)
    # Without the name: the history lasts, and whoever presents belongs to nobody here.
    said = say("asked a guest to present on {day}", day=meeting.original.isoformat())
    uow.records.say(Happening(community.id, community.institution, now, leader.id, said))
    return presenter


def revoke(uow: UnitOfWork, leader: Person, key: str, link: str, now: datetime) -> None:
    """Close a presenter's link at once; closing it twice is once."""
    community = community_of(uow, leader, key, Action.SHAPE).community
    found = next((one for one in uow.links.presenters(community.id) if one.link.id == link), None)
    if found is None:
        raise NotFound(say("That link is not known."))
    if found.link.revoked_at is None:
        uow.links.put(replace(found.link, revoked_at=now))


def asked(uow: UnitOfWork, community: Community, now: datetime) -> Sequence[Asked]:
    """The presenters whose links still open, by date."""
    rhythm = uow.meetings.rhythm(community.id)
    if rhythm is None or community.stage is Stage.CONCLUDED:
        return ()
    held = {meeting.original: meeting for meeting in expand(rhythm) if not meeting.cancelled}
    found = [
        Asked(one, held[one.meeting])
        for one in uow.links.presenters(community.id)
        if one.meeting in held and one.link.open_at(now) and now < held[one.meeting].ends + AFTERWARDS
    ]
    return sorted(found, key=lambda one: (one.meeting.starts, one.presenter.name.casefold()))


def opened(uow: UnitOfWork, token: str, now: datetime) -> Presented:
    """What the link of a presenter shows; ``NotFound`` once it has ended, and for any other word."""
    nothing = NotFound(
        say("This link is not open: the meeting is over, it was called off, or the link was closed.")
    )
    link = uow.links.by_token(LinkKind.PRESENTER, token)
    community = uow.communities.get(CommunityId(link.community)) if link and link.community else None
    rhythm = uow.meetings.rhythm(community.id) if community else None
    if link is None or community is None or rhythm is None:
        raise nothing
    for one in asked(uow, community, now):
        if one.presenter.link.id == link.id:
            places = tuple(
                space
                for space in uow.spaces.of(community.id)
                if space.state is SpaceState.READY and space.link
            )
            return Presented(one.presenter.name, community, rhythm, one.meeting, places)
    raise nothing


def _to_come(uow: UnitOfWork, community: Community, typed: str, now: datetime) -> Meeting:
    rhythm = uow.meetings.rhythm(community.id)
    try:
        original = date.fromisoformat(typed)
    except ValueError:
        original = None
    meetings = expand(rhythm) if rhythm is not None and community.stage is not Stage.CONCLUDED else ()
    for meeting in meetings:
        if meeting.original == original and not meeting.cancelled and meeting.ends > now:
            return meeting
    raise DomainError(say("Choose a meeting that is still to come."))

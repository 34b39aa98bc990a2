"""Invitation links: one per institution, revocable, expiring; opening one makes nobody a member."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from coplink.core.access import Action, may
from coplink.core.community import Community
from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import CommunityId, InstitutionId, Person
from coplink.core.words import say
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Link, LinkKind
from coplink.ports.storage import UnitOfWork

LIFE = timedelta(days=30)


def create(
    uow: UnitOfWork, community: Community, person: Person, institution: InstitutionId, now: datetime
) -> Link:
    """The link that invites people of one institution: the open one if there is one, else a fresh one."""
    _require(uow, community, person)
    invited = uow.institutions.get(institution)
    # Who is not listed, takes no part and is not their own does not exist for them.
    if invited is None or not (
        invited.listed
        or institution == person.institution
        or uow.communities.participation(community.id, institution)
    ):
        raise NotFound(say("That institution is not known here."))
    part = uow.communities.participation(community.id, institution)
    if part is not None and part.withdrawn:
        raise DomainError(say("{name} withdrew from this community.", name=invited.name))
    if part is not None and part.stays_out:
        raise DomainError(say("{name} does not take part in this community.", name=invited.name))
    for link in open_links(uow, community.id, now):
        if link.institution == institution:
            return link
    link = Link(
        uow.new_id(), LinkKind.INVITATION, fresh_token(), institution, community.id, None, now, now + LIFE
    )
    uow.links.put(link)
    return link


def revoke(uow: UnitOfWork, community: Community, person: Person, key: str, now: datetime) -> None:
    """Close a link at once; those who joined with it stay members."""
    _require(uow, community, person)
    link = uow.links.get(key)
    if link is None or link.community != community.id or link.kind is not LinkKind.INVITATION:
        raise NotFound(say("That link is not known."))
    uow.links.put(
        Link(
            link.id,
            link.kind,
            link.token,
            link.institution,
            link.community,
            link.person,
            link.made_at,
            link.expires_at,
            revoked_at=now,
            used_at=link.used_at,
        )
    )


def opened(uow: UnitOfWork, token: str, now: datetime) -> tuple[Link, Community]:
    """The link behind a token and its community; raises ``DomainError`` with a sentence when it no longer opens."""
    link = uow.links.by_token(LinkKind.INVITATION, token.strip())
    community = uow.communities.get(CommunityId(link.community)) if link and link.community else None
    if link is None or community is None or not link.open_at(now):
        raise DomainError(say("This invitation is no longer open. Ask whoever sent it for a new link."))
    return link, community


def open_links(uow: UnitOfWork, community: CommunityId, now: datetime) -> Sequence[Link]:
    """The invitation links of a community that still open."""
    return [link for link in uow.links.of(LinkKind.INVITATION, community) if link.open_at(now)]


def _require(uow: UnitOfWork, community: Community, person: Person) -> None:
    if not may(person, Action.KEEP, community, uow.communities.membership(community.id, person.id)):
        raise NotAllowed(say("Only facilitators and stewards keep invitation links."))

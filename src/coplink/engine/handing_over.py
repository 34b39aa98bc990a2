"""The facilitation goes over by two words: whoever facilitates asks (``join.share``), and the one asked says yes.

Nobody is made to lead. An offer stands in no history, and a no leaves nothing: no page tells it from an offer that was
taken back. Where nobody facilitates, or the last who does was taken out in a place and stays away, whoever takes part
takes it on by their own act; who is away stays what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coplink.core.access import Action, may
from coplink.core.community import Community
from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import CommunityId, Membership, Person, PersonId, Role, Standing
from coplink.core.rhythm import cycle
from coplink.core.spaces import SpaceId
from coplink.core.words import Said, say
from coplink.engine import marks
from coplink.ports.records import Happening, Notice
from coplink.ports.storage import UnitOfWork

REMOVED = "facilitator_removed"
ABOUT = "facilitator:"


@dataclass(frozen=True, slots=True)
class Vacancy:
    """That whoever takes part may take the facilitation on; ``notices`` say why, none where nobody facilitates."""

    notices: tuple[Notice, ...] = ()


def asked_by(uow: UnitOfWork, membership: Membership) -> str | None:
    """The name of whoever asks this member to facilitate; None where nobody does."""
    found = uow.communities.handovers(membership.community).get(membership.person)
    asker = uow.people.get(found.asked_by) if found else None
    return asker.name if asker else None


def asked(uow: UnitOfWork, community: CommunityId, reader: Membership) -> frozenset[PersonId]:
    """Who is asked and has not answered, for those who facilitate; nobody else is shown that."""
    leads = reader.standing is Standing.JOINED and reader.role.leads
    return frozenset(uow.communities.handovers(community)) if leads else frozenset()


def answer(uow: UnitOfWork, community: Community, person: Person, yes: bool, now: datetime) -> None:
    """Say yes, and facilitate from now on; or no, of which nothing is kept. Either twice is once."""
    known = _joined(uow, community, person)
    found = uow.communities.handovers(community.id).get(person.id)
    uow.communities.drop_handover(community.id, person.id)
    if not yes or known.role.leads:
        return
    if found is None:
        raise DomainError(say("You are not asked any more: somebody took the question back."))
    _facilitates(uow, community, known, found.role, now, say("now facilitates"))


def take_back(uow: UnitOfWork, community: Community, leader: Person, person: PersonId) -> None:
    """Ask somebody no more; whoever has answered already is what they are."""
    uow.communities.hold(community.id)
    mine = uow.communities.membership(community.id, leader.id)
    if not may(leader, Action.SHAPE, community, mine):
        raise NotAllowed(say("Only facilitators share the facilitation."))
    uow.communities.drop_handover(community.id, person)


def vacancy(uow: UnitOfWork, community: CommunityId, now: datetime) -> Vacancy | None:
    """Whether the facilitation may be taken on; None while somebody sees to it.

    Where a place took the last facilitator out, they have from one meeting to the next to come to coplink, by any door.
    """
    leading = _leading(uow, community)
    if not leading:
        return Vacancy()
    notices = tuple(one for one in uow.records.notices(community=community) if one.code == REMOVED)
    if not notices:
        return None
    seen = [one.proved_at for leader in leading for one in uow.people.identities(leader) if one.proved_at]
    silent_since = max([min(one.at for one in notices), *seen])
    return Vacancy(notices) if now - silent_since >= cycle(uow.meetings.rhythm(community)) else None


def take_on(uow: UnitOfWork, community: Community, person: Person, now: datetime) -> None:
    """Facilitate where nobody sees to it, by one's own act; who is away keeps role and membership."""
    known = _joined(uow, community, person)
    if known.role.leads:
        return
    found = vacancy(uow, community.id, now)
    if found is None:
        raise DomainError(say("Somebody facilitates this community. Ask them to share it."))
    if not known.role.may_be_asked:
        raise DomainError(
            say("You just listen in. Whoever wants to facilitate says first that they take part.")
        )
    leading = _leading(uow, community.id)
    for notice in found.notices:
        _stays_out(uow, notice, leading)
        uow.records.clear_notices(community.id, notice.about)
    why = next((one.message.values.get("place") for one in found.notices), None)
    said = say("took on the facilitation: nobody else facilitated")
    if why:
        said = say(
            "took on the facilitation: who facilitates was taken out in {place} and has not been here since",
            place=why,
        )
    _facilitates(uow, community, known, Role.FACILITATOR, now, said)


def _stays_out(uow: UnitOfWork, notice: Notice, leading: list[PersonId]) -> None:
    """Now that somebody else facilitates, having been taken out would count as leaving: it was no word of theirs."""
    space = uow.spaces.get(SpaceId(notice.about.removeprefix(ABOUT)))
    if space is not None:
        accounts = uow.people.accounts_on(space.institution, space.integration, leading)
        gone = [one.account for one in accounts.values() if one.account not in uow.ledger.seats(space.id)]
        uow.ledger.take_out(space.id, gone)


def _leading(uow: UnitOfWork, community: CommunityId) -> list[PersonId]:
    members = uow.communities.memberships(community)
    return [one.person for one in members if one.standing is Standing.JOINED and one.role.leads]


def _joined(uow: UnitOfWork, community: Community, person: Person) -> Membership:
    uow.communities.hold(community.id)
    known = uow.communities.membership(community.id, person.id)
    if known is None or known.standing is not Standing.JOINED:
        raise NotAllowed(say("Only someone who has joined can facilitate."))
    return known


def _facilitates(
    uow: UnitOfWork, community: Community, known: Membership, role: Role, now: datetime, said: Said
) -> None:
    uow.communities.put_membership(known.now(Standing.JOINED, now, role))
    uow.communities.drop_handover(community.id, known.person)
    uow.records.say(Happening(community.id, community.institution, now, known.person, said))
    marks.people_changed(uow, community.id)

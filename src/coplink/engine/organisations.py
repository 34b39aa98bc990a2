"""Organisations in a community: whom to turn to in each, and an institution that does not want to take part any more.

A contact takes that on and gives it back by their own act. Withdrawing is a decision of an institution's admin about
its own people and places: its places are let go, its people pause and are told who decided it and why, and nobody of
theirs comes back before it agrees again, nor otherwise than by their own click. One that says no when it is asked
keeps its people out in the same way, also those who came in by a link before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from coplink.core.access import Action, may
from coplink.core.community import Community, Contact, Participation, Stage, reason_for_withdrawing
from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import CommunityId, InstitutionId, Membership, Person, PersonId, Standing
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import Said, say
from coplink.engine import lifecycle, marks
from coplink.engine.join import set_aside
from coplink.ports.records import Happening, LinkKind, Notice
from coplink.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What withdrawing would do, for the page that asks once more; ``refusal`` says why it cannot be done now."""

    community: Community
    places: tuple[Space, ...]
    people: int
    refusal: Said | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """That an institution withdrew, or said no (``refused``): who decided it (a name), when (UTC) and why.

    A no needs no reason; who said it was not always kept.
    """

    institution: str
    by: str
    at: datetime
    reason: str
    refused: bool = False


def take_on(uow: UnitOfWork, community: Community, person: Person, now: datetime) -> None:
    """Become the contact of one's own institution, where nobody is; taken on twice is once."""
    uow.communities.hold(community.id)
    _belongs(uow, community, person)
    known = uow.communities.contacts(community.id).get(person.institution)
    if known is not None and known.person == person.id:
        return
    if known is not None:
        holder = uow.people.get(known.person)
        raise DomainError(
            say(
                "{name} is the contact of your institution. Once they give it back, you can take it on.",
                name=holder.name if holder else "",
            )
        )
    uow.communities.put_contact(Contact(community.id, person.institution, person.id, now))
    _tell(
        uow, community, person, now, say("is now the contact of {name}", name=_name(uow, person.institution))
    )


def give_back(uow: UnitOfWork, community: Community, person: Person, now: datetime) -> None:
    """Be the contact no more; nobody gives back for somebody else."""
    uow.communities.hold(community.id)
    _belongs(uow, community, person)
    known = uow.communities.contacts(community.id).get(person.institution)
    if known is None:
        return
    if known.person != person.id:
        raise NotAllowed(say("Only the contact themselves gives it back."))
    uow.communities.drop_contact(community.id, person.institution)
    said = say("is no longer the contact of {name}", name=_name(uow, person.institution))
    _tell(uow, community, person, now, said)


def contacts(uow: UnitOfWork, community: CommunityId) -> Mapping[InstitutionId, Person]:
    """The contact of each institution that has one."""
    found = uow.communities.contacts(community)
    known = uow.people.many([one.person for one in found.values()])
    return {key: known[one.person] for key, one in found.items() if one.person in known}


def before_withdrawing(uow: UnitOfWork, admin: Person, key: str) -> Withdrawal:
    """What an admin is shown before they withdraw; ``NotFound`` where their institution was never asked."""
    community, part = _part(uow, admin, key)
    return Withdrawal(
        community,
        tuple(space for space in _own(uow, admin, community) if space.state in lifecycle.LET_GO),
        len(people_in(uow, admin, community)),
        _refusal(uow, admin, community, part),
    )


def withdraw(
    uow: UnitOfWork, admin: Person, key: str, typed: str, take_away: bool, now: datetime
) -> Community:
    """Take the institution, its places and its people out of a community; a second time changes nothing.

    ``take_away``: also what is coplink's own in its places. Raises ``DomainError`` where nobody elsewhere facilitates.
    """
    uow.communities.hold(CommunityId(key))
    community, part = _part(uow, admin, key)
    if part.withdrawn:
        return community
    reason = reason_for_withdrawing(typed)
    if refusal := _refusal(uow, admin, community, part):
        raise DomainError(refusal)
    _take_out(uow, admin, community, take_away, now)
    uow.communities.put_participation(replace(part, withdrawn_at=now, withdrawn_by=admin.id, reason=reason))
    said = say(
        "withdrew {name} from the community: “{reason}”", name=_name(uow, admin.institution), reason=reason
    )
    _tell(uow, community, admin, now, said)
    return community


def ask(uow: UnitOfWork, community: Community, institution: InstitutionId, now: datetime) -> None:
    """Tell the admins of an institution, until one of them answers, that a community asks it to take part."""
    said = say("“{name}” asks your institution to take part.", name=community.name)
    about = _asked(community.id, institution)
    notice = (uow.new_id(), institution, community.id, about, "asked_to_take_part", said, "connection admin")
    uow.records.raise_notice(Notice(*notice, now))


def answered(uow: UnitOfWork, community: CommunityId, institution: InstitutionId) -> None:
    """Nobody is to be told of the question any more."""
    uow.records.clear_notices(community, _asked(community, institution))
    uow.records.clear_notices(
        community, f"participation:{community}", institution
    )  # as earlier versions asked


def say_no(uow: UnitOfWork, admin: Person, community: Community, part: Participation, now: datetime) -> None:
    """An institution that was asked and has not agreed stays out, with whoever of theirs came in by a link.

    Raises ``DomainError`` where a community at work would be left with nobody who facilitates.
    """
    if (
        community.stage is not Stage.CONCLUDED
        and people_in(uow, admin, community)
        and _alone(uow, admin, community)
    ):
        raise DomainError(
            say(
                "Nobody of another institution facilitates “{name}”, and a community needs a facilitator. First one "
                "of them shares the facilitation with somebody of another institution, or puts the community to rest.",
                name=community.name,
            )
        )
    _take_out(uow, admin, community, False, now)
    uow.communities.put_participation(replace(part, refused_at=now, withdrawn_by=admin.id))
    answered(uow, community.id, admin.institution)
    said = say("said that {name} does not take part", name=_name(uow, admin.institution))
    _tell(uow, community, admin, now, said)


def withdrawn(uow: UnitOfWork, community: CommunityId, institution: InstitutionId) -> Withdrawn | None:
    """Who took this institution out of a community or said no for it, when and why; None where nobody did."""
    part = uow.communities.participation(community, institution)
    at = part.withdrawn_at or part.refused_at if part is not None else None
    if part is None or at is None:
        return None
    admin = uow.people.get(PersonId(part.withdrawn_by)) if part.withdrawn_by else None
    by = admin.name if admin else ""
    return Withdrawn(_name(uow, institution), by, at, part.reason, refused=not part.withdrawn)


def _take_out(uow: UnitOfWork, admin: Person, community: Community, take_away: bool, now: datetime) -> None:
    """The institution's places are let go, its people pause, its links close and nobody is its contact any more."""
    present = people_in(uow, admin, community)
    for space in _own(uow, admin, community):
        _let_go(uow, space, [one.person for one in present], take_away)
    set_aside(uow, present, now)
    for link in uow.links.of(LinkKind.INVITATION, community.id, institution=admin.institution):
        if link.open_at(now):
            uow.links.put(replace(link, revoked_at=now))
    uow.communities.drop_contact(community.id, admin.institution)
    marks.people_changed(uow, community.id)


def _part(uow: UnitOfWork, admin: Person, key: str) -> tuple[Community, Participation]:
    community = uow.communities.get(CommunityId(key))
    part = uow.communities.participation(CommunityId(key), admin.institution) if community else None
    if not admin.admin or community is None or part is None:
        raise NotFound(say("Your institution has not been asked to take part in that."))
    return community, part


def _refusal(uow: UnitOfWork, admin: Person, community: Community, part: Participation) -> Said | None:
    """Why it cannot withdraw now, with the way out."""
    if not part.agreed:
        return say("Your institution does not take part in “{name}”.", name=community.name)
    if _alone(uow, admin, community):
        return say(
            "Nobody of another institution facilitates “{name}”, and a community needs a facilitator. First one of "
            "them shares the facilitation with somebody of another institution. Or one of them puts the community to "
            "rest, and you let your places go one by one.",
            name=community.name,
        )
    return None


def _alone(uow: UnitOfWork, admin: Person, community: Community) -> bool:
    """Whether it is led, and by nobody of another institution."""
    leading = [
        one
        for one in uow.communities.memberships(community.id)
        if one.standing is Standing.JOINED and one.role.leads
    ]
    return bool(leading) and all(one.institution == admin.institution for one in leading)


def _own(uow: UnitOfWork, admin: Person, community: Community) -> list[Space]:
    return [one for one in uow.spaces.of(community.id) if one.institution == admin.institution]


def people_in(uow: UnitOfWork, admin: Person, community: Community) -> list[Membership]:
    """Their people who have joined: those who pause or have left by their own word stay as they are."""
    return [
        one
        for one in uow.communities.memberships(community.id)
        if one.institution == admin.institution and one.standing is Standing.JOINED
    ]


def _let_go(uow: UnitOfWork, space: Space, people: list[PersonId], take_away: bool) -> None:
    """Let one place go. Its people keep their seats there: only a word of their own takes one away."""
    if space.state is SpaceState.WAITING:
        uow.spaces.put(replace(space, state=SpaceState.REFUSED))
    if space.state not in lifecycle.LET_GO:
        return
    accounts = uow.people.proved_on(space.institution, space.integration, people).values()
    uow.ledger.let_go(space.id, [one.account for several in accounts for one in several])
    lifecycle.let_go(uow, replace(space, by_admin=True), take_away)


def _belongs(uow: UnitOfWork, community: Community, person: Person) -> None:
    known = uow.communities.membership(community.id, person.id)
    if (
        known is None
        or known.standing is not Standing.JOINED
        or not may(person, Action.SEE_INSIDE, community, known)
    ):
        raise NotAllowed(say("Only someone who has joined can be the contact."))


def _name(uow: UnitOfWork, key: InstitutionId) -> str:
    institution = uow.institutions.get(key)
    return institution.name if institution else ""


def _tell(uow: UnitOfWork, community: Community, person: Person, now: datetime, said: Said) -> None:
    uow.records.say(Happening(community.id, person.institution, now, person.id, said))


def _asked(community: CommunityId, institution: InstitutionId) -> str:
    return f"participation:{community}:{institution}"

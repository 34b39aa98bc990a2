"""Invite, join, decline, pause, leave: the only place a membership changes, and always by the person's own act.

But one: where an institution withdraws or says no, its people pause, and their own act brings them back.

A decline leaves nothing but keyed hashes of the person's identities, and of their addresses, to which no letter goes
from then on: an unanswered invitation and a declined one are the same row, so no page, count, export or log can tell
them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from coplink.core.access import Action, may
from coplink.core.community import Community, Handover, Stage
from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import CommunityId, Identity, Membership, Person, PersonId, Proof, Role, Standing
from coplink.core.words import Said, say
from coplink.engine import lifecycle, marks
from coplink.ports.records import Happening, Link
from coplink.ports.sealing import Sealer
from coplink.ports.storage import UnitOfWork

HAND_OVER = say(
    "Hand over first: a community needs at least one facilitator. On the page of people, share the facilitation with "
    "somebody who takes part; once they said yes, try again. Or put the community to rest: then you can go as well."
)

ALONE = say(
    "You are the only one here: when you leave, the community is put to rest. Leave on the page that says so, or put "
    "it to rest first: then you can take a break as well."
)

WITHDRAWN = say(
    "Your institution does not take part in this community any more. Once an admin there agrees to it again, you can "
    "come in, by your own click."
)

NO_PART = say(
    "Your institution does not take part in this community. Once an admin there agrees to it, you can come in, by your "
    "own click."
)


def hashes(sealer: Sealer, community: CommunityId, identities: Iterable[Identity]) -> frozenset[str]:
    """The keyed hashes under which a "no" to this community is remembered, one per identity of a person.

    Only those they proved speak for them, or all where they never came: a "no" of somebody listed is neither seen nor
    taken back by whoever says to be them.
    """
    known = list(identities)
    speaking = [one for one in known if one.proved_at] or known
    return frozenset(
        sealer.keyed_hash("opt-out", community, i.institution, i.door, i.realm, i.subject) for i in speaking
    )


def no_letters(sealer: Sealer, community: CommunityId, address: str) -> str:
    """The keyed hash under which a "no" keeps letters about this community from an address, whoever is listed with it.

    It stops letters only: an address may be shared, and nobody is kept out by it.
    """
    return sealer.keyed_hash("no-letters", community, address.strip().casefold())


def said_no(uow: UnitOfWork, sealer: Sealer, community: CommunityId, person: PersonId) -> bool:
    """Whether this person has declined this community; for the person themselves and for those who invite in bulk."""
    return bool(uow.communities.opted_out(hashes(sealer, community, uow.people.identities(person))))


def offer(uow: UnitOfWork, community: CommunityId, person: Person, role: Role, now: datetime) -> bool:
    """Offer an invitation; False where the person is known to the community already.

    Someone who said no before gets the same silent row as anybody else, so that the list of the invited tells nothing;
    the hash keeps it from ever being shown to them as an invitation.
    """
    return bool(offer_all(uow, community, {person.id: (person, role)}, now))


def offer_all(
    uow: UnitOfWork, community: CommunityId, people: Mapping[PersonId, tuple[Person, Role]], now: datetime
) -> int:
    """``offer`` to many at once; how many of them were not known to the community."""
    strangers = uow.rosters.strangers(community, people)
    uow.rosters.invite(
        [
            Membership(community, key, person.institution, role, Standing.INVITED, now)
            for key, (person, role) in people.items()
            if key in strangers
        ]
    )
    return len(strangers)


def accept(
    uow: UnitOfWork,
    sealer: Sealer,
    community: Community,
    person: Person,
    now: datetime,
    link: Link | None = None,
    listening: bool = False,
) -> Membership:
    """Join, by the person's own act: on an invitation, with an invitation link, or after a pause or a leaving.

    ``listening``: they only want to listen in, whatever the invitation says; who comes back without a word is what they
    were.
    """
    uow.communities.hold(community.id)
    part = uow.communities.participation(community.id, person.institution)
    if part is not None and part.stays_out:
        raise DomainError(WITHDRAWN if part.withdrawn else NO_PART)
    known = uow.communities.membership(community.id, person.id)
    if known is None and not _opens(link, community, person, now):
        raise NotAllowed(say("You need an invitation to join this community."))
    role = Role.MEMBER
    if known is not None:
        role = known.role
        if known.standing is Standing.JOINED:
            return known
    if listening:
        role = Role.LISTENING_IN
    theirs = hashes(sealer, community.id, uow.people.identities(person.id))
    if uow.communities.opted_out(theirs):  # they take back what they said, and nobody else's no
        uow.communities.opt_in(theirs | addresses(uow, sealer, community.id, person))
    membership = Membership(community.id, person.id, person.institution, role, Standing.JOINED, now)
    uow.communities.put_membership(membership)
    if known is not None and known.standing is not Standing.INVITED:
        _seats_anew(uow, community.id, person.id, now)
    _tell(uow, community, person, now, say("joined to listen in") if role.follows else say("joined"))
    marks.people_changed(uow, community.id)
    return membership


def addresses(uow: UnitOfWork, sealer: Sealer, community: CommunityId, person: Person) -> frozenset[str]:
    """The keyed hashes (``no_letters``) of the addresses that are known to be this person's."""
    proved = [one.address for one in uow.people.accounts(person.id) if one.proof is Proof.PROVED]
    known = [one for one in (person.email, *proved) if one and one.strip()]
    return frozenset(no_letters(sealer, community, one) for one in known)


def _seats_anew(uow: UnitOfWork, community: CommunityId, person: PersonId, now: datetime) -> None:
    """Who was taken out by hand before they joined again is seated again: this is their newest word."""
    accounts = [one for one in uow.people.accounts(person) if one.proof is Proof.PROVED]
    for space in uow.spaces.of(community):
        theirs = [
            one.account
            for one in accounts
            if (one.institution, one.integration) == (space.institution, space.integration)
        ]
        if theirs:
            out = uow.ledger.remembered(space.id, now, timedelta(0)).out
            uow.ledger.forget(space.id, out.intersection(theirs))
            uow.ledger.rejoined(space.id, theirs, now)


def decline(uow: UnitOfWork, sealer: Sealer, community: Community, person: Person) -> None:
    """Say no. Nothing but keyed hashes is kept, and nobody is told."""
    known = uow.communities.membership(community.id, person.id)
    if known is not None and known.standing is not Standing.INVITED:
        raise DomainError(say("You have answered already. You can leave the community instead."))
    uow.communities.opt_out(hashes(sealer, community.id, uow.people.identities(person.id)))
    uow.communities.opt_out(addresses(uow, sealer, community.id, person))


def pause(uow: UnitOfWork, community: Community, person: Person, now: datetime) -> Membership:
    """Take a break: the seats are given up, the way back is one click."""
    return _step_out(uow, community, person, Standing.PAUSED, now, say("is taking a break"))


def set_aside(uow: UnitOfWork, memberships: Iterable[Membership], now: datetime) -> None:
    """Their institution stays out from now on: they pause, and come back by their own click once it takes part."""
    for one in memberships:
        uow.communities.drop_handover(one.community, one.person)
        uow.communities.put_membership(replace(one.now(Standing.PAUSED, now), by_institution=True))


def leave(
    uow: UnitOfWork,
    community: Community,
    person: Person,
    now: datetime,
    place: str = "",
    to_rest: bool = False,
) -> Membership:
    """Leave, everywhere. ``place`` names the platform on which it happened, if it was not here.

    ``to_rest``: they know that the community is put to rest by that, where they are the only one in it.
    """
    said = say("left in {place}", place=place) if place else say("left")
    return _step_out(uow, community, person, Standing.LEFT, now, said, to_rest)


def alone(uow: UnitOfWork, community: Community, person: Person) -> bool:
    """Whether a community at work would be left without anybody, if this facilitator left."""
    known = uow.communities.membership(community.id, person.id)
    if known is None or not known.role.leads or community.stage is Stage.CONCLUDED:
        return False
    members = uow.communities.memberships(community.id)
    return not any(one.standing is Standing.JOINED for one in members if one.person != person.id)


def choose_level(
    uow: UnitOfWork, community: Community, person: Person, listening: bool, now: datetime
) -> Membership:
    """Take part or just listen in: everybody for themselves, at any time. Whoever leads steps down by listening in."""
    uow.communities.hold(community.id)
    known = uow.communities.membership(community.id, person.id)
    if known is None or not may(person, Action.CHOOSE_LEVEL, community, known):
        raise NotAllowed(say("Only someone who has joined takes part or listens in."))
    if known.role.follows is listening:
        return known
    if known.role.leads and _last_facilitator(uow, community, person):
        raise DomainError(HAND_OVER)
    membership = known.now(Standing.JOINED, now, Role.LISTENING_IN if listening else Role.MEMBER)
    uow.communities.put_membership(membership)
    if listening:
        uow.communities.drop_handover(community.id, person.id)
    _tell(uow, community, person, now, say("now listens in") if listening else say("now takes part"))
    marks.people_changed(uow, community.id)
    return membership


def share(
    uow: UnitOfWork, community: Community, leader: Person, person: PersonId, role: Role, now: datetime
) -> Membership:
    """Ask a member to facilitate too, step down, lend the stewardship or take it back.

    Who is asked to facilitate is what they were until they say yes (``handing_over``); asked twice is once. A steward
    gives it back, or who leads takes it back. Whoever listens in is not asked: taking part is theirs to choose.
    """
    uow.communities.hold(community.id)
    mine = uow.communities.membership(community.id, leader.id)
    if role not in (Role.FACILITATOR, Role.CO_FACILITATOR, Role.STEWARD, Role.MEMBER):
        raise DomainError(say("Choose facilitator, co-facilitator, steward or member."))
    giving_back = person == leader.id and role is Role.MEMBER and may(leader, Action.KEEP, community, mine)
    if not giving_back and not may(leader, Action.SHAPE, community, mine):
        raise NotAllowed(say("Only facilitators share the facilitation."))
    known = uow.communities.membership(community.id, person)
    if known is None or known.standing is not Standing.JOINED:
        raise DomainError(say("Only someone who has joined can facilitate."))
    if known.role is role:
        return known
    if known.role.follows:
        raise DomainError(
            say("They just listen in. Whoever wants to facilitate says first that they take part.")
        )
    if known.role.leads and person != leader.id:
        raise NotAllowed(say("Facilitators step down themselves."))
    if known.role.leads and not role.leads and _last_facilitator(uow, community, leader):
        raise DomainError(HAND_OVER)
    if role.leads and not known.role.leads:
        if person not in uow.communities.handovers(community.id):
            asked = Handover(community.id, person, known.institution, role, leader.id, now)
            uow.communities.put_handover(asked)
        return known
    membership = known.now(Standing.JOINED, now, role)
    uow.communities.put_membership(membership)
    if role.leads:
        said = say("now facilitates")
    elif known.role.leads:
        said = say("stepped down from facilitating")
    else:
        keeps = role is Role.STEWARD
        said = say("now keeps lists and links") if keeps else say("no longer keeps lists and links")
    uow.records.say(Happening(community.id, community.institution, now, person, said))
    marks.people_changed(uow, community.id)
    return membership


def _step_out(
    uow: UnitOfWork,
    community: Community,
    person: Person,
    standing: Standing,
    now: datetime,
    said: Said,
    to_rest: bool = False,
) -> Membership:
    uow.communities.hold(community.id)
    community = uow.communities.get(community.id) or community
    known = uow.communities.membership(community.id, person.id)
    if known is None or not may(person, Action.LEAVE, community, known):
        raise NotAllowed(say("You do not belong to this community."))
    if known.role.leads and _last_facilitator(uow, community, person):
        _is_left_without(uow, community, person, to_rest, now)
    membership = known.now(standing, now)
    uow.communities.put_membership(membership)
    uow.communities.drop_handover(community.id, person.id)
    contact = uow.communities.contacts(community.id).get(person.institution)
    if contact is not None and contact.person == person.id:
        uow.communities.drop_contact(community.id, person.institution)
    if standing is Standing.LEFT:
        uow.guests.forget_yes(community.id, person.id)
    _tell(uow, community, person, now, said)
    marks.people_changed(uow, community.id)
    return membership


def _is_left_without(
    uow: UnitOfWork, community: Community, person: Person, to_rest: bool, now: datetime
) -> None:
    """A community that rests needs nobody who facilitates, and one that nobody is left in rests from now on."""
    if community.stage is Stage.CONCLUDED:
        return
    if not alone(uow, community, person):
        raise DomainError(HAND_OVER)
    if not to_rest:
        raise DomainError(ALONE)
    lifecycle.conclude(uow, community, person, now)


def _last_facilitator(uow: UnitOfWork, community: Community, person: Person) -> bool:
    others = (m for m in uow.communities.memberships(community.id) if m.person != person.id)
    return not any(m.standing is Standing.JOINED and m.role.leads for m in others)


def _opens(link: Link | None, community: Community, person: Person, now: datetime) -> bool:
    return (
        link is not None
        and link.open_at(now)
        and link.community == community.id
        and link.institution == person.institution
    )


def _tell(uow: UnitOfWork, community: Community, person: Person, now: datetime, said: Said) -> None:
    uow.records.say(Happening(community.id, community.institution, now, person.id, said))

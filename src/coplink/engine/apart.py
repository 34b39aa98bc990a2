"""The way back: an identity that is not a person's, or not any more, becomes a person of its own again.

Nobody becomes a member by that, nobody is let in who was not invited, and nobody's "no" is forgotten: what a person
declined or left, whoever goes their own way is taken to have declined. A roster that lists them invites them again, as
who facilitates may. All else stays where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from coplink.core.community import Community, Stage
from coplink.core.errors import DomainError, NotFound
from coplink.core.guests import SHOW_ADDRESS
from coplink.core.people import CommunityId, Identity, Membership, Person, PersonId, Proof, Role, Standing
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import marks, rosters
from coplink.engine.guests import ASK_AGAIN
from coplink.engine.join import hashes
from coplink.engine.listed import DOOR
from coplink.ports.records import LinkKind
from coplink.ports.sealing import Sealer
from coplink.ports.storage import UnitOfWork


def part(
    uow: UnitOfWork, sealer: Sealer, me: Person, door: str, realm: str, subject: str, now: datetime
) -> Person:
    """“That is not me, or not any more”: by a person's own word; whom the identity belongs to from now on.

    Every visit, every code and every calendar address of both ends. Raises ``DomainError`` for the only door by which
    the person has come.
    """
    known = uow.people.identities(me.id)
    found = next((one for one in known if (one.door, one.realm, one.subject) == (door, realm, subject)), None)
    if found is None:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    if not any(one.proved_at for one in known if one != found):
        raise DomainError(say("This is the only door by which you come in, so it stays yours."))
    made = take_out(uow, me, found, now)
    _keep_no(uow, sealer, me, found)
    for account in uow.people.accounts(made.id):  # what is denied is not asked about again
        uow.people.put_account(replace(account, person=me.id, proof=Proof.DENIED, since=None, by=None))
    uow.sessions.drop_of(me.id)
    for kind in (LinkKind.ACCOUNT, LinkKind.FEED):  # what was seen by that door leads nowhere any more
        for link in uow.links.of(kind, person=me.id):
            if link.open_at(now):
                uow.links.put(replace(link, revoked_at=now))
    marks.person_changed(uow, me.id)
    return made


def take_out(
    uow: UnitOfWork,
    person: Person,
    identity: Identity,
    now: datetime,
    only: Collection[CommunityId] = (),
    role: Role = Role.MEMBER,
) -> Person:
    """Make a person of an identity and the accounts it proved.

    Of the person's communities they are invited to ``only`` these, where a roster lists them, as ``role``: what the
    person answered there is not their answer.
    """
    made = Person(PersonId(uow.new_id()), person.institution, person.name, zone=person.zone)
    uow.people.put(made)
    uow.people.take(identity, made.id)
    theirs = uow.communities.of_person(person.id)
    for community, _ in theirs:
        if community.id in only:
            uow.communities.put_membership(
                Membership(community.id, made.id, made.institution, role, Standing.INVITED, now)
            )
    if identity.proved_at is None:
        _letters(uow, person, made, identity, now)
    _guest_accounts(uow, person, made)
    _listed_anew(uow, identity, [community for community, _ in theirs if community.id not in only], now)
    return made


def _letters(uow: UnitOfWork, person: Person, made: Person, listed: Identity, now: datetime) -> None:
    """What was written to somebody listed says no for them, and is not written again; nobody else's letter does."""
    for link in uow.links.of(LinkKind.NO_THANKS, person=person.id):
        if not uow.communities.opted_out([uow.links.letter_to(link, listed)]):
            continue
        uow.links.put(replace(link, person=made.id))
        community = CommunityId(link.community or "")
        uow.mails.ask(community, {made.id: made.institution}, now)
        uow.mails.done(community, made.id)


def _guest_accounts(uow: UnitOfWork, person: Person, made: Person) -> None:
    """Who was let in elsewhere by an address that is not theirs any more sits there no more, nor does its owner."""
    mine, theirs = (
        {(one.address or "").strip().casefold() for one in uow.people.accounts(key)}
        for key in (person.id, made.id)
    )
    for guest in uow.guests.of(person.id):
        if guest.address in theirs - mine:
            uow.guests.put(replace(guest, person=made.id))
            uow.guests.put(
                replace(
                    guest, account=None, enter="", refused=SHOW_ADDRESS, asked_at=guest.asked_at - ASK_AGAIN
                )
            )


def _listed_anew(
    uow: UnitOfWork, identity: Identity, communities: Iterable[Community], now: datetime
) -> None:
    """Rosters that did not change are compared with everybody again: whom they list is to be invited."""
    for community in communities if identity.door == DOOR else ():
        for context in uow.communities.contexts(community.id):
            if not context.roster or (context.institution, context.realm) != (
                identity.institution,
                identity.realm,
            ):
                continue
            if community.stage is not Stage.CONCLUDED:
                uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
            rosters.trust_no_more(uow, context, now)  # in this order, as a reading that ends


def _keep_no(uow: UnitOfWork, sealer: Sealer, person: Person, parted: Identity) -> None:
    """What the person declined by any door, both have declined from now on; what they left, the other has declined.

    Who was only listed said nothing yet by that door, and nobody else's word is theirs.
    """
    if parted.proved_at is None:
        return
    both = [*uow.people.identities(person.id), parted]
    named = [hashes(sealer, community, both) for community in uow.communities.all()]
    said = uow.communities.opted_out(
        frozenset().union(*named)
    )  # asked once, however many communities there are
    for theirs in named:
        if not said.isdisjoint(theirs):
            uow.communities.opt_out(theirs)
    for community, membership in uow.communities.of_person(person.id):
        if membership.standing is Standing.LEFT:
            uow.communities.opt_out(hashes(sealer, community.id, [parted]))

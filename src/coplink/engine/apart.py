"""The way back: an identity that is not a person's, or not any more, becomes a person of its own again.

Nobody becomes a member by that, and nobody's "no" is forgotten: whoever goes their own way is invited where the person
was, has left where the person left, and has declined what the person declined. All else stays where it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from coplink.core.errors import DomainError, NotFound
from coplink.core.people import CommunityId, Identity, Membership, Person, PersonId, Proof, Role, Standing
from coplink.core.words import say
from coplink.engine import marks
from coplink.engine.join import hashes
from coplink.ports.records import LinkKind
from coplink.ports.sealing import Sealer
from coplink.ports.storage import UnitOfWork


def part(
    uow: UnitOfWork, sealer: Sealer, me: Person, door: str, realm: str, subject: str, now: datetime
) -> Person:
    """“That is not me, or not any more”: by a person's own word; whom the identity belongs to from now on.

    Every visit and every code of both ends. Raises ``DomainError`` for the only door by which the person has come.
    """
    known = uow.people.identities(me.id)
    found = next((one for one in known if (one.door, one.realm, one.subject) == (door, realm, subject)), None)
    if found is None:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    if not any(one.proved_at for one in known if one != found):
        raise DomainError(say("This is the only door by which you come in, so it stays yours."))
    made = take_out(uow, me, found, now)
    _keep_no(uow, sealer, me, made)
    for account in uow.people.accounts(made.id):  # what is denied is not asked about again
        uow.people.put_account(replace(account, person=me.id, proof=Proof.DENIED, since=None, by=None))
    uow.sessions.drop_of(me.id)
    for link in uow.links.of(LinkKind.ACCOUNT, person=me.id):  # nor does a code lead back
        if link.open_at(now):
            uow.links.put(replace(link, revoked_at=now))
    marks.person_changed(uow, me.id)
    return made


def take_out(
    uow: UnitOfWork,
    person: Person,
    identity: Identity,
    now: datetime,
    only: Collection[CommunityId] | None = None,
) -> Person:
    """Make a person of an identity and the accounts it proved; invited to the same communities, or ``only`` these."""
    made = Person(PersonId(uow.new_id()), person.institution, person.name, zone=person.zone)
    uow.people.put(made)
    uow.people.take(identity, made.id)
    for community, membership in uow.communities.of_person(person.id):
        if only is None or community.id in only:
            left = membership.standing is Standing.LEFT
            uow.communities.put_membership(
                Membership(
                    community.id,
                    made.id,
                    made.institution,
                    Role.MEMBER,
                    Standing.LEFT if left else Standing.INVITED,
                    membership.changed_at if left else now,
                )
            )
    return made


def _keep_no(uow: UnitOfWork, sealer: Sealer, person: Person, made: Person) -> None:
    """What the person declined by any door, both have declined from now on."""
    both = [*uow.people.identities(person.id), *uow.people.identities(made.id)]
    named = [hashes(sealer, community, both) for community in uow.communities.all()]
    said = uow.communities.opted_out(
        frozenset().union(*named)
    )  # asked once, however many communities there are
    for theirs in named:
        if not said.isdisjoint(theirs):
            uow.communities.opt_out(theirs)

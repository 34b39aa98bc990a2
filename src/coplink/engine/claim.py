"""One human known by two doors becomes one person, by their own word.

Either the institution's directory proposed the account and its owner says "yes, that is me" after proving it, or the
person carries a one-time code from one door to the other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import Person, PersonId, Proof
from coplink.core.words import say
from coplink.engine import marks
from coplink.engine.arrive import might_be
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Link, LinkKind
from coplink.ports.storage import UnitOfWork

CODE_LIFE = timedelta(minutes=15)


def confirm(uow: UnitOfWork, me: Person, other: PersonId) -> Person:
    """“Yes, that is me”: join the visitor to the person their proved account was proposed for."""
    proposed = might_be(uow, me)
    if proposed is None or proposed.id != other:
        raise NotAllowed(say("This question is no longer open."))
    return _join(uow, me, proposed)


def deny(uow: UnitOfWork, me: Person, other: PersonId) -> None:
    """“No, that is somebody else”: never asked again for this account, whatever the directory says."""
    for account in uow.people.accounts(me.id):
        if account.proof is not Proof.PROVED:
            continue
        for held in uow.people.holding(account.institution, account.integration, account.account):
            if held.person == other and held.proof is Proof.PROPOSED:
                uow.people.put_account(replace(held, proof=Proof.DENIED))


def code_for(uow: UnitOfWork, me: Person, now: datetime) -> Link:
    """A one-time code that links another door of the same institution to this person; lives 15 minutes."""
    link = Link(
        uow.new_id(), LinkKind.ACCOUNT, fresh_token(12), me.institution, None, me.id, now, now + CODE_LIFE
    )
    uow.links.put(link)
    return link


def with_code(uow: UnitOfWork, me: Person, code: str, now: datetime) -> Person:
    """Use a code that the same human fetched behind another door."""
    link, owner = _behind(uow, me, code, now)
    if not uow.links.use(link.id, now):
        raise DomainError(say("That code has been used already."))
    return owner if owner.id == me.id else _join(uow, me, owner)


def owner_of(uow: UnitOfWork, me: Person, code: str, now: datetime) -> Person:
    """Whom a code would make of the visitor, to be shown before they say yes; the code stays unused."""
    return _behind(uow, me, code, now)[1]


def _behind(uow: UnitOfWork, me: Person, code: str, now: datetime) -> tuple[Link, Person]:
    link = uow.links.by_token(LinkKind.ACCOUNT, code.strip())
    owner = uow.people.get(PersonId(link.person)) if link and link.person else None
    if link is None or owner is None or not link.open_at(now) or owner.institution != me.institution:
        raise DomainError(
            say("That code is not valid any more. Fetch a new one where you are already known.")
        )
    return link, owner


def _one_human(uow: UnitOfWork, one: Person, other: Person) -> None:
    """Raise unless both can be one human: nobody has two identities behind one door, or two accounts on one platform.

    Whoever looks after connections never becomes somebody else: a code typed by mistake must not hand that over.
    """
    if one.admin:
        raise NotAllowed(
            say("You look after connections here. Fetch the code on this page and use it at the other door.")
        )
    proved = [
        {(i.door, i.realm): i.subject for i in uow.people.identities(person.id) if i.proved_at}
        for person in (one, other)
    ]
    held = [
        {a.integration: a.account for a in uow.people.accounts(person.id) if a.proof is Proof.PROVED}
        for person in (one, other)
    ]
    doors, platforms = proved[0].keys() & proved[1].keys(), held[0].keys() & held[1].keys()
    if any(proved[0][key] != proved[1][key] for key in doors) or any(
        held[0][k] != held[1][k] for k in platforms
    ):
        raise NotAllowed(
            say("Both are known by the same door with different accounts, so they are two people.")
        )


def _join(uow: UnitOfWork, gone: Person, into: Person) -> Person:
    _one_human(uow, gone, into)
    proved = [a for a in uow.people.accounts(gone.id) if a.proof is Proof.PROVED]
    uow.people.merge(gone=gone.id, into=into.id)
    for account in proved:
        uow.people.put_account(replace(account, person=into.id))
        marks.account_changed(uow, into.id, account.institution, account.integration)
    marks.person_changed(uow, into.id)
    return uow.people.get(into.id) or into

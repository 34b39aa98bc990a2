"""One human known by two doors becomes one person, by their own word behind both.

Either the institution's directory proposed the account and its owner says "yes, that is me" after proving it, and
says so again where they were known already; or the person carries a one-time code from one door to the other. Where
nobody ever came as the other, as with somebody a roster listed, the first word is enough until they do, to be invited
as they are and to lead nowhere: see ``arrive``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import Account, CommunityId, Person, PersonId, Proof, Role, Standing
from coplink.core.words import say
from coplink.engine import marks
from coplink.engine.arrive import might_be
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Link, LinkKind
from coplink.ports.storage import UnitOfWork

CODE_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Somebody who proved an account says that they are the reader; ``account`` is how they came."""

    person: Person
    account: Account


def confirm(uow: UnitOfWork, me: Person, other: PersonId) -> Person:
    """“Yes, that is me”: the visitor, who is one with the other as soon as both have said it.

    The first to say so is whoever proved an account that was proposed for the other.
    """
    claimed = claimed_by(uow, me)
    if claimed is not None and claimed.person.id == other:
        if claimed.person.admin:
            return _join(uow, me, claimed.person)
        return _join(uow, claimed.person, me)
    proposed = might_be(uow, me)
    if proposed is None or proposed.id != other:
        raise NotAllowed(say("This question is no longer open."))
    if not any(one.proved_at for one in uow.people.identities(proposed.id)):
        _leads_nowhere(uow, proposed)
        _written_before(uow, proposed)
        _names_no_address(uow, me, proposed)
        return _join(uow, me, proposed)
    _one_human(uow, me, proposed)
    for held in _held(uow, me, other, Proof.PROPOSED):
        uow.people.put_account(replace(held, proof=Proof.CLAIMED))
    return me


def deny(uow: UnitOfWork, me: Person, other: PersonId) -> None:
    """“No, that is somebody else”: never asked again for this account, whatever the directory says."""
    for held in (
        *_held(uow, me, other, Proof.PROPOSED, Proof.CLAIMED),
        *(account for account, prover in _claims(uow, me) if prover == other),
    ):
        uow.people.put_account(replace(held, proof=Proof.DENIED))


def claimed_by(uow: UnitOfWork, me: Person) -> Claimed | None:
    """Who says to be the reader, having proved an account; the reader has not answered."""
    for account, prover in _claims(uow, me):
        person = uow.people.get(prover)
        if person is not None:
            return Claimed(person, account)
    return None


def waits_for(uow: UnitOfWork, me: Person) -> Person | None:
    """Whom the visitor claimed to be, and who has not said so yet."""
    for account in uow.people.accounts(me.id):
        if account.proof is Proof.PROVED:
            for held in uow.people.holding(account.institution, account.integration, account.account):
                if held.proof is Proof.CLAIMED and held.person != me.id:
                    return uow.people.get(held.person)
    return None


def code_for(uow: UnitOfWork, me: Person, now: datetime) -> Link:
    """A one-time code that links another door of the same institution to this person; lives 15 minutes."""
    link = Link(
        uow.new_id(), LinkKind.ACCOUNT, fresh_token(12), me.institution, None, me.id, now, now + CODE_LIFE
    )
    uow.links.put(link)
    return link


def with_code(uow: UnitOfWork, me: Person, code: str, now: datetime, both: bool = False) -> Person:
    """Use a code that the same human fetched behind another door.

    ``both``: they say that two accounts behind one door are theirs, the old one and the new one for instance.
    """
    link, owner = _behind(uow, me, code, now)
    if owner.id != me.id:
        _one_human(uow, me, owner, both)
    if not uow.links.use(link.id, now):
        raise DomainError(say("That code has been used already."))
    return owner if owner.id == me.id else _join(uow, me, owner, both)


def owner_of(uow: UnitOfWork, me: Person, code: str, now: datetime) -> Person:
    """Whom a code would make of the visitor, to be shown before they say yes; the code stays unused."""
    return _behind(uow, me, code, now)[1]


def same_door(uow: UnitOfWork, one: Person, other: Person) -> bool:
    """Whether both came in by the same door, or sit on the same platform, with different accounts."""
    proved = [
        {(i.door, i.realm, i.subject) for i in uow.people.identities(person.id) if i.proved_at}
        for person in (one, other)
    ]
    held = [
        {(a.integration, a.account) for a in uow.people.accounts(person.id) if a.proof is Proof.PROVED}
        for person in (one, other)
    ]
    doors = {(door, realm) for door, realm, _ in proved[0]} & {(door, realm) for door, realm, _ in proved[1]}
    platforms = {platform for platform, _ in held[0] - held[1]} & {
        platform for platform, _ in held[1] - held[0]
    }
    return bool(doors or platforms)


def _claims(uow: UnitOfWork, me: Person) -> list[tuple[Account, PersonId]]:
    """The accounts by which somebody claims to be this person, each with who proved it."""
    found = []
    for account in uow.people.accounts(me.id):
        if account.proof is Proof.CLAIMED:
            held = uow.people.holding(account.institution, account.integration, account.account)
            found += [
                (account, one.person) for one in held if one.proof is Proof.PROVED and one.person != me.id
            ]
    return found


def _held(uow: UnitOfWork, me: Person, other: PersonId, *proofs: Proof) -> list[Account]:
    """The other's lines about accounts that the visitor proved."""
    return [
        held
        for account in uow.people.accounts(me.id)
        if account.proof is Proof.PROVED
        for held in uow.people.holding(account.institution, account.integration, account.account)
        if held.person == other and held.proof in proofs
    ]


def _leads_nowhere(uow: UnitOfWork, listed: Person) -> None:
    """One word is enough to be invited as somebody listed, not to lead in their place: who facilitates may ask."""
    for _, membership in uow.communities.of_person(listed.id):
        if membership.standing is Standing.INVITED and membership.role.leads:
            uow.communities.put_membership(replace(membership, role=Role.MEMBER))


def _written_before(uow: UnitOfWork, listed: Person) -> None:
    """Keep which letters went to whom the roster listed: those say no for them, and no later one does."""
    theirs = uow.people.identities(listed.id)
    for link in uow.links.of(LinkKind.NO_THANKS, person=listed.id):
        if listed.id in uow.mails.written(CommunityId(link.community or "")):
            uow.communities.opt_out([uow.links.letter_to(link, one) for one in theirs])


def _names_no_address(uow: UnitOfWork, me: Person, listed: Person) -> None:
    """No address of somebody listed is given to who says to be them, nor is a letter to it written for these."""
    for account in uow.people.accounts(listed.id):
        if account.proof is not Proof.PROVED and account.address:
            uow.people.drop_account(account)  # an address that is there would be kept
            uow.people.put_account(replace(account, address=None))
    uow.people.put(replace(listed, email=me.email))


def _behind(uow: UnitOfWork, me: Person, code: str, now: datetime) -> tuple[Link, Person]:
    link = uow.links.by_token(LinkKind.ACCOUNT, code.strip())
    owner = uow.people.get(PersonId(link.person)) if link and link.person else None
    if link is None or owner is None or not link.open_at(now) or owner.institution != me.institution:
        raise DomainError(
            say("That code is not valid any more. Fetch a new one where you are already known.")
        )
    return link, owner


def _one_human(uow: UnitOfWork, one: Person, other: Person, both: bool = False) -> None:
    """Raise unless both can be one human: two accounts behind one door are one human's only where they say so.

    Whoever looks after connections never becomes somebody else: a code typed by mistake must not hand that over.
    """
    if one.admin:
        raise NotAllowed(
            say("You look after connections here. Fetch the code on this page and use it at the other door.")
        )
    if not both and same_door(uow, one, other):
        raise NotAllowed(
            say(
                "Both are known by the same door with different accounts, so they are two people, unless both are "
                "yours. If they are, link them with a code on “My page”, and say so there."
            )
        )


def _join(uow: UnitOfWork, gone: Person, into: Person, both: bool = False) -> Person:
    _one_human(uow, gone, into, both)
    proved = [a for a in uow.people.accounts(gone.id) if a.proof is Proof.PROVED]
    uow.people.merge(gone=gone.id, into=into.id)
    for account in proved:
        uow.people.put_account(replace(account, person=into.id))
        marks.account_changed(uow, into.id, account.institution, account.integration)
    marks.person_changed(uow, into.id)
    return uow.people.get(into.id) or into

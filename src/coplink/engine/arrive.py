"""Someone came through a door: who are they, and what is there for them?

No platform is asked and nobody is made a member here. An identity is (institution, door, realm, subject); an e-mail
address is a label. Two identities that prove the same platform account are the same person. An account that the
institution's directory proposed for exactly one known person leads to the question "is this you?".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coplink.core.arrival import Arrival, ProvedAccount
from coplink.core.community import Community
from coplink.core.people import Account, Identity, Membership, Person, PersonId, Proof
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import copies, marks, notice_orders
from coplink.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a person finds: their communities, those of the context they came from, and who they might be as well.

    ``here`` are communities of the context; ``may_found`` whether they lead it; ``maybe`` a person known by another
    door whom the directory proposed for exactly this account.
    """

    person: Person
    mine: tuple[tuple[Community, Membership], ...]
    here: tuple[Community, ...]
    may_found: bool
    maybe: Person | None


def arrive(
    uow: UnitOfWork, arrival: Arrival, now: datetime, roster_age: timedelta = timedelta(hours=1)
) -> Welcome:
    """Recognise or create the person, keep what the door proved, and say what is there for them."""
    person = _recognise(uow, arrival, now)
    for proved in arrival.accounts:
        person = _prove(uow, person, proved)
    here = _context(uow, arrival, now, roster_age)
    if not here:
        copies.arrived(uow, arrival, now)
    notice_orders.arrived(uow, arrival)
    return Welcome(
        person,
        tuple(uow.communities.of_person(person.id)),
        here,
        may_found=arrival.leads_context and not arrival.test_account,
        maybe=might_be(uow, person),
    )


def might_be(uow: UnitOfWork, person: Person) -> Person | None:
    """The one other person for whom an account this person proved was proposed, if it is exactly one."""
    candidates: set[PersonId] = set()
    for account in uow.people.accounts(person.id):
        if account.proof is Proof.PROVED:
            holders = uow.people.holding(account.institution, account.integration, account.account)
            candidates |= {h.person for h in holders if h.person != person.id and h.proof is Proof.PROPOSED}
    return uow.people.get(candidates.pop()) if len(candidates) == 1 else None


def _recognise(uow: UnitOfWork, arrival: Arrival, now: datetime) -> Person:
    named = (arrival.institution, arrival.door, arrival.realm, arrival.subject)
    person = uow.people.by_identity(*named)
    made = person is None
    if person is None:
        name = (arrival.name or "").strip() or str(say("Someone without a name"))
        person = Person(PersonId(uow.new_id()), arrival.institution, name, arrival.email, zone=arrival.zone)
        uow.people.put(person)
    # The identity before a person others know: whoever comes in two tabs at once takes both in one order.
    uow.people.put_identity(Identity(*named, person.id, now))
    known = uow.people.by_identity(*named) or person
    if known.id != person.id:
        uow.people.merge(gone=person.id, into=known.id)  # another process was first to know this identity
    elif not made:
        known = replace(
            known,
            name=(arrival.name or "").strip() or known.name,
            email=arrival.email or known.email,
            zone=arrival.zone or known.zone,
        )
        uow.people.put(known)
    return known


def _prove(uow: UnitOfWork, person: Person, proved: ProvedAccount) -> Person:
    holders = uow.people.holding(person.institution, proved.integration, proved.account)
    other = next((h.person for h in holders if h.proof is Proof.PROVED and h.person != person.id), None)
    if other is not None:  # the platform itself says that both are one account, hence one human
        marks.person_changed(uow, person.id)
        uow.people.merge(gone=person.id, into=other)
        person = uow.people.get(other) or person
        marks.person_changed(uow, person.id)
    known = any(h.person == person.id and h.proof is Proof.PROVED for h in holders)
    uow.people.put_account(
        Account(
            person.institution, proved.integration, proved.account, person.id, Proof.PROVED, proved.address
        )
    )
    if not known:
        marks.account_changed(uow, person.id, person.institution, proved.integration)
    return person


def _context(uow: UnitOfWork, arrival: Arrival, now: datetime, age: timedelta) -> tuple[Community, ...]:
    if arrival.context is None:
        return ()
    here = tuple(uow.communities.in_context(arrival.institution, arrival.context.realm, arrival.context.id))
    for community in here:
        for context in uow.communities.contexts(community.id):
            if (context.realm, context.context) != (arrival.context.realm, arrival.context.id):
                continue
            roster = dict(arrival.roster.values) if arrival.roster else context.roster
            if roster != context.roster:
                uow.communities.put_context(replace(context, roster=roster))
            if roster and (context.read_at is None or now - context.read_at > age):
                uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
    return here

"""Someone came through a door: who are they, and what is there for them?

No platform is asked and nobody is made a member here. An identity is (institution, door, realm, subject); an e-mail
address is a label. Two identities that prove the same platform account are the same person. An account that the
institution's directory proposed for exactly one known person leads to the question "is this you?". Whom a roster listed
and somebody claimed by another door is asked as well once they come themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coplink.core.arrival import Arrival, ProvedAccount
from coplink.core.people import (
    Account,
    CommunityId,
    Identity,
    InstitutionId,
    Person,
    PersonId,
    Proof,
    ProvedBy,
    Role,
)
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import apart, copies, marks, notice_orders, replaced
from coplink.ports.doorstep import Came, Recognised
from coplink.ports.records import ContextLink
from coplink.ports.storage import UnitOfWork

SEEN_EVERY = timedelta(hours=1)
"""How exactly it is kept when somebody last came: knowing it to the minute would mean a write at every arrival."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """Who came, what the context they came from belongs to, and whether they lead it and so may found here.

    ``belongs`` says whether they have a membership in the community they wanted, if they wanted one.
    """

    person: Person
    here: tuple[ContextLink, ...]
    may_found: bool
    belongs: bool = False


def arrive(
    uow: UnitOfWork,
    arrival: Arrival,
    now: datetime,
    roster_age: timedelta = timedelta(hours=1),
    wanted: CommunityId | None = None,
) -> Welcome:
    """Recognise or create the person and keep what the door proved; what is known already is not written again.

    ``wanted`` is the community they come for.
    """
    came = _came(arrival, wanted)
    known = uow.doorstep.recognised(came)
    person = _recognise(uow, arrival, known, now)
    for proved in arrival.accounts:
        holders = _holders(uow, person, proved, came, known)
        lately = known is not None and known.proved_at is not None and now - known.proved_at < SEEN_EVERY
        person = _prove(uow, person, proved, holders, ProvedBy(*came.named), now, lately)
    here = _context(uow, arrival, known, now, roster_age)
    if not here:
        copies.arrived(uow, arrival, now)
    notice_orders.arrived(uow, arrival)
    membership = known.membership if known is not None else None
    if wanted is not None and (known is None or known.person.id != person.id):
        membership = uow.communities.membership(wanted, person.id)
    may_found = arrival.leads_context and not arrival.test_account
    return Welcome(person, here, may_found, belongs=membership is not None)


def might_be(uow: UnitOfWork, person: Person) -> Person | None:
    """The one other person for whom an account this person proved was proposed, if it is exactly one."""
    candidates: set[PersonId] = set()
    for account in uow.people.accounts(person.id):
        if account.proof is Proof.PROVED:
            holders = uow.people.holding(account.institution, account.integration, account.account)
            candidates |= {h.person for h in holders if h.person != person.id and h.proof is Proof.PROPOSED}
    return uow.people.get(candidates.pop()) if len(candidates) == 1 else None


def _came(arrival: Arrival, wanted: CommunityId | None) -> Came:
    """What is read of who comes; most bring one account, and further ones are read when it is their turn."""
    proved = arrival.accounts[0] if arrival.accounts else None
    context = arrival.context
    return Came(
        arrival.institution,
        arrival.door,
        arrival.realm,
        arrival.subject,
        None if proved is None else (proved.integration, proved.account),
        None if context is None else (context.realm, context.id),
        wanted,
    )


def _recognise(uow: UnitOfWork, arrival: Arrival, found: Recognised | None, now: datetime) -> Person:
    named = (arrival.institution, *_came(arrival, None).named)
    if found is None:
        name = (arrival.name or "").strip() or str(say("Someone without a name"))
        made = Person(PersonId(uow.new_id()), arrival.institution, name, arrival.email, zone=arrival.zone)
        uow.people.put(made)
        known = _noted(uow, named, made, now)
        if known.id != made.id:
            uow.people.merge(gone=made.id, into=known.id)  # another process was first to know this identity
        return known
    before, proved_at = found.person, found.proved_at
    if proved_at is None:
        before = _by_own_word(uow, arrival, found, now)
    known = _as_told(before, arrival)
    # The identity before a person others know: whoever comes in two tabs at once takes both in one order.
    if proved_at is None or now - proved_at >= SEEN_EVERY:
        before = _noted(uow, named, before, now)
        known = _as_told(before, arrival)
    if known != before:
        uow.people.put(known)
    return known


def _by_own_word(uow: UnitOfWork, arrival: Arrival, found: Recognised, now: datetime) -> Person:
    """Who comes by an identity that was only listed until now; another than whoever claimed it, until both say so."""
    known = uow.people.identities(found.person.id)
    if not any(one.proved_at for one in known):
        return found.person
    listed = next(
        one
        for one in known
        if (one.door, one.realm, one.subject) == (arrival.door, arrival.realm, arrival.subject)
    )
    here = {CommunityId(one.community) for one in found.here if one.roster}
    role = Role.CO_FACILITATOR if arrival.leads_context else Role.MEMBER  # as the roster has it
    made = apart.take_out(uow, found.person, listed, now, only=here, role=role)
    told = {(one.integration, one.account) for one in arrival.accounts}
    for account in uow.people.accounts(found.person.id):
        if account.proof is Proof.PROVED:
            uow.people.put_account(replace(account, person=made.id, proof=Proof.CLAIMED, since=None, by=None))
        elif account.proof is Proof.PROPOSED and (account.integration, account.account) in told:
            # As the roster named it, with their address, which was kept from whoever claimed it.
            uow.people.put_account(replace(account, person=made.id, address=arrival.email))
    return made


def _noted(
    uow: UnitOfWork, named: tuple[InstitutionId, str, str, str], person: Person, now: datetime
) -> Person:
    """Keep that this identity was proved; the person it is, who may be another by now."""
    uow.people.put_identity(Identity(*named, person.id, now))
    return uow.people.by_identity(*named) or person


def _as_told(person: Person, arrival: Arrival) -> Person:
    return replace(
        person,
        name=(arrival.name or "").strip() or person.name,
        email=arrival.email or person.email,
        zone=arrival.zone or person.zone,
    )


def _holders(
    uow: UnitOfWork, person: Person, proved: ProvedAccount, came: Came, known: Recognised | None
) -> Sequence[Account]:
    if (
        known is not None
        and known.person.id == person.id
        and came.account == (proved.integration, proved.account)
    ):
        return known.holding
    return uow.people.holding(person.institution, proved.integration, proved.account)


def _prove(
    uow: UnitOfWork,
    person: Person,
    proved: ProvedAccount,
    holders: Sequence[Account],
    by: ProvedBy,
    now: datetime,
    lately: bool,
) -> Person:
    other = next((h.person for h in holders if h.proof is Proof.PROVED and h.person != person.id), None)
    if other is not None:  # the platform itself says that both are one account, hence one human
        marks.person_changed(uow, person.id)
        uow.people.merge(gone=person.id, into=other)
        person = uow.people.get(other) or person
        marks.person_changed(uow, person.id)
    mine = next((h for h in holders if h.person == person.id and h.proof is Proof.PROVED), None)
    if mine is None or not lately:
        replaced.by_the_platform(uow, person, proved, by, now)
    if mine is not None and proved.address in (None, mine.address):
        return person
    uow.people.put_account(
        Account(
            person.institution,
            proved.integration,
            proved.account,
            person.id,
            Proof.PROVED,
            proved.address,
            now,
            by,
        )
    )
    if mine is None:
        marks.account_changed(uow, person.id, person.institution, proved.integration)
    return person


def _context(
    uow: UnitOfWork, arrival: Arrival, known: Recognised | None, now: datetime, age: timedelta
) -> tuple[ContextLink, ...]:
    came_from = arrival.context
    if came_from is None:
        return ()
    if known is not None:
        here = tuple(known.here)
    else:
        here = tuple(uow.communities.contexts_at(arrival.institution, came_from.realm, came_from.id))
    for context in here:
        roster = _roster(arrival.roster.values, context.roster or {}) if arrival.roster else context.roster
        if roster != context.roster:
            uow.communities.put_context(replace(context, roster=roster))
        if roster and (context.read_at is None or now - context.read_at > age):
            uow.work.mark(Kind.READ_ROSTER, context.id, CommunityId(context.community))
    return here


def _roster(told: Mapping[str, str], known: Mapping[str, str]) -> Mapping[str, str]:
    """Where to read the roster. A link in the course does not tell ``rlid``; what the tool itself told stays true."""
    same = all(told.get(name) == known.get(name) for name in ("url", "context"))
    return {**told, "rlid": known["rlid"]} if same and "rlid" in known and "rlid" not in told else dict(told)

"""The people of a roster become known: many at once, each as if they were the only one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from coplink.core.people import Account, CommunityId, Identity, Person, PersonId, Proof, Role
from coplink.core.roster import Listed
from coplink.engine.join import offer_all
from coplink.ports.records import ContextLink
from coplink.ports.storage import UnitOfWork

DOOR = "lti"
NAMELESS = "—"


def welcome(
    uow: UnitOfWork, context: ContextLink, listed: Sequence[Listed], now: datetime
) -> tuple[int, int]:
    """Know everybody who is listed and offer them an invitation.

    How many were not known to the community before, and how many were not known to anybody.
    """
    known = uow.rosters.known(context.institution, DOOR, context.realm, (one.subject for one in listed))
    claimed = _claimed(uow, context, listed, known)
    people, new = _people(uow, context, listed, known, claimed)
    _accounts(uow, context, listed, people, claimed)
    offers: dict[PersonId, tuple[Person, Role]] = {}
    for one in listed:
        person = people[one.subject]
        leads = one.leads and one.subject not in claimed
        offers.setdefault(person.id, (person, Role.CO_FACILITATOR if leads else Role.MEMBER))
    return offer_all(uow, CommunityId(context.community), offers, now), len(new)


def _claimed(
    uow: UnitOfWork, context: ContextLink, listed: Sequence[Listed], known: Mapping[str, Person]
) -> frozenset[str]:
    """As whom of those listed somebody came by another door and said to be them, who never came themselves.

    Asked only where it matters: of who is to lead, is named with an account, or lacks an address that the roster has.
    """
    asked = {
        person.id
        for one in listed
        if (person := known.get(one.subject)) is not None
        and (one.leads or one.accounts or (one.email and not person.email))
    }
    if not asked:
        return frozenset()
    return frozenset(
        one.subject
        for theirs in uow.rosters.identities(asked).values()
        if any(other.proved_at for other in theirs)
        for one in theirs
        if (one.door, one.realm) == (DOOR, context.realm) and not one.proved_at
    )


def _people(
    uow: UnitOfWork,
    context: ContextLink,
    listed: Sequence[Listed],
    before: Mapping[str, Person],
    claimed: Collection[str],
) -> tuple[dict[str, Person], frozenset[str]]:
    """The person of each subject; who is new is added, a name or an address that was lacking is filled in."""
    here, realm = context.institution, context.realm
    known, new = dict(before), dict[str, Person]()
    filled: list[Person] = []
    for one in listed:
        person = known.get(one.subject)
        if person is None:
            new[one.subject] = Person(PersonId(uow.new_id()), here, one.name or NAMELESS, one.email)
            continue
        # Letters to the address of somebody listed are not for whoever says to be them.
        address = None if one.subject in claimed else one.email
        if (address and not person.email) or (one.name and person.name in ("", NAMELESS)):
            person = replace(person, email=person.email or address, name=one.name or person.name)
            filled.append(person)
            known[one.subject] = person
    uow.rosters.fill(filled)
    identities = [Identity(here, DOOR, realm, subject, person.id) for subject, person in new.items()]
    if uow.rosters.add(list(new.values()), identities):
        known.update(new)
    else:
        for subject, person in uow.rosters.known(here, DOOR, realm, new).items():
            if person.id != new[subject].id:  # they came through the door at this very moment
                uow.people.merge(gone=new[subject].id, into=person.id)
            known[subject] = person
    return known, frozenset(new)


def _accounts(
    uow: UnitOfWork,
    context: ContextLink,
    listed: Sequence[Listed],
    people: Mapping[str, Person],
    claimed: Collection[str],
) -> None:
    """Propose the accounts that the roster names, unless the person is known to have them.

    Whoever says to be somebody listed is given no address with them.
    """
    naming = [one for one in listed if one.accounts]
    if not naming:
        return
    have = {
        (person, account.integration, account.account)
        for person, accounts in uow.rosters.accounts({people[one.subject].id for one in naming}).items()
        for account in accounts
    }
    proposed = [
        Account(context.institution, integration, account, people[one.subject].id, Proof.PROPOSED, address)
        for one in naming
        for address in [None if one.subject in claimed else one.email]
        for integration, account in (one.accounts or {}).items()
    ]
    uow.rosters.propose(
        [
            account
            for account in proposed
            if (account.person, account.integration, account.account) not in have
        ]
    )

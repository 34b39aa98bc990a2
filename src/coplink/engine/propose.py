"""Ask an institution's directory which account might be whose: proposals only, and each person at most once a day.

Everybody who is invited or joined and has no account yet is asked for alike, so that a "no" cannot be told from an
unanswered invitation. A directory in trouble never holds up seats and leavings: its error is handed back.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from coplink.core.people import Account, Person, Proof, Standing
from coplink.core.spaces import Space
from coplink.engine.outcome import Begin
from coplink.ports.directory import Directory, Found
from coplink.ports.errors import IntegrationError
from coplink.ports.storage import UnitOfWork

ASK_AGAIN = timedelta(days=1)


def propose(begin: Begin, directory: Directory, space: Space, now: datetime) -> IntegrationError | None:
    """Store what the directory proposes for a space's people; returns its error instead of raising it."""
    with begin() as uow:
        lacking = _lacking(uow, space, now)
    addresses = Counter(_address(person) for person in lacking)
    alone = [
        person for person in lacking if addresses[_address(person)] == 1
    ]  # one address, two people: no guess
    if not alone:
        return None
    try:
        hits = directory.find(sorted(_address(person) for person in alone))
    except IntegrationError as error:
        return error
    found: dict[str, Found] = {address.casefold(): hit for address, hit in hits.items()}
    with begin() as uow:
        known = uow.people.many(person.id for person in alone)
        # Of whom another says meanwhile to be, that one has a record with another address: it was not asked about.
        alone = [one for one in alone if one.id in known and _address(known[one.id]) == _address(one)]
        for person in alone:
            if (hit := found.get(_address(person))) is not None:
                # Also where somebody has proved the account already: perhaps the same human, who is asked then.
                uow.people.put_account(
                    Account(
                        space.institution,
                        space.integration,
                        hit.account,
                        person.id,
                        Proof.PROPOSED,
                        hit.address,
                    )
                )
        proposed = uow.people.accounts_on(space.institution, space.integration, [one.id for one in alone])
        missed = [one.id for one in alone if one.id not in proposed or proposed[one.id].proof is Proof.DENIED]
        uow.people.note_looked_up(space.institution, space.integration, missed, now)
        uow.commit()
    return None


def _lacking(uow: UnitOfWork, space: Space, now: datetime) -> list[Person]:
    keys = [
        m.person
        for m in uow.communities.memberships(space.community)
        if m.institution == space.institution and m.standing in (Standing.INVITED, Standing.JOINED)
    ]
    have = uow.people.accounts_on(space.institution, space.integration, keys)
    asked = uow.people.looked_up(space.institution, space.integration, now - ASK_AGAIN)
    known = {key for key, account in have.items() if account.proof is not Proof.DENIED}
    people = uow.people.many(key for key in keys if key not in known and key not in asked)
    return [person for person in people.values() if person.email]


def _address(person: Person) -> str:
    return (person.email or "").strip().casefold()

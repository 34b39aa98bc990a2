"""Let people of other institutions into a space as guests: on its admin's word, and on their own.

A platform gets the address of an account that they proved at their own school, never one that a course lists, and only
after they said yes (``engine.disclosures``). Each is asked for once; whoever is refused, or has a page to open yet, is
asked about again once a day. A refusal is told to the person and to whoever can change it, and holds nobody else up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from coplink.core.guests import ELSEWHERE, SHOW_ADDRESS, Guest
from coplink.core.people import AccountId, Membership, Person, PersonId, Standing
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import Turn
from coplink.engine import disclosures
from coplink.engine.attention import joined
from coplink.engine.outcome import Begin, Now
from coplink.ports.errors import Gone, IntegrationError, NeedsAttention, Reauthorize, Transient
from coplink.ports.guests import Guests, Invited
from coplink.ports.records import Notice
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork

ASK_AGAIN = timedelta(days=1)
BEING_KNOWN = say("The account as a guest is being made known over there; the seat follows by itself.")


def closed(port: Guests | None, space: Space) -> Said | None:
    """Why nobody of elsewhere comes in here, or None where they may."""
    return ELSEWHERE if port is None else port.takes(space.parts)


def let_in(
    begin: Begin, port: Guests, space: Space, turn: Turn, admin: str, now: Now
) -> IntegrationError | None:
    """Have those let in who may be and are not yet; returns what passes by itself instead of raising it."""
    if port.takes(space.parts) is not None:
        return None
    with begin() as uow:
        asked_anew = disclosures.outdated(uow, space)
        due = _due(uow, space, now())
        if not due:
            if _nobody_refused(uow, space) or asked_anew:
                uow.commit()
            return None
        disclosures.gives_out(uow, space, due, now())
        what = f"let in {' '.join(sorted(due))}"
        entry = uow.journal.open(turn, space.id, what, uow.new_id(), now())
        uow.commit()
    error: IntegrationError | None = None
    found: Mapping[str, Invited] = {}
    try:
        found = port.invite(sorted(due.values()), space.link or "")
    except (Transient, Gone, Reauthorize) as refusal:
        error = refusal
    except NeedsAttention as refusal:
        error, admin = refusal, refusal.who
        found = dict.fromkeys(due.values(), Invited(None, refused=refusal.message))
    except (
        IntegrationError
    ) as unclear:  # the row stays open; asked again, the platform tells how far they are
        return unclear
    with begin() as uow:
        shared = _shared(uow, space, due, found)
        for person, address in due.items():
            if address in found:
                one = Invited(None, refused=SHOW_ADDRESS) if person in shared else found[address]
                _keep(uow, space, person, address, one, now())
        _tell(uow, space, [one.refused for one in found.values() if one.refused], admin, now())
        anybody = any(one.account for one in found.values())
        uow.journal.close(entry, Done.CHANGED if anybody else Done.REFUSED, now())
        uow.commit()
    return error if not found else None


def not_known_yet(
    guests: Mapping[PersonId, Guest], outcomes: Mapping[AccountId, Done], now: datetime, lag: timedelta
) -> frozenset[AccountId]:
    """Guests who were refused a seat only because they were let in a moment ago."""
    return frozenset(
        guest.account
        for guest in guests.values()
        if guest.account is not None
        and guest.since is not None
        and now - guest.since <= lag
        and outcomes.get(guest.account) is Done.REFUSED
    )


def to_open(uow: UnitOfWork, person: Person) -> Sequence[Guest]:
    """The guest accounts of somebody who has a page to open yet, where they still take part; for their eyes only."""
    waiting = [guest for guest in uow.guests.of(person.id) if guest.account and guest.enter]
    if not waiting:
        return ()
    places = {
        (space.institution, space.integration)
        for community, membership in uow.communities.of_person(person.id)
        if membership.standing is Standing.JOINED
        for answers in (uow.guests.answers(community.id, person.id),)
        for space in uow.spaces.of(community.id)
        if space.state is SpaceState.READY and answers.get(space.institution)
    }
    return [guest for guest in waiting if (guest.institution, guest.integration) in places]


def _due(uow: UnitOfWork, space: Space, now: datetime) -> dict[PersonId, str]:
    """Whom to ask about, and their addresses; an address that two people have is no address.

    One by which somebody was let in stays theirs, whoever proves it later.
    """
    answers = uow.guests.answers_at(space.community, space.institution)
    joined_here: list[Membership] = [
        m
        for m in uow.communities.memberships(space.community)
        if m.standing is Standing.JOINED and m.institution != space.institution
    ]
    known = uow.guests.at(space.institution, space.integration, [m.person for m in joined_here])
    people = uow.people.many([m.person for m in joined_here if _asked_about(known.get(m.person), now)])
    shown = uow.guests.shown_at(space.community, space.institution)
    addresses = disclosures.addresses_of(uow, list(people.values()), shown)
    # Whoever has a page to open yet was let in by the address they had then.
    addresses |= {key: known[key].address for key in addresses if key in known and known[key].account}
    several = Counter([*addresses.values(), *(known[key].address for key in known.keys() - people.keys())])
    let = uow.guests.holding(space.institution, space.integration, addresses=filter(None, addresses.values()))
    theirs: dict[str, set[PersonId]] = {}
    for guest in let:
        theirs.setdefault(guest.address, set()).add(guest.person)
    return {
        key: address
        for key, address in addresses.items()
        if answers.get(key)
        and "@" in address
        and (key in theirs[address] if address in theirs else several[address] == 1)
    }


def _nobody_refused(uow: UnitOfWork, space: Space) -> bool:
    """Whether a notice about refusals was taken back, because nobody is left whom it is about."""
    about = f"guests:{space.id}"
    if not any(notice.about == about for notice in uow.records.notices(community=space.community)):
        return False
    answers = uow.guests.answers_at(space.community, space.institution)
    here = [m.person for m in uow.communities.memberships(space.community) if m.standing is Standing.JOINED]
    guests = uow.guests.at(space.institution, space.integration, [key for key in here if answers.get(key)])
    if any(guest.refused for guest in guests.values()):
        return False
    uow.records.clear_notices(space.community, about)
    return True


def _shared(
    uow: UnitOfWork, space: Space, due: Mapping[PersonId, str], found: Mapping[str, Invited]
) -> frozenset[PersonId]:
    """Who was given an account that is another's: two addresses may lead to one mailbox."""
    accounts = {key: found[address].account for key, address in due.items() if address in found}
    given = {key: account for key, account in accounts.items() if account is not None}
    let = uow.guests.holding(space.institution, space.integration, accounts=given.values())
    theirs: dict[AccountId | None, set[PersonId]] = {}
    for guest in let:
        theirs.setdefault(guest.account, set()).add(guest.person)
    several = Counter(given.values())
    return frozenset(
        key
        for key, account in given.items()
        if (key not in theirs[account] if account in theirs else several[account] > 1)
    )


def _asked_about(guest: Guest | None, now: datetime) -> bool:
    if guest is None:
        return True
    is_in = guest.account is not None and not guest.enter
    return not is_in and now - guest.asked_at >= ASK_AGAIN


def _keep(
    uow: UnitOfWork, space: Space, person: PersonId, address: str, found: Invited, now: datetime
) -> None:
    before = uow.guests.at(space.institution, space.integration, [person]).get(person)
    if before is not None and before.account is not None and found.account is None:
        # Whoever sits somewhere has been let in: a refusal is a fact about the asking, and takes no seat away.
        uow.guests.put(replace(before, refused=found.refused, asked_at=now))
        return
    same = before is not None and before.account == found.account
    since = before.since if same and before is not None else now
    uow.guests.put(
        Guest(
            space.institution,
            space.integration,
            person,
            address,
            found.account,
            found.enter,
            found.refused,
            asked_at=now,
            since=since if found.account else None,
        )
    )


def _tell(uow: UnitOfWork, space: Space, refused: list[Said], admin: str, now: datetime) -> None:
    about = f"guests:{space.id}"
    uow.records.clear_notices(space.community, about)
    if refused:
        sentences = sorted({str(said): said for said in refused}.items())
        said = sentences[0][1] if len(sentences) == 1 else joined([one for _, one in sentences])
        notice = Notice(
            uow.new_id(), space.institution, space.community, about, "guests_refused", said, admin, now
        )
        uow.records.raise_notice(notice)

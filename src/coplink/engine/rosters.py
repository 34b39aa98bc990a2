"""Read a roster: offer invitations, notice who has gone. Nobody is seated here, and nobody is removed."""

from __future__ import annotations

from dataclasses import replace

from coplink.core.arrival import RosterSourceAddress
from coplink.core.people import Account, CommunityId, Identity, InstitutionId, Person, PersonId, Proof, Role
from coplink.core.roster import Listed, Roster, suggest
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind, Turn
from coplink.engine.join import offer
from coplink.engine.outcome import Again, Begin, Now, Outcome, Settled
from coplink.ports.records import ContextLink, Report
from coplink.ports.rosters import RosterSource
from coplink.ports.storage import UnitOfWork

DOOR = "lti"
HALF_PAGE_AGAIN = 300.0


def read(begin: Begin, source: RosterSource, turn: Turn, now: Now) -> Outcome:
    """Read one context's roster and, in one transaction, offer what it suggests."""
    with begin() as uow:
        context = uow.communities.context(turn.target)
    if context is None or not context.roster:
        return Settled()
    roster = source.read(RosterSourceAddress(context.realm, context.roster))
    with begin() as uow:
        offered = _offer(uow, context, roster, now)
        known = uow.people.subjects(context.institution, DOOR, context.realm)
        invited = {m.person for m in uow.communities.memberships(_community(context))}
        here = frozenset(subject for subject, person in known.items() if person in invited)
        gone = suggest(roster, here).gone
        if roster.complete:
            uow.communities.put_context(replace(context, read_at=now()))
        if offered:
            for space in uow.spaces.of(_community(context)):
                if space.institution == context.institution and space.state is SpaceState.READY:
                    uow.work.mark(Kind.RECONCILE, space.id, context.community)
        counts = {"listed": len(roster.people), "no_longer_listed": len(gone)}
        uow.records.report(Report("read_roster", context.id, context.community, now(), counts))
        uow.commit()
    return Settled() if roster.complete else Again(HALF_PAGE_AGAIN)


def _offer(uow: UnitOfWork, context: ContextLink, roster: Roster, now: Now) -> int:
    offered = 0
    for listed in roster.people:
        person = _person(uow, context, listed)
        role = Role.CO_FACILITATOR if listed.leads else Role.MEMBER
        offered += offer(uow, _community(context), person, role, now())
    return offered


def _person(uow: UnitOfWork, context: ContextLink, listed: Listed) -> Person:
    institution = InstitutionId(context.institution)
    person = uow.people.by_identity(institution, DOOR, context.realm, listed.subject)
    if person is None:
        person = Person(PersonId(uow.new_id()), institution, listed.name or "—", listed.email)
        uow.people.put(person)
        uow.people.put_identity(Identity(institution, DOOR, context.realm, listed.subject, person.id))
        known = uow.people.by_identity(institution, DOOR, context.realm, listed.subject)
        if known is not None and known.id != person.id:  # they came through the door at this very moment
            uow.people.merge(gone=person.id, into=known.id)
            person = known
    elif (listed.email and not person.email) or (listed.name and person.name in ("", "—")):
        person = replace(person, email=person.email or listed.email, name=listed.name or person.name)
        uow.people.put(person)
    for integration, account in (listed.accounts or {}).items():
        if not any(a.account == account for a in uow.people.accounts(person.id)):
            uow.people.put_account(
                Account(institution, integration, account, person.id, Proof.PROPOSED, listed.email)
            )
    return person


def _community(context: ContextLink) -> CommunityId:
    return CommunityId(context.community)

"""Observe, plan, check and apply one space: the seats over there become those of the members who can be reached.

Always whole, from a fresh reading; an interrupted run is finished by the next. Journal row, call, result. What was
written and not yet visible, or is perhaps gone, leaves the space dirty until the platform's lag has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coplink.core.community import Community
from coplink.core.desired import Desired, desired_state, not_linked
from coplink.core.errors import DomainError, NotAllowed
from coplink.core.fit import fit
from coplink.core.people import Account, AccountId, Membership, Person, PersonId, Proof, Role, Standing
from coplink.core.plan import Change, Plan, diff
from coplink.core.policy import Policy, Tally, require_safe
from coplink.core.spaces import Observed, Seat, Space, SpaceId, SpaceState, Unreachable
from coplink.core.words import Said, say
from coplink.core.work import Turn
from coplink.engine.join import leave
from coplink.engine.outcome import Again, Begin, Now, Open, Outcome, Reach, Settled
from coplink.engine.provision import wait_for_lag
from coplink.ports.directory import Directory, Found
from coplink.ports.errors import IntegrationError, OutcomeUnknown
from coplink.ports.records import Happening, Report
from coplink.ports.seats import BatchResult, Done, Seats
from coplink.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Known:
    """What coplink knows about one space before it plans."""

    space: Space
    community: Community
    memberships: Sequence[Membership]
    people: dict[PersonId, Person]
    accounts: dict[PersonId, Account]
    desired: Desired


def reconcile(begin: Begin, open_connection: Open, policy: Policy, turn: Turn, now: Now) -> Outcome:
    """Bring one space's seats up to date. Raises ``UnsafePlan`` when a person must be asked first."""
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        if space is None or space.state is not SpaceState.READY:
            return Settled()
        reach = open_connection(uow, space.connection)
    seats = reach.connection.seats
    if seats is None:
        return Settled()
    if reach.connection.directory is not None:
        _propose(begin, reach.connection.directory, space)
    observed = seats.read(space.parts)
    known, plan = _look(begin, space, reach, observed, now)
    if plan.departures:
        _departed(begin, known, reach, plan.departures, now)
        known, plan = _look(begin, space, reach, observed, now)
    with begin() as uow:
        tally = tally_of(uow, space, now())
    require_safe(plan, policy, tally)
    done = _apply(begin, seats, turn, known, plan, reach, now)
    reasons = dict(known.desired.unreachable)
    with begin() as uow:
        people_of = {account.account: person for person, account in known.accounts.items()}
        reasons.update({people_of[a]: said for a, said in done.reasons.items() if a in people_of})
        uow.spaces.put_unreachable(space.id, [Unreachable(p, said) for p, said in sorted(reasons.items())])
        counts = {outcome.value: sum(o is outcome for o in done.outcomes.values()) for outcome in Done}
        counts |= {"seats": len(plan.after), "held": len(plan.held), "unlisted": len(plan.unlisted)}
        uow.records.report(Report("reconcile", space.id, space.community, now(), counts))
        uow.commit()
    unsure = plan.waiting or Done.UNKNOWN in done.outcomes.values() or not observed.complete
    unseen = any(outcome is Done.CHANGED for outcome in done.outcomes.values())
    return Again(wait_for_lag(reach.lag)) if unsure or unseen else Settled()


def wanted(uow: UnitOfWork, space: Space, reach: Reach) -> Known:
    """What coplink knows and wants for a space; reads only, so that a page or the command line can show a plan."""
    community = uow.communities.get(space.community)
    if community is None:
        raise DomainError(say("That community is not known."))
    memberships = list(uow.communities.memberships(space.community))
    keys = [m.person for m in memberships]
    people = dict(uow.people.many(keys))
    memberships = [m for m in memberships if m.person in people]
    accounts = dict(uow.people.accounts_on(space.institution, space.integration, keys))
    desired = desired_state(
        space,
        memberships,
        people,
        accounts,
        opening=not_linked(reach.manifest.door_name),
        elsewhere=say("This place belongs to another institution; their own places are listed beside it."),
    )
    desired, _ = fit(desired, reach.manifest.roles)
    return Known(space, community, memberships, people, accounts, desired)


def tally_of(uow: UnitOfWork, space: Space, now: datetime) -> Tally:
    """What this institution already lost today, and how many seats are kept there."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Tally(uow.journal.removed_since(space.institution, midnight), uow.ledger.kept(space.institution))


def _look(begin: Begin, space: Space, reach: Reach, seen: Observed, now: Now) -> tuple[Known, Plan]:
    with begin() as uow:
        gone = uow.ledger.saw(space.id, seen, now(), reach.lag)
        observed = Observed(seen.seats, seen.complete, gone)
        remembered = uow.ledger.remembered(space.id, now(), reach.lag)
        known = wanted(uow, space, reach)
        uow.commit()
    return known, diff(space.id, known.desired, observed, remembered)


def _propose(begin: Begin, directory: Directory, space: Space) -> None:
    """Ask the institution's directory which account might be whose, for those who have none; proposals only."""
    with begin() as uow:
        memberships = [
            m
            for m in uow.communities.memberships(space.community)
            if m.institution == space.institution and m.standing in (Standing.INVITED, Standing.JOINED)
        ]
        keys = [m.person for m in memberships]
        have = uow.people.accounts_on(space.institution, space.integration, keys)
        lacking = [p for p in uow.people.many(k for k in keys if k not in have).values() if p.email]
    asked = sorted({person.email.strip().casefold() for person in lacking if person.email})
    if not asked:
        return
    found: dict[str, Found] = {k.casefold(): v for k, v in directory.find(asked).items()}
    with begin() as uow:
        for person in lacking:
            hit = found.get((person.email or "").strip().casefold())
            shared = sum(
                (p.email or "").strip().casefold() == (person.email or "").strip().casefold() for p in lacking
            )
            if hit is None or shared != 1:  # two people with one address: never a guess
                continue
            held = uow.people.holding(space.institution, space.integration, hit.account)
            if not any(h.proof is Proof.PROVED for h in held):
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
        uow.commit()


def _departed(begin: Begin, known: Known, reach: Reach, gone: frozenset[AccountId], now: Now) -> None:
    """Someone left, or was removed by hand, over there: the membership ends everywhere and is not brought back."""
    owners = {account.account: person for person, account in known.accounts.items()}
    with begin() as uow:
        for account in sorted(gone):
            person = known.people.get(owners[account]) if account in owners else None
            if person is None:
                continue
            try:
                leave(uow, known.community, person, now(), place=reach.manifest.title)
            except (DomainError, NotAllowed) as error:  # the last facilitator: the community is told instead
                uow.records.say(
                    Happening(known.community.id, known.space.institution, now(), person.id, error.message)
                )
            uow.ledger.forget(known.space.id, [account])
        uow.commit()


@dataclass
class _Done:
    """The outcomes of all batches of one run."""

    outcomes: dict[AccountId, Done]
    reasons: dict[AccountId, Said]


def _apply(begin: Begin, seats: Seats, turn: Turn, known: Known, plan: Plan, reach: Reach, now: Now) -> _Done:
    done = _Done({}, {})
    for phase in sorted({change.phase for change in plan.changes}):
        changes = [change for change in plan.changes if change.phase is phase]
        for batch in batched_changes(changes, reach.manifest.limits.batch):
            result = _write(begin, seats, turn, known, batch, now)
            done.outcomes.update(result.outcomes)
            done.reasons.update(result.reasons)
    return done


def batched_changes(changes: Sequence[Change], size: int) -> Sequence[Sequence[Change]]:
    """Changes in lots of at most ``size``."""
    return [changes[n : n + size] for n in range(0, len(changes), max(size, 1))]


def _write(
    begin: Begin, seats: Seats, turn: Turn, known: Known, batch: Sequence[Change], now: Now
) -> BatchResult:
    space = known.space
    removing = batch[0].after is None
    with begin() as uow:
        what = "remove " if removing else "seat "
        entry = uow.journal.open(
            turn, space.id, what + " ".join(c.account for c in batch), uow.new_id(), now()
        )
        uow.ledger.intend(space.id, batch, now())
        uow.commit()
    try:
        if removing:
            result = seats.remove(space.parts, [c.account for c in batch])
        else:
            result = seats.put(space.parts, [Seat(c.account, c.after or Role.MEMBER) for c in batch])
    except OutcomeUnknown:
        raise  # the rows stay intended: the next look decides
    except IntegrationError:
        with begin() as uow:
            for change in batch:
                uow.ledger.record(space.id, change, Done.REFUSED, now())
            uow.journal.close(entry, Done.REFUSED, now())
            uow.commit()
        raise
    with begin() as uow:
        for change in batch:
            uow.ledger.record(space.id, change, result.outcomes.get(change.account, Done.UNKNOWN), now())
        removed = sum(
            result.outcomes.get(c.account) is Done.CHANGED and c.account not in known.desired.farewells
            for c in batch
            if removing
        )
        if removed:
            uow.journal.note_removed(space.institution, removed, now())
        unknown = Done.UNKNOWN in result.outcomes.values()
        uow.journal.close(entry, Done.UNKNOWN if unknown else Done.CHANGED, now())
        uow.commit()
    return result

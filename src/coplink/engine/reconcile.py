"""Observe, plan, check and apply one space: the seats over there become those of the members who can be reached.

Always whole, from a fresh reading; an interrupted run is finished by the next. What people asked for themselves is done
first, whatever else is in the way; before that only those are seated who take over from one who led. In a space that
rests, or is not ready, nothing else is done. What was written and is not yet
visible, or is perhaps gone, leaves the space dirty until the platform's lag has passed. Where the ledger was lost,
people are seated and nothing is taken from anybody until the place was read twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from coplink.core.errors import DomainError, NotAllowed
from coplink.core.guests import TAKEN_OUT
from coplink.core.people import AccountId, Standing
from coplink.core.plan import GONE_UNSEEN, Plan, diff
from coplink.core.policy import Policy
from coplink.core.spaces import Doubt, Observed, Space, SpaceId, SpaceState, Unreachable
from coplink.core.words import say
from coplink.core.work import Turn
from coplink.engine import ahead, plans, succession
from coplink.engine.absences import ask_after, asked_after
from coplink.engine.attention import FACILITATOR, joined
from coplink.engine.farewells import still_there
from coplink.engine.guests import BEING_KNOWN, let_in, not_known_yet
from coplink.engine.join import leave
from coplink.engine.known import Known, observe, still_wanting, wanted
from coplink.engine.outcome import Again, Begin, Now, Open, Outcome, Reach, Settled
from coplink.engine.propose import propose
from coplink.engine.provision import wait_for_lag
from coplink.engine.replaced import once_seated
from coplink.engine.seating import GaveWay, Writer, Written
from coplink.ports.errors import IntegrationError, LimitReached, OutcomeUnknown, Unavailable
from coplink.ports.guests import guests_of
from coplink.ports.records import Notice, Report
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork

ROOM_FOR_ALL = 500  # no place of any platform holds fewer


def reconcile(begin: Begin, open_connection: Open, policy: Policy, turn: Turn, now: Now) -> Outcome:
    """Bring one space's seats up to date. Raises ``UnsafePlan`` when a person must be asked first.

    A directory in trouble, half a listing and lost answers are raised at the end, when all that could be done is done.
    """
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        if space is None or not (space.state is SpaceState.READY or space.only_farewells):
            return Settled()
        reach = open_connection(uow, space.connection)
        resting = space.only_farewells
        seats, directory = reach.connection.seats, reach.connection.directory
        if seats is None or (resting and not _leaving(uow, space, reach, now())):
            return Settled()
    written = Written()

    def goes() -> bool:
        return ahead.somebody_goes(begin, turn, now)

    if not resting and ahead.let_go(begin, seats, space, reach, turn, now, written) and goes():
        return ahead.later(begin, turn)
    trouble = propose(begin, directory, space, now()) if directory is not None and not resting else None
    welcoming = guests_of(reach.connection)
    if welcoming is not None and not resting:
        trouble = let_in(begin, welcoming, space, turn, reach.manifest.admin, now) or trouble
    observed, silent = asked_after(begin, seats, space, reach, seats.read(space.parts), now())
    trouble = silent or trouble
    observed, doubt = _observe(begin, space, reach, observed, now)
    known, plan = _plan(begin, space, reach, observed, frozenset(), now)
    if doubt is Doubt.HELD:
        plan = plan.adopt_only()
    elif lacking := _ended(begin, space, reach, known, observed, now):
        seen, silent = ask_after(seats, space, observed, lacking)
        trouble = silent or trouble
        if seen != observed:
            observed = seen
            known, plan = _plan(begin, space, reach, observed, frozenset(), now)
        if observed.complete:
            _forget_ended(begin, known, lacking - observed.seats.keys())
    addresses = known.addresses({change.account for change in plan.changes})
    batch = reach.manifest.limits.batch
    still = once_seated(known.desired.instead, plan, written, still_wanting(known))
    writer = Writer(begin, seats, turn, space, plan.farewells, batch, now, addresses, reach.lag, still)
    leaving = plan.goodbyes
    if plan.succeeding:
        observed = succession.seat(
            plan, observed, writer, written, lambda: not resting and _full(reach, space, plan) is None
        )
    succession.warn(begin, known, reach, observed, succession.leaders_go(plan), now)
    writer.write(leaving, written)
    if resting:
        _in_doubt(space, written)
        return Again(wait_for_lag(reach.lag)) if leaving or doubt is Doubt.HELD else Settled()
    if plan.succeeding:
        plans.ahead_of_farewells(begin, plan, written)
        known, plan = _plan(begin, space, reach, observed, frozenset(), now)
    approved = plans.consider(begin, known, plan, policy, reach.manifest.title, now)
    kept: frozenset[AccountId] = frozenset()
    asked = frozenset(plan.asking)
    if plan.departures:
        kept = _departed(begin, known, reach, plan.departures, now)
        left = plan.departures - kept
        succession.warn(begin, known, reach, observed, succession.leaders_went(known, left), now)
        known, plan = _plan(begin, space, reach, observed, kept, now)
    # What came up since the plan was judged waits for the next run, which judges it.
    rest = [change for change in plan.asking if change in asked]
    try:
        full = _full(reach, space, plan)
        here = rest if full is None else [change for change in rest if change.before is not None]
        writer.write(here, written, goes)
    except (IntegrationError, GaveWay) as ended:
        if approved:
            plans.left_to_do(begin, space.id, rest, kept, written)
        if isinstance(ended, GaveWay):
            return ahead.later(begin, turn)
        raise
    if approved:
        plans.carried_out(begin, space, reach.manifest.title, now)
    late = not_known_yet(known.guests, written.outcomes, now(), reach.lag)
    written.reasons.update(dict.fromkeys(late, BEING_KNOWN))
    if plan.out:
        guests = known.guests_here
        written.reasons.update({a: TAKEN_OUT if a in guests else GONE_UNSEEN for a in plan.out})
    _report(begin, known, plan, observed, written, bool(kept), now)
    if full is not None:
        raise full
    if trouble is not None:
        raise trouble
    if not observed.complete:
        raise Unavailable(say("The list of people came only in part."), f"half a listing of {space.id}")
    _in_doubt(space, written)
    unseen = any(outcome is Done.CHANGED for outcome in written.outcomes.values())
    more = plan.waiting or unseen or late or doubt is Doubt.HELD or len(rest) < len(plan.asking)
    return Again(wait_for_lag(reach.lag)) if more else Settled()


def _observe(
    begin: Begin, space: Space, reach: Reach, observed: Observed, now: Now
) -> tuple[Observed, Doubt]:
    with begin() as uow:
        found = observe(uow, space, reach, observed, now())
        uow.commit()
    return found


def _leaving(uow: UnitOfWork, space: Space, reach: Reach, now: datetime) -> bool:
    """Whether somebody who asked to go may still sit there, in a place that was whole once or is now."""
    was_whole = space.state is SpaceState.ARCHIVED or space.archived_at is not None
    return (was_whole or set(reach.manifest.steps) <= space.parts.keys()) and bool(
        still_there(uow, space, now)
    )


def _in_doubt(space: Space, written: Written) -> None:
    if Done.UNKNOWN in written.outcomes.values():
        raise OutcomeUnknown(f"some seats of {space.id} are in doubt")


def _full(reach: Reach, space: Space, plan: Plan) -> LimitReached | None:
    """What to say where more people would sit than the place holds; None where there is room for everybody.

    The place itself is asked only where it may be too small, since that costs a call.
    """
    count, most, spaces = len(plan.after), reach.manifest.limits.seats, reach.connection.spaces
    if count <= min(most, ROOM_FOR_ALL) or all(change.before is not None for change in plan.changes):
        return None
    facts = spaces.describe(space.parts) if spaces is not None else None
    most = facts.seats if facts is not None and facts.seats is not None else most
    if count <= most:
        return None
    said = say(
        "{place} holds at most {most} people here, and {count} would sit there. Nobody was added.",
        place=reach.manifest.title,
        most=most,
        count=count,
    )
    instead = facts.more if facts is not None else None
    way = instead or say("Make a second community, or remove people who no longer take part.")
    return LimitReached(joined([said, way]), reach.manifest.admin, f"{count} seats of {most} in {space.id}")


def _plan(
    begin: Begin, space: Space, reach: Reach, observed: Observed, kept: frozenset[AccountId], now: Now
) -> tuple[Known, Plan]:
    """What to do now; ``kept`` are members who were removed over there and could not leave: not put back."""
    with begin() as uow:
        remembered = uow.ledger.remembered(space.id, now(), reach.lag)
        known = wanted(uow, space, reach)
    desired = known.desired
    if kept:
        seats = {account: role for account, role in desired.seats.items() if account not in kept}
        desired = replace(desired, seats=seats)
    return known, diff(space.id, desired, observed, remembered)


def _ended(
    begin: Begin, space: Space, reach: Reach, known: Known, observed: Observed, now: Now
) -> frozenset[AccountId]:
    """Seats of ours that nobody wants and that seem to be there no more, however they ended.

    Were they kept in mind, whoever comes back later would look like somebody who has just left. A place in which nobody
    sits any more, where somebody should, proves nothing: it may be a wrong reading. Nor need anybody of the place's own
    institution be kept out who does not belong any more.
    """
    if not observed.complete:
        return frozenset()
    with begin() as uow:
        remembered = uow.ledger.remembered(space.id, now(), reach.lag)
    if not observed.seats and not remembered.ours.isdisjoint(known.desired.seats.keys()):
        return frozenset()
    elsewhere = (remembered.fresh, known.desired.seats, observed.seats)
    ended = frozenset(a for a in remembered.ours if not any(a in some for some in elsewhere))
    return ended | _own_who_went(known, remembered.out - observed.seats.keys())


def _own_who_went(known: Known, out: frozenset[AccountId]) -> frozenset[AccountId]:
    """Of these, who are out, the accounts of those of the place's own institution who do not take part."""
    if not out:
        return out
    home, joined = known.space.institution, Standing.JOINED
    away = {m.person for m in known.memberships if m.institution == home and m.standing is not joined}
    theirs = {one.account for key, some in known.accounts.items() if key in away for one in some}
    return frozenset(a for a in out & theirs if a not in known.desired.seats)


def _forget_ended(begin: Begin, known: Known, ended: frozenset[AccountId]) -> None:
    """Whoever had these seats may come back; but a guest whom somebody took out stays out, whatever they answer now."""
    joined = {one.person for one in known.memberships if one.standing is Standing.JOINED}
    guests = {one.account for key, one in known.guests.items() if key in joined}
    with begin() as uow:
        uow.ledger.take_out(known.space.id, ended & guests)
        uow.ledger.forget(known.space.id, ended - guests)
        uow.commit()


def _departed(
    begin: Begin, known: Known, reach: Reach, gone: frozenset[AccountId], now: Now
) -> frozenset[AccountId]:
    """Someone left, or was removed by hand, over there: the membership ends everywhere and is not brought back.

    Returns the accounts of those whose membership cannot end so: the last facilitator, for whom a notice is raised.
    """
    owners = {one.account: person for person, several in known.accounts.items() for one in several}
    kept, left = set(), 0
    with begin() as uow:
        for account in sorted(gone):
            person = uow.people.get(owners[account]) if account in owners else None
            try:
                if person is not None:
                    leave(uow, known.community, person, now(), place=reach.manifest.title)
                    left += 1
            except (DomainError, NotAllowed):
                kept.add(account)
                uow.records.raise_notice(_not_without(uow, known, reach, now()))
            else:
                uow.ledger.forget(known.space.id, [account])
        if left:
            uow.journal.note_removed(known.space.institution, left, now())
        uow.commit()
    return frozenset(kept)


def _not_without(uow: UnitOfWork, known: Known, reach: Reach, now: datetime) -> Notice:
    said = say(
        "A facilitator was removed in {place}. The community needs one: hand over, or ask to be let in again there.",
        place=reach.manifest.title,
    )
    about = f"facilitator:{known.space.id}"
    # Since when it is so, however often it is found again: others may take it on after a while (``handing_over``).
    since = [n.at for n in uow.records.notices(community=known.community.id) if n.about == about]
    return Notice(
        uow.new_id(),
        known.space.institution,
        known.community.id,
        about,
        "facilitator_removed",
        said,
        FACILITATOR,
        min(since, default=now),
    )


def _report(
    begin: Begin,
    known: Known,
    plan: Plan,
    observed: Observed,
    written: Written,
    lost_facilitator: bool,
    now: Now,
) -> None:
    space = known.space
    reasons = dict(known.desired.unreachable)
    if written.reasons:
        # An older account that could not be taken away is no reason why somebody does not sit.
        people_of = {a: person for a, person in known.people_of.items() if a not in known.desired.instead}
        reasons.update({people_of[a]: said for a, said in written.reasons.items() if a in people_of})
    counts = {outcome.value: sum(o is outcome for o in written.outcomes.values()) for outcome in Done}
    counts |= {"seats": len(plan.after), "held": len(plan.held), "unlisted": len(plan.unlisted)}
    with begin() as uow:
        uow.spaces.put_unreachable(space.id, [Unreachable(p, said) for p, said in sorted(reasons.items())])
        if not lost_facilitator:
            uow.records.clear_notices(known.community.id, f"facilitator:{space.id}")
        succession.clear(uow, known, plan, observed, written)
        uow.ledger.count(space.id)
        uow.records.report(Report("reconcile", space.id, space.community, now(), counts))
        uow.commit()

"""Plans too dangerous to carry out unasked: shown in sentences, approved by their digest, carried out once.

What is kept is for people's eyes. An approval opens the way to a plan of the same digest from a fresh reading, within
a day; any other plan makes it void, and is kept in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coplink.core.errors import StalePlan, UnsafePlan
from coplink.core.people import AccountId, Person, PersonId, Standing
from coplink.core.plan import Change, Plan, diff, digest_of
from coplink.core.policy import Policy, hazards
from coplink.core.spaces import Doubt, Space, SpaceId, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import Kind
from coplink.engine.absences import asked_after
from coplink.engine.known import Known, observe, tally_of, wanted
from coplink.engine.outcome import Begin, Now, Reach
from coplink.engine.seating import Written
from coplink.ports.plans import KeptPlan, Part, PlanLine
from coplink.ports.records import Happening
from coplink.ports.seats import Done, Seats
from coplink.ports.storage import UnitOfWork

APPROVED_FOR = timedelta(days=1)
CHANGED = say("Things have changed since somebody approved a plan, so nothing of it was done.")
STALE = say("Things have changed since this was shown: here is the plan as it is now. Nothing was approved.")
NOT_KEPT = say("No such plan waits. Show the plans of the community again: things may have changed.")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the next run would do, and everything that stops it."""

    known: Known
    plan: Plan
    hazards: tuple[Said, ...]
    lines: Sequence[PlanLine]
    waits: bool

    @property
    def leaving(self) -> int:
        """How many lose their seat because they asked for it."""
        return sum(change.after is None and self.plan.by_own_word(change) for change in self.plan.changes)


def draw(begin: Begin, reach: Reach, seats: Seats, space: Space, policy: Policy, now: datetime) -> Drawn:
    """The plan of one space from a fresh reading; nothing of it is kept. ``waits``: exactly this waits already."""
    observed, silent = asked_after(begin, seats, space, reach, seats.read(space.parts), now)
    if silent is not None:
        raise silent
    with begin() as uow:  # never committed
        observed, doubt = observe(uow, space, reach, observed, now)
        known = wanted(uow, space, reach)
        plan = diff(space.id, known.desired, observed, uow.ledger.remembered(space.id, now, reach.lag))
        if doubt is Doubt.HELD:
            plan = plan.adopt_only()
        found = hazards(plan, policy, tally_of(uow, space, now))
        kept = waiting(uow, space)
    return Drawn(known, plan, found, lines(known, plan), kept is not None and kept.digest == plan.digest)


def consider(begin: Begin, known: Known, plan: Plan, policy: Policy, title: str, now: Now) -> bool:
    """Whether a person approved exactly this plan; False also where nobody need be asked.

    Raises ``UnsafePlan`` with every hazard where somebody must be; the plan is kept then, and an approval is void.
    """
    space = known.space
    with begin() as uow:
        found = hazards(plan, policy, tally_of(uow, space, now()))
        kept = uow.plans.of(space.id, to_change=True)
        if not found:
            if kept is not None:
                uow.plans.drop(space.id)
                uow.commit()
            return False
        if kept is not None and _stands(kept, plan.digest, now()):
            return True
        void = kept is not None and kept.approved is not None
        if void:
            _tell(
                uow,
                space,
                "",
                say("The approved plan for {place} was not carried out: things had changed.", place=title),
                now(),
            )
        changed = void or (kept is not None and kept.changed and kept.digest == plan.digest)
        uow.plans.put(
            KeptPlan(
                space.id,
                space.institution,
                space.community,
                plan.digest,
                found,
                tuple(lines(known, plan)),
                now(),
                changed,
            )
        )
        uow.commit()
    raise UnsafePlan((CHANGED, *found) if changed else found)


def left_to_do(
    begin: Begin, space: SpaceId, rest: Sequence[Change], kept: Collection[AccountId], written: Written
) -> None:
    """A run of an approved plan was cut short: its approval is good for exactly what is left of it."""
    done = {a for a, outcome in written.outcomes.items() if outcome is not Done.REFUSED}
    left = [change for change in rest if change.account not in done]
    with begin() as uow:
        uow.plans.go_on(space, digest_of(space, left, kept))
        uow.commit()


def ahead_of_farewells(begin: Begin, plan: Plan, written: Written) -> None:
    """Who comes to lead was seated before somebody left: an approval of ``plan`` is good for exactly what is left."""
    sure = (Done.CHANGED, Done.ALREADY_SO)
    with begin() as uow:
        kept = uow.plans.of(plan.space)
        if kept is None or kept.approved != plan.digest:
            return
        left = [change for change in plan.asking if written.outcomes.get(change.account) not in sure]
        uow.plans.go_on(plan.space, digest_of(plan.space, left, plan.departures))
        uow.commit()


def carried_out(begin: Begin, space: Space, title: str, now: Now) -> None:
    """The approval was used, and is no more."""
    with begin() as uow:
        uow.plans.drop(space.id)
        _tell(uow, space, "", say("The approved plan for {place} was carried out.", place=title), now())
        uow.commit()


def approve(
    uow: UnitOfWork, space: Space, digest: str, person: Person | None, title: str, now: datetime
) -> None:
    """A person (None: whoever has the command line) says yes to exactly this plan; again is no act.

    Whether they may is asked by who calls. Raises ``StalePlan`` where no such plan waits.
    """
    kept = waiting(uow, space)
    if kept is None or kept.digest != digest:
        raise StalePlan(STALE if kept is not None else NOT_KEPT)
    by = person.id if person is not None else ""
    if not uow.plans.approve(space.id, digest, by, now):
        again = uow.plans.of(space.id)
        if again is None or again.approved is None:
            raise StalePlan(STALE)
        return
    parts = [line.part for line in kept.lines]
    values = {"place": title, "lose": parts.count(Part.LOSES), "left": parts.count(Part.LEFT)}
    said = say(
        "approved a plan for {place}: people who lose their seat: {lose}, who seem to have left: {left}",
        **values,
    )
    if person is None:
        said = say(
            "At the command line, somebody approved a plan for {place}: people who lose their seat: {lose}, who seem "
            "to have left: {left}",
            **values,
        )
    _tell(uow, space, by, said, now)
    uow.work.mark(Kind.RECONCILE, space.id, space.community)


def no_more(uow: UnitOfWork, space: Space) -> None:
    """A place that is put to rest or let go has no question any more."""
    uow.plans.drop(space.id)
    uow.records.clear_notices(space.community, f"{Kind.RECONCILE}:{space.id}")


def waiting(uow: UnitOfWork, space: Space) -> KeptPlan | None:
    """The plan that waits for a person; none in a place that rests or was let go."""
    return uow.plans.of(space.id) if space.state is SpaceState.READY else None


def lines(known: Known, plan: Plan) -> Sequence[PlanLine]:
    """Who would lose a seat, has left, would be seated or have another role, each with the reason."""
    whose = known.people_of

    def line(part: Part, account: AccountId, why: Said) -> PlanLine:
        return PlanLine(part, account, whose.get(account), why)

    found = [line(*_told(known, change, whose.get(change.account))) for change in plan.asking]
    left = say(
        "Was missing at two looks, one after the other: left, or was taken out by hand. It counts as leaving the "
        "community."
    )
    found += [line(Part.LEFT, account, left) for account in sorted(plan.departures)]
    order = list(Part)
    return sorted(found, key=lambda one: (order.index(one.part), one.account))


def _told(known: Known, change: Change, person: PersonId | None) -> tuple[Part, AccountId, Said]:
    if change.after is None:
        return Part.LOSES, change.account, _why(known, person)
    if change.before is None:
        return Part.SEATED, change.account, say("Joined, and has no seat there yet.")
    leads = say("Leads the community now.") if change.after.leads else say("Does not lead the community now.")
    return Part.ROLE, change.account, leads


def _why(known: Known, person: PersonId | None) -> Said:
    if person is None:
        return say("Nobody of the community says that this account is theirs.")
    if person in known.desired.unreachable:
        return known.desired.unreachable[person]
    joined = {m.person for m in known.memberships if m.standing is Standing.JOINED}
    if person in joined:
        return say("Sits there with another account now.")
    return say("Does not take part in the community.")


def _stands(kept: KeptPlan, digest: str, now: datetime) -> bool:
    if kept.approved != digest or kept.approved_at is None:
        return False
    return now - kept.approved_at <= APPROVED_FOR


def _tell(uow: UnitOfWork, space: Space, by: str, said: Said, now: datetime) -> None:
    uow.records.say(Happening(space.community, space.institution, now, by, said))

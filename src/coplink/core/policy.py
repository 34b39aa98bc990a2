"""When a plan is too dangerous to carry out without a person.

The limits concern what people did not ask for themselves: a farewell is never a hazard. Percentages alone fail in
small spaces, numbers alone in large ones, and per-space rules let many spaces lose two people each; hence three. A
space in which nobody sits any more, where there were people, is always a hazard: it may be a wrong reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from coplink.core.errors import UnsafePlan
from coplink.core.plan import Phase, Plan
from coplink.core.words import Said, say


@dataclass(frozen=True, slots=True)
class Policy:
    """How much may go without asking: per space, per institution and day, and of all seats kept there."""

    least: int = 2
    share_of_space: float = 0.10
    per_day: int = 25
    share_of_all: float = 0.05


@dataclass(frozen=True, slots=True)
class Tally:
    """What an institution's spaces already lost today, and how many seats coplink keeps there."""

    removed_today: int = 0
    kept: int = 0


def hazards(plan: Plan, policy: Policy, tally: Tally) -> tuple[Said, ...]:
    """Every reason to stop, as sentences; empty when the plan may be carried out."""
    found: list[Said] = []
    gone, seats, lost = len(plan.removals), len(plan.have), len(plan.removals) + len(plan.departures)
    most = max(policy.least, int(seats * policy.share_of_space))
    if gone > most:
        found.append(say("It would remove {gone} of {seats} people at once.", gone=gone, seats=seats))
    if len(plan.departures) > most:
        found.append(say("{count} people seem to have left at once.", count=len(plan.departures)))
    if lost > most >= max(gone, len(plan.departures)):
        found.append(
            say("{count} people would lose their seat or seem to have left, all at once.", count=lost)
        )
    if lost and tally.removed_today + lost > policy.per_day:
        found.append(
            say("It would remove more than {count} people of this institution today.", count=policy.per_day)
        )
    if lost > policy.least and tally.removed_today + lost > max(
        policy.least, tally.kept * policy.share_of_all
    ):
        found.append(say("It would remove a large part of all seats coplink keeps for this institution."))
    if plan.departures and not seats:
        found.append(say("Nobody sits there any more, where there were people."))
    if gone and not plan.after:
        found.append(say("The space would be empty."))
    taken = gone or any(change.phase is Phase.STEP_DOWN for change in plan.asking)
    if taken and any(r.leads for r in plan.have.values()) and not any(r.leads for r in plan.after.values()):
        found.append(say("The space would have no facilitator."))
    if seats > 1 and gone == seats:
        found.append(say("Everyone would change at once."))
    return tuple(found)


def require_safe(plan: Plan, policy: Policy, tally: Tally) -> None:
    """Raise ``UnsafePlan`` with every hazard unless the plan may be carried out without asking."""
    if found := hazards(plan, policy, tally):
        raise UnsafePlan(found)

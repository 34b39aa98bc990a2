"""What a target can represent, and the compromises made where it cannot hold what was asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coplink.core.desired import Desired
from coplink.core.people import Role
from coplink.core.words import Said, say

_NEXT = {
    Role.FACILITATOR: (Role.FACILITATOR, Role.MEMBER),
    Role.CO_FACILITATOR: (Role.CO_FACILITATOR, Role.FACILITATOR, Role.MEMBER),
    Role.STEWARD: (Role.STEWARD, Role.MEMBER),
    Role.MEMBER: (Role.MEMBER,),
    Role.LISTENING_IN: (Role.LISTENING_IN, Role.MEMBER),
    Role.GUEST: (Role.GUEST, Role.LISTENING_IN, Role.MEMBER),
}


@dataclass(frozen=True, slots=True)
class Compromise:
    """A role that becomes another one over there, as a sentence for the facilitator."""

    asked: Role
    given: Role
    message: Said


def fit(desired: Desired, roles: frozenset[Role]) -> tuple[Desired, tuple[Compromise, ...]]:
    """Reduce the roles to those a space can hold, and say what was given instead."""
    seats = {account: _nearest(role, roles) for account, role in desired.seats.items()}
    made = sorted({(desired.seats[a], role) for a, role in seats.items() if desired.seats[a] is not role})
    compromises = tuple(
        Compromise(
            asked, given, say("“{asked}” becomes “{given}” there.", asked=asked.value, given=given.value)
        )
        for asked, given in made
    )
    return replace(desired, seats=seats), compromises


def becomes(role: Role, roles: frozenset[Role]) -> Role:
    """What one role becomes in a place that knows these."""
    return _nearest(role, roles)


def _nearest(role: Role, roles: frozenset[Role]) -> Role:
    return next((candidate for candidate in _NEXT[role] if candidate in roles), Role.MEMBER)

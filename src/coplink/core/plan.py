"""The difference between what is asked for and what is there, as ordered data.

| desired | remembered | observed | then                                                       |
|---------|------------|----------|------------------------------------------------------------|
| yes     | nothing    | no       | seat them                                                  |
| yes     | nothing    | yes      | came by hand: left as found; a member may be made facilitator |
| yes     | ours       | yes      | nothing, or a change of role                               |
| yes     | ours       | no       | waiting; gone beyond doubt: a departure                    |
| yes     | given      | no       | waiting, until it is seen, or they are out                 |
| yes     | fresh      | no       | waiting: the platform may not show it yet                  |
| yes     | unknown    | no       | once no longer fresh: seat them                            |
| yes     | unknown    | yes      | nothing; looked at again while fresh, which proves nothing |
| yes     | out        | no       | nothing: who left or was taken out over there stays out    |
| any     | raised     | yes      | as nothing; who leads there and is not to is lowered       |
| no      | ours       | yes      | remove them                                                |
| no      | unknown    | yes      | held: a person decides; removed if they left by their own word |
| no      | fresh      | no       | waiting: what we wrote may still appear                    |
| no      | nothing    | yes      | unlisted: left alone, may be invited                       |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from coplink.core.desired import Desired
from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Remembered, SpaceId
from coplink.core.words import say

GONE_UNSEEN = say(
    "coplink gave a seat here, and it is gone without a word here: it was left or taken away over there, so it is not "
    "given again unasked."
)


class Phase(IntEnum):
    """The order of changes: nobody is removed before those who replace them sit."""

    SEAT_FACILITATORS = 1
    SEAT_MEMBERS = 2
    REMOVE_MEMBERS = 3
    STEP_DOWN = 4
    REMOVE_FACILITATORS = 5


@dataclass(frozen=True, slots=True)
class Change:
    """One account's role before and after; None is absence."""

    account: AccountId
    before: Role | None
    after: Role | None

    @property
    def phase(self) -> Phase:
        """When this change is due, which follows from before and after."""
        if self.after is None:
            return Phase.REMOVE_FACILITATORS if self.before and self.before.leads else Phase.REMOVE_MEMBERS
        if self.after.leads:
            return Phase.SEAT_FACILITATORS
        return Phase.STEP_DOWN if self.before and self.before.leads else Phase.SEAT_MEMBERS


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do to one space.

    ``departures`` left over there beyond doubt; ``unlisted`` sit there and belong to nobody we seated; ``held`` would
    be removed if we knew they were ours; ``waiting`` is decided at a later look. ``out`` would sit there had they not
    left, or been taken out, over there.
    """

    space: SpaceId
    changes: tuple[Change, ...]
    have: Mapping[AccountId, Role]
    farewells: frozenset[AccountId]
    departures: frozenset[AccountId]
    unlisted: frozenset[AccountId]
    held: frozenset[AccountId]
    waiting: frozenset[AccountId]
    out: frozenset[AccountId] = frozenset()

    @property
    def removals(self) -> tuple[Change, ...]:
        """Those who lose their seat without having asked for it themselves."""
        return tuple(c for c in self.changes if c.after is None and c.account not in self.farewells)

    @property
    def after(self) -> Mapping[AccountId, Role]:
        """Who would sit there once the plan is carried out."""
        seats = dict(self.have)
        for change in self.changes:
            if change.after is None:
                seats.pop(change.account, None)
            else:
                seats[change.account] = change.after
        return seats

    @property
    def goodbyes(self) -> tuple[Change, ...]:
        """Those who give up the seat, or that coplink made them lead there, by their own word."""
        return tuple(c for c in self.changes if self.by_own_word(c))

    @property
    def succeeding(self) -> tuple[Change, ...]:
        """Those who come to lead, where somebody who leads says goodbye: before that, as it takes from nobody."""
        if not any(change.before and change.before.leads for change in self.goodbyes):
            return ()
        return tuple(change for change in self.changes if change.phase is Phase.SEAT_FACILITATORS)

    @property
    def asking(self) -> tuple[Change, ...]:
        """What a person may have to be asked about: all but what people asked for themselves, which is done first."""
        return tuple(c for c in self.changes if not self.by_own_word(c))

    def by_own_word(self, change: Change) -> bool:
        """Whether somebody asked for this by leaving: their seat goes, or that coplink made them lead there."""
        takes = change.after is None or change.phase is Phase.STEP_DOWN
        return takes and change.account in self.farewells

    @property
    def digest(self) -> str:
        """The name of exactly this plan, but for people's own leaving."""
        return digest_of(self.space, self.asking, self.departures)

    def adopt_only(self) -> Plan:
        """The same without anything that takes from anybody: for a space whose ledger was lost."""
        spared = {c.account for c in self.changes if c.after is None or c.phase is Phase.STEP_DOWN}
        return replace(
            self,
            changes=tuple(c for c in self.changes if c.account not in spared),
            departures=frozenset(),
            waiting=self.waiting | self.departures | spared,
        )


def digest_of(space: SpaceId, changes: Iterable[Change], departures: Collection[AccountId]) -> str:
    """The name of exactly these changes and departures: SHA-256, 16 hex digits."""
    rows = [[space], *([c.account, c.before, c.after] for c in changes), sorted(departures)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def diff(space: SpaceId, desired: Desired, observed: Observed, remembered: Remembered) -> Plan:
    """The plan that brings ``observed`` to ``desired`` without touching what is not surely ours."""
    have, ours, unknown = observed.seats, remembered.ours, remembered.unknown
    out = (remembered.out - have.keys()) & desired.seats.keys()
    want = {a: role for a, role in desired.seats.items() if a not in out} if out else desired.seats
    absent = {a for a in want if a not in have}
    departures = frozenset(a for a in absent & ours if observed.complete and a in observed.gone)
    unseen = (absent & remembered.fresh) | (absent & remembered.given)
    waiting = frozenset((absent & ours) | unseen) - departures
    waiting |= remembered.fresh - want.keys() - have.keys()
    if not observed.complete:
        waiting |= frozenset(absent & unknown)
    settled = departures | waiting
    changes = [Change(a, have.get(a), want[a]) for a in want if have.get(a) != want[a] and a not in settled]
    changes = [c for c in changes if c.phase is not Phase.STEP_DOWN or c.account in ours | remembered.raised]
    others = {a for a in have if a not in want}
    # A person's own word makes a doubtful seat ours to take away.
    parting = (others & ours) | (others & unknown & desired.farewells)
    changes += [Change(a, role, None) for a, role in have.items() if a not in want and a in parting]
    # The seat of whoever was raised is somebody else's making and stays; only that they lead goes with them.
    lowered = {a for a in (others - parting) & remembered.raised if have[a].leads}
    changes += [Change(a, have[a], Role.MEMBER) for a in lowered]
    strangers = frozenset(others - parting)
    # What is seen so soon may be an older listing, so somebody who goes from there later would not be noticed.
    waiting |= unknown & remembered.fresh & have.keys()
    return Plan(
        space,
        tuple(sorted(changes, key=lambda c: (c.phase, c.account))),
        have,
        desired.farewells - want.keys(),
        departures,
        unlisted=strangers - unknown,
        held=strangers & unknown,
        waiting=waiting,
        out=out,
    )

"""Promises about many at once: nobody goes unasked by the handful, a yes is for one plan, a lost ledger takes nothing.

Held against what rooms showed and what a person really approved, never against coplink's own counting.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coplink.campus.rooms import Room, Rooms
from coplink.core.people import AccountId
from coplink.core.spaces import Space
from coplink.ports.plans import KeptPlan, Part
from coplink.simulation.truth import Human, Word

if TYPE_CHECKING:
    from coplink.simulation.world import World

LEAST, SHARE = 2, 0.10
"""So many may seem to have left one place in a run before a person is asked: these, or this share of who sits there."""

GOOD_FOR = timedelta(days=1)


class Brakes:
    """Looks at memberships before and after each run over a place's seats."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._approved: dict[str, tuple[frozenset[AccountId], datetime]] = {}
        self._left: set[Human] = set()
        self._sat = 0

    def approved(self, space: Space, kept: KeptPlan, at: datetime) -> None:
        """A person said yes to this plan just now."""
        going = {line.account for line in kept.lines if line.part in (Part.LOSES, Part.LEFT)}
        self._approved[space.id] = frozenset(going), at

    def ledger_lost(self) -> None:
        """What coplink knew of its seats is gone, or older: with it, whom it knew to be taken out by hand."""
        world = self._world
        with world.house.services.begin() as uow:
            for (name, human), known in world.truth.acts.items():
                person = world.person(uow, human) if known.ever_out else None
                theirs = uow.communities.membership(world.key(name), person.id) if person else None
                if theirs is not None and theirs.standing == "left" and known.word is Word.JOINED:
                    known.ended_elsewhere = True
                known.taken_out = {at for at in known.ever_out if self._known(*at, human)}
        for houses in world.suites.values():
            for suite in houses.values():
                suite.lost()
                self._older(suite)

    def _older(self, suite: Rooms) -> None:
        """An older ledger may know a seat that was taken away meanwhile: nobody can tell that from a leaving.

        Where it was given and not seen yet, it is not given again.
        """
        world = self._world
        for remote, room in suite.boards():
            name = world.guardian.communities[room.marker.partition("/")[2]]
            for (community, human), known in world.truth.acts.items():
                here = community == name and human.institution == suite.institution
                if here and human.account not in room.seats and self._known(suite.name, remote, human):
                    if world.seat_state(suite, remote, human.account) == "put":
                        known.taken_out.add((suite.name, remote))
                    else:
                        known.ended_elsewhere = True

    def began(self, target: str) -> None:
        """A run over the seats of a place begins."""
        found = self._place(target)
        if found is not None:
            name, _, room = found
            self._left, self._sat = self._gone(name), len(room.seats)

    def ended(self, target: str) -> None:
        """I7, I14, I20: whose membership ended in it by no act of their own."""
        found = self._place(target)
        if found is None:
            return
        name, suite, room = found
        truth, now = self._world.truth, self._world.clock.now()
        lost = {h for h in self._gone(name) - self._left if truth.of(name, h).word is Word.JOINED}
        if not lost:
            return
        truth.effects["departures"] += len(lost)
        accounts = {human.account for human in lost if human.institution == suite.institution}
        may, at = self._approved.get(target, (frozenset(), now))
        asked = bool(may) and accounts <= may and now - at <= GOOD_FOR + timedelta(hours=1)
        if asked:
            truth.effects["approved"] += 1
            self._approved[target] = may - accounts, at
            return
        many = len(lost) > max(LEAST, int(self._sat * SHARE))
        if many and may:
            truth.broken("I20", f"{len(lost)} left {name} by {suite.name}, and another plan was approved")
        elif many:
            truth.broken("I7", f"{len(lost)} left {name} by {suite.name} at once, and nobody was asked")
        elif room.shown_last == 0:
            truth.broken("I14", f"{len(lost)} left {name} by {suite.name}, which showed nobody at all")

    def _known(self, suite: str, remote: str, human: Human) -> bool:
        """Whether the ledger holds a seat of theirs there."""
        houses = (suites for each in self._world.suites.values() for suites in each.values())
        there = next(one for one in houses if one.name == suite)
        return self._world.seat_state(there, remote, human.account) in ("seen", "put", "taken_out")

    def _gone(self, name: str) -> set[Human]:
        rows = self._world.house.sql(
            "SELECT DISTINCT institutions.name, identities.subject FROM memberships"
            " JOIN identities ON identities.person = memberships.person AND identities.door = 'lti'"
            " JOIN institutions ON institutions.id = memberships.institution"
            " WHERE memberships.community = ? AND memberships.standing = 'left'",
            self._world.key(name),
        )
        return {Human(str(institution), int(str(subject)[1:])) for institution, subject in rows}

    def _place(self, target: str) -> tuple[str, Rooms, Room] | None:
        words = "SELECT institutions.name, integration, marker FROM spaces JOIN institutions"
        rows = self._world.house.sql(
            f"{words} ON institutions.id = spaces.institution WHERE spaces.id = ?", target
        )
        if not rows:
            return None
        institution, integration, marker = map(str, rows[0])
        suite = self._world.suites[integration][institution]
        rooms = suite.marked(f"room/{marker}")
        return (self._world.guardian.communities[marker], suite, suite.rooms[rooms[0]]) if rooms else None

"""What befalls the machine: time, clocks, restarts, lost ledgers; and what suites and admins do about their doors."""

from __future__ import annotations

from datetime import timedelta

from coplink.core.work import Kind
from coplink.engine.sweep import due_by_time
from coplink.ports.jobs import Job
from coplink.simulation.acting import Weighted
from coplink.simulation.world import DAY, World

LEDGER = ("ledger", "seats")


class Mishaps:
    """Nothing of this is anybody's word about a community."""

    def __init__(self, world: World) -> None:
        self.world, self.draw = world, world.draw
        self._copy: dict[str, list[tuple[object, ...]]] = {}
        self.weighted: Weighted = [
            (8, self.time_passes),
            (2, self.days_pass),
            (1, self.the_clock_jumps),
            (2, self.calls_come),
            (1, self.restarts),
            (2, self.signs_in_again),
            (2, self.the_daily_round),
        ]
        if world.options.losses:
            self.weighted.append((1, self.loses_the_ledger))

    def time_passes(self) -> None:
        """Seconds or hours."""
        seconds = self.draw.choice((1, 20, 120, 400, 3600, 20_000))
        self.world.clock.pass_by(seconds=seconds)
        self.world.told(f"  {seconds} s pass")

    def days_pass(self) -> None:
        """A day, or a holiday."""
        days = self.draw.choice((1, 1, 3, 10))
        self.world.clock.pass_by(days=days)
        self.world.told(f"  {days} days pass")

    def the_clock_jumps(self) -> None:
        """The machine's clock is set back, or far ahead."""
        hours = self.draw.choice((-1, -1, 1, 30 * 24))
        self.world.clock.pass_by(hours=hours)
        self.world.told(f"  the clock jumps by {hours} h")

    def calls_come(self) -> None:
        """A suite calls: files or seats changed; twice, late, or for nothing."""
        if not self.world.options.hints:
            return
        with self.world.house.services.begin() as uow:
            spaces = [s for one in self.world.communities.values() for s in uow.spaces.of(one.id)]
        for _ in range(self.draw.choice((1, 1, 2, 5))):
            space = self.draw.choice(spaces)
            kind = self.draw.choice((Kind.COLLECT, Kind.RECONCILE))
            with self.world.house.services.begin() as uow:
                uow.work.mark(kind, space.id, space.community, urgent=False)
                uow.commit()
            self.world.house.jobs.hint(Job(f"hint:{kind}:{space.id}", kind, space.id, space.community))
        self.world.told("  suites call")

    def restarts(self) -> None:
        """The process is restarted; what was queued is lost."""
        self.world.house.restart()
        self.world.told("  coplink is restarted")

    def signs_in_again(self) -> None:
        """An admin signs in again where a sign-in had ended."""
        for houses in self.world.suites.values():
            for suite in houses.values():
                suite.signed_out = False

    def the_daily_round(self) -> None:
        """What time alone makes due."""
        due_by_time(self.world.house.services.begin, self.world.clock.now(), timedelta(minutes=10), DAY)
        if not self._copy:
            self._copy = {name: self.world.house.sql(f"SELECT * FROM {name}") for name in LEDGER}  # noqa: S608

    def loses_the_ledger(self) -> None:
        """The ledger is gone, or back to how it was at a daily round, marked as restored from a copy."""
        house, older = self.world.house, bool(self._copy) and self.draw.random() < 0.5
        for name in LEDGER:
            house.change(f"DELETE FROM {name}")  # noqa: S608
            for row in self._copy[name] if older else ():
                house.change(f"INSERT INTO {name} VALUES ({','.join('?' * len(row))})", *row)  # noqa: S608
        if older:
            house.know_less()
        self.world.brakes.ledger_lost()
        house.restart()
        self.world.told(f"  the ledger is {'as it was once' if older else 'lost'}")

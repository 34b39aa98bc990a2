"""One world from its seed to its end: agitate, heal, check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from coplink.simulation.checks import converged, quiet
from coplink.simulation.deeds import Deeds
from coplink.simulation.world import World

STEPS = 60
CYCLES = 3


@dataclass(frozen=True)
class Ended:
    """How a world ended: what was broken, what coplink wrote, which faults were reached, how often it died."""

    seed: int
    violations: tuple[str, ...]
    effects: Counter[str]
    faults: Counter[str]
    crashes: int
    state: str

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations


def live(seed: int, steps: int = STEPS, told: Callable[[str], None] = lambda _: None) -> Ended:
    """Let one world happen."""
    world = World(seed, told)
    told(f"seed {seed}: {world.options}")
    deeds = Deeds(world)
    world.weather.meanwhile = lambda: world.aside(deeds.meanwhile)
    for step in range(steps):
        told(f"step {step}, {world.clock.now():%Y-%m-%d %H:%M:%S}")
        deeds.one()
        if world.draw.random() < 0.6:
            world.work()
    heal(world, deeds)
    converged(world)
    quiet(world)
    converged(world)
    for violation in world.truth.violations:
        told(f"BROKEN {violation}")
    return Ended(
        seed,
        tuple(dict.fromkeys(world.truth.violations)),
        world.truth.effects,
        Counter({fault.value: count for fault, count in world.weather.reached.items()}),
        world.crashes,
        state_of(world),
    )


def heal(world: World, deeds: Deeds) -> None:
    """Fair weather, everybody signed in, all rosters whole; admins say yes to what waits; then three rounds."""
    world.told("the weather is fair")
    world.fair_weather()
    deeds.leading.wakes_what_rests()
    for _ in range(CYCLES):
        for _ in range(len(world.communities) * 4):
            deeds.acts.approves()
        world.a_day()


def state_of(world: World) -> str:
    """The end of a world in a line, to compare two lives of one seed."""
    parts = [
        f"{suite.name}/{remote}:{sorted(room.seats.items())}{len(room.files)}{sorted(room.series)}"
        for houses in world.suites.values()
        for suite in houses.values()
        for remote, room in sorted(suite.rooms.items())
    ]
    counts = [str(world.house.sql(f"SELECT count(*) FROM {table}")) for table in ("journal", "memberships")]  # noqa: S608
    return "\n".join([*parts, *counts, str(world.clock.now())])

"""Every point of an act at which a worker may die, one after the other, and what must be so each time afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.crash import acts
from tests.crash.house import House, Point

PATIENCE = 120.0


@dataclass
class Deaths:
    """What came of killing workers: at which points, and how long work was stuck at the most (seconds)."""

    points: list[Point] = field(default_factory=list)
    longest: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Beginning:
    """A moment from which an act begins, and how everything is when nobody dies."""

    house: House
    kept: Any
    told: Any = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.house.back_to(self.kept)
        began = time.monotonic()
        run(self.house)
        self.seconds = time.monotonic() - began
        self.told = self.house.town.told()
        assert self.house.town.writes() > 0, "nothing was to be done"
        assert after(self.house) == []
        assert a_round(self.house) == 0, "this act does not come to rest even when nobody dies"


def run(house: House, die: Point | None = None) -> bool:
    """A worker does what there is to do; whether it was killed before all was done."""
    struck: list[Point] = []
    with house.workers():
        knife = die if die and die[0] == "commit" else None
        worker = house.start(knife, alone=True)
        if die and die[0] == "call":

            def kill() -> None:
                struck.append(die)
                worker.kill()

            house.town.door.wait_for(die[1], die[2], kill)
        assert worker.dead(PATIENCE), f"it works for ever: {house.undone()}\n{house.log()}"
    died = bool(struck) or bool(knife and house.cut())
    assert died or not house.undone(), f"it ended by itself: {house.undone()}\n{house.log()}"
    return died


def killed_at(beginning: Beginning, point: Point, deaths: Deaths) -> bool:
    """Begin anew, die at this point, live on; False where the act was over before the point came."""
    house = beginning.house
    house.back_to(beginning.kept)
    if not run(house, point):
        return False
    killed = time.monotonic()
    run(house)
    stuck = time.monotonic() - killed
    deaths.points.append(point)
    deaths.longest = max(deaths.longest, stuck)
    wrong = after(house)
    wrong += differs(house.town.told(), beginning.told)
    if (writes := a_round(house)) != 0:
        wrong.append(f"the next round writes {writes} times")
    deaths.wrong += [f"{point}: {what}" for what in wrong]
    return True


def at_every(beginning: Beginning, kind: str, when: str, deaths: Deaths, step: int = 1) -> None:
    """Die at the first, the second, the third ... of a kind, until the act is over before."""
    number = 1
    while killed_at(beginning, (kind, number, when), deaths):
        number += step


def differs(told: Any, wanted: Any) -> list[str]:
    """What is on the platforms and should not be, or is not and should; a letter may be missing, never come twice."""
    letters, due = told["letters"], wanted["letters"]
    found = [] if len(set(letters)) == len(letters) and set(letters) <= set(due) else [f"letters: {letters}"]
    if len(letters) < len(due) - 1:
        found.append(f"of {len(due)} letters came {len(letters)}")
    return found + [
        f"{key}: {told[key]} instead of {wanted[key]}"
        for key in wanted
        if key != "letters" and told[key] != wanted[key]
    ]


def after(house: House, calm: bool = True) -> list[str]:
    """What is left open, or went wrong; where it was not ``calm`` a worker may have said that its line was cut."""
    found = [f"undone: {one}" for one in house.undone()]
    found += [f"open in the journal: {one}" for one in house.sql(OPEN)]
    found += [f"a notice: {one}" for one in house.sql("SELECT about, code FROM notices")]
    found += [f"no platform takes: {one}" for one in house.town.refused()]
    if calm and "Traceback" in house.log():
        found.append(house.log())
    return found


OPEN = "SELECT kind, what, opened_at FROM journal WHERE closed_at IS NULL"


def a_round(house: House) -> int:
    """How much is written when everything is looked at again."""
    house.town.clear()
    acts.round_again(house)
    acts.work_here(house)
    return house.town.writes()

"""The faults stop. How many rounds until all is as it should be, and then nothing may be written any more."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import NamedTuple

from coplink.simulation.checks import CALLS_OF_A_SPACE, converged
from coplink.simulation.every.stage import HOME, Expected, Stage

CYCLES = 3
SILENT = 2


class Ending(NamedTuple):
    """After how many rounds the last write or the last mistake was; what is still wrong, nothing where it is good."""

    cycles: int
    violations: tuple[str, ...]


def ended(stage: Stage, expected: Expected) -> Ending:
    """Fair weather, everybody signed in; at most three rounds, and two in which nothing is written."""
    stage.told("the faults stop")
    stage.fair_weather()
    wrong: tuple[str, ...] = ()
    asked = 0
    while stage.cycle - stage.last < SILENT and stage.cycle < CYCLES + SILENT:
        writes, calls = _counted(stage)
        stage.cycle += 1
        stage.step = -stage.cycle
        stage.a_day()
        wrote, calls = _counted(stage)[0] - writes, _counted(stage)[1] - calls
        wrong = wrong_in(stage, expected)
        stage.told(f"round {stage.cycle}: {wrote} writes, {calls} calls, {len(wrong)} wrong")
        if wrote or wrong:
            stage.last, asked = stage.cycle, 0
            wrong = wrong or ((f"I8: {wrote} writes in round {stage.cycle}",) if stage.cycle > CYCLES else ())
        else:
            asked += calls
        stage.rest()
    if stage.last <= CYCLES:
        wrong = ()
    with stage.house.services.begin() as uow:
        most = SILENT * CALLS_OF_A_SPACE * len(stage.spaces(uow))
    if asked > most:
        wrong = (*wrong, f"I18: {asked} calls in {SILENT} quiet rounds")
    return Ending(stage.last, tuple(dict.fromkeys([*stage.truth.violations, *wrong])))


def wrong_in(stage: Stage, expected: Expected) -> tuple[str, ...]:
    """What is not as it should be now; it may be in a while."""
    truth = stage.truth
    before, acts = len(truth.violations), deepcopy(truth.acts)
    converged(stage)
    found = Counter(truth.violations[before:])
    del truth.violations[before:]
    if found:
        truth.acts = acts
    missing = [f"not so: {said}" for said in (expected.but - found).elements()]
    return (*(found - expected.but).elements(), *missing, *_held(stage), *expected.wrong(stage))


def _held(stage: Stage) -> list[str]:
    """A place in which a person is asked first would not be judged: here none may come to that."""
    with stage.house.services.begin() as uow:
        notices = uow.records.notices(community=stage.key(HOME))
    return [f"I4: {one.about} waits for a person" for one in notices if one.code == "unsafe_plan"]


def _counted(stage: Stage) -> tuple[int, int]:
    suites = [suite for houses in stage.suites.values() for suite in houses.values()]
    return sum(suite.writes for suite in suites), sum(suite.calls for suite in suites)

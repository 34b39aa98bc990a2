"""Platforms that outlive every worker, and a process that bears workers; both are shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.crash import acts
from tests.crash.house import House, Mother
from tests.crash.town import Town

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    made = Town()
    yield made
    made.close()


@pytest.fixture(scope="module")
def mothers() -> Iterator[Callable[[str], Mother]]:
    """A mother for workers that speak to one platform."""
    made: dict[str, Mother] = {}

    def mother(platform: str) -> Mother:
        if platform not in made:
            made[platform] = Mother(f"coplink_{platform}.connection")
        return made[platform]

    yield mother
    for one in made.values():
        one.close()


class Ready:
    """A community on one platform: as it is about to be made (``made``), and after each further act."""

    def __init__(self, house: House, platform: str) -> None:
        self.house = house
        house.back_to(house.empty)
        acts.settle_in(house, (platform,))
        self.community = acts.founds(house, (platform,))
        self._kept: dict[str, Any] = {"made": house.keep()}
        acts.work_here(house)
        acts.joins(house, self.community, 1)
        acts.work_here(house)
        self._begun = house.keep()

    def after(self, act: str) -> Any:
        """The moment after which the workers begin."""
        if act not in self._kept:
            self.house.back_to(self._begun)
            acts.ACTS[act](self.house, self.community)
            self._kept[act] = self.house.keep()
        return self._kept[act]


@pytest.fixture(scope="module")
def ready(
    town: Town, mothers: Callable[[str], Mother], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], Ready]]:
    made: dict[tuple[str, str], Ready] = {}

    def one(kind: str, platform: str) -> Ready:
        if (kind, platform) not in made:
            folder: Path = tmp_path_factory.mktemp(f"{kind}-{platform}")
            made[kind, platform] = Ready(House(mothers(platform), town, folder, kind), platform)
        return made[kind, platform]

    yield one
    for each in made.values():
        each.house.close()

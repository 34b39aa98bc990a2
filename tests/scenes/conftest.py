"""One town for all scenes that a process plays; before each the weather is fair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenes.town import Town, built

from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import sqlite_url


@pytest.fixture(scope="session")
def _town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    empty = tmp_path_factory.mktemp("empty")
    engine = make_engine(sqlite_url(empty))
    upgrade(engine)
    engine.dispose()
    yield from built(folder, Path(empty) / "test.sqlite")


@pytest.fixture
def town(_town: Town) -> Iterator[Town]:
    """The town, with fair weather before and after."""
    for wire in _town.wires.values():
        wire.weather.clear()
        wire.most_per_page = 1000
    yield _town
    for wire in _town.wires.values():
        wire.weather.clear()
        wire.most_per_page = 1000

"""A town with three schools that look alike, and two platforms that sign for them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests

from town import DEPLOYMENT, Town

from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import sqlite_url
from coplink.testing.platform import LmsPlatform


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A walk is refused a thousand times; its log is of no use and takes longer than the walk."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def platforms() -> Iterator[dict[str, LmsPlatform]]:
    """Two platforms with one issuer, and keys that have the same name."""
    with (
        LmsPlatform(client_id="client-north", deployment_id=DEPLOYMENT, kid="kid", key="north") as north,
        LmsPlatform(client_id="client-south", deployment_id=DEPLOYMENT, kid="kid", key="south") as south,
    ):
        yield {"north": north, "south": south}


@pytest.fixture(scope="session")
def new_town(platforms, tmp_path_factory) -> Iterator[Callable[[], Town]]:
    """Builds a town of its own."""
    towns: list[Town] = []
    first = tmp_path_factory.mktemp("town")
    engine = make_engine(sqlite_url(first))
    upgrade(engine)
    engine.dispose()

    def build() -> Town:
        folder = tmp_path_factory.mktemp("town")
        shutil.copy(first / "test.sqlite", folder)
        towns.append(Town(folder, platforms))
        return towns[-1]

    yield build
    for town in towns:
        town.services.storage._engine.dispose()


@pytest.fixture(scope="session")
def town(new_town) -> Town:
    """One town for every test that changes nothing of anybody else's."""
    return new_town()

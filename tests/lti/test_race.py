"""Row 23 of the LTI handbook's table: one launch posted fifty times at once, on both databases."""

from __future__ import annotations

import shutil
import threading

import pytest

from coplink.core.errors import LostState
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import postgres_server, sqlite_url

TRIES = 50


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request, tmp_path, empty_database):
    if request.param == "sqlite":
        shutil.copy(empty_database, tmp_path)
        return sqlite_url(tmp_path)
    url = postgres_server().fresh()
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


def test_exactly_one_wins(door):
    good = door.north.launch_form(door.login().redirect_url, door.clock.now())
    start, outcomes = threading.Barrier(TRIES), []

    def post():
        start.wait()
        try:
            outcomes.append(door.open(good).arrival.name)
        except LostState:
            outcomes.append("lost")

    threads = [threading.Thread(target=post) for _ in range(TRIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Ana Ruiz"] + ["lost"] * (TRIES - 1)

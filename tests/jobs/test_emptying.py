"""Jobs are forgotten only while nobody works on them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from coplink.core.errors import ConfigurationError
from coplink.jobs.emptying import empty_jobs
from coplink.jobs.reaper import Heartbeats
from coplink.jobs.store import SCHEMA, SoleWorker, open_store
from coplink.testing.databases import postgres_server, sqlite_url


def test_a_file_is_forgotten_unless_a_worker_holds_it(tmp_path):
    address = sqlite_url(tmp_path, "jobs.sqlite")
    assert empty_jobs(address) is False
    store = open_store(address)
    lock = SoleWorker(store, 0)
    with pytest.raises(ConfigurationError, match="still running"):
        empty_jobs(address)
    assert (tmp_path / "jobs.sqlite").exists()
    lock.release()
    store.close()
    assert empty_jobs(address) is True
    assert [one.name for one in tmp_path.iterdir() if "lock" not in one.name] == []


@pytest.mark.postgres
def test_a_schema_is_forgotten_unless_a_heart_beats():
    address = postgres_server().fresh()
    assert empty_jobs(address) is False
    store = open_store(address)
    beats = Heartbeats(store, "one", 30)
    beats.prepare()
    beats.beat()
    with pytest.raises(ConfigurationError, match="still running"):
        empty_jobs(address)
    beats.leave()
    assert empty_jobs(address) is True
    assert not sa.inspect(store.engine).has_schema(SCHEMA)
    store.close()

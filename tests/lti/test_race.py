"""Things that happen at the same moment, on both databases: one launch fifty times (row 23), and what admins do."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from coplink.core.errors import BadToken, LostState, PendingDeployment
from coplink.ports.records import Deployment, RegistrationState
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


CHANGES = [
    ({"state": RegistrationState.DISABLED}, PendingDeployment),
    ({"client_id": "another"}, BadToken),
    ({"issuer": "https://other.example"}, BadToken),
    ({"jwks_url": "https://other.example/keys"}, BadToken),
]


@pytest.mark.parametrize(("changes", "refused"), CHANGES, ids=[next(iter(changes)) for changes, _ in CHANGES])
def test_a_registration_changed_while_its_keys_are_fetched_lets_nobody_in(door, addresses, changes, refused):
    before, fetched = door.registrations["reg-north"], []

    def key_set(environ, start_response):
        door.put(replace(before, **changes))
        fetched.append(1)
        return door.north.key_set(environ, start_response)

    addresses[0].app = key_set
    good = door.north.launch_form(door.login().redirect_url, door.clock.now())
    with pytest.raises(refused):
        door.open(good)
    assert fetched
    door.put(before)
    with pytest.raises(LostState):
        door.open(good)


def test_an_approval_given_at_the_moment_of_a_first_launch_stays(door):
    door.launch()  # the keys are known
    named = {"https://purl.imsglobal.org/spec/lti/claim/deployment_id": "new"}
    begun = door.login({"lti_deployment_id": "new"})
    good = door.north.launch_form(begun.redirect_url, door.clock.now(), named)
    approved = Deployment("reg-north", "new", door.registrations["reg-north"].institution, door.clock.now())
    arrived = []
    launch = threading.Thread(target=lambda: arrived.append(door.open(good).arrival.name))
    with door.storage.begin() as uow:
        uow.platforms.put_deployment(approved)
        launch.start()
        _wait_for_somebody_waiting(door.storage._engine)
        uow.commit()
    launch.join()
    assert arrived == ["Ana Ruiz"]
    assert approved in door.deployments()


def _wait_for_somebody_waiting(engine):
    """Until the launch stands before the row that is not committed; SQLite lets it begin only afterwards."""
    if engine.dialect.name == "sqlite":
        return
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with engine.connect() as connection:
            if connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")

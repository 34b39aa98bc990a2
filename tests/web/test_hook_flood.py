"""A flood of calls to one space: each answered at once, one look at the files, hardly a write; forged ones none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import event
from watched import SECRET, ready, watch

from coplink import registry
from coplink.core.spaces import SpaceId
from coplink.core.work import Kind
from coplink.engine import connect, watches
from coplink.ports.watch import Heard, Subscription
from coplink.sandbox.wire import Served
from coplink.web.hearing import FRESH, MOST_MISSED, Known, Memory

GUID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
THREADS = 16


@pytest.fixture
def watched(site):
    """A space that is ready and watched, with nothing asked for."""
    space = ready(site)
    watch(site, space)
    return space


def state(site, space, kind=Kind.COLLECT):
    with site.services.begin() as uow:
        return uow.work.state(kind, space.id)


@pytest.fixture
def commits(site) -> list[str]:
    """Every write that SQLite is told to keep from now on."""
    kept: list[str] = []
    engine = site.services.storage._engine
    engine.dispose()

    def watch(driver, _record) -> None:
        driver.set_trace_callback(lambda text: kept.append(text) if text.startswith("COMMIT") else None)

    event.listen(engine, "connect", watch)
    return kept


def flood(url: str, calls: int, secret: str, body: bytes = b"{}") -> list[float]:
    """``calls`` from 16 threads as fast as they go; how long each waited for its answer."""
    ready = threading.Barrier(THREADS)

    def some(count: int) -> list[float]:
        ready.wait()
        took = []
        for _ in range(count):
            began = time.monotonic()
            with urlopen(Request(url, body, {"X-Bell": secret}), timeout=10) as answer:
                assert answer.status == 202
            took.append(time.monotonic() - began)
        return took

    shares = [calls // THREADS + (n < calls % THREADS) for n in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [one for took in pool.map(some, shares) for one in took]


@pytest.mark.parametrize("calls", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_a_flood_is_answered_at_once_and_makes_one_look(site, watched, commits, calls):
    hinted = []
    site.services.jobs.hint = hinted.append
    served = Served(site.app)
    try:
        took = flood(f"{served.url}/hook/pinboard/{watched.id}", calls, SECRET)
    finally:
        served.stop()
    assert len(took) == calls
    assert calls < 1000 or max(took) < 1  # how fast is for the long run, which has the machine to itself
    assert len(commits) == 1
    assert [(job.name, job.target) for job in hinted] == [("collect", watched.id)]
    asked = state(site, watched)
    assert asked.awaited
    assert (asked.generation, asked.begun) == (1, 0)
    assert asked.not_before == site.clock.now() + timedelta(seconds=site.services.settings.debounce_seconds)


@pytest.mark.parametrize("calls", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_a_forged_flood_writes_nothing_and_fills_no_log(site, watched, commits, calls, capsys, caplog):
    served = Served(site.app)
    try:
        took = flood(f"{served.url}/hook/pinboard/{watched.id}", calls, "another")
        flood(f"{served.url}/hook/pinboard/nothing", 50, SECRET)
    finally:
        served.stop()
    assert calls < 1000 or max(took) < 1
    assert commits == []
    assert state(site, watched) is None
    # another test may have left the log going another way
    lines = capsys.readouterr().out.splitlines() + caplog.text.splitlines()
    said = [line for line in lines if "hook" in line]
    assert len(said) == 2, "the clock stands still: one line for the space, one for what is not known"


def test_what_nobody_watches_is_asked_for_once_a_second(site, watched):
    begun = []
    begin = site.services.storage.begin

    def counted(*given, **named):
        begun.append(given)
        return begin(*given, **named)

    site.services.storage.begin = counted
    browser = site.browser()

    def calls(path: str) -> int:
        begun.clear()
        for _ in range(5):
            assert browser.client.post(path, data=b"{}", base_url="http://127.0.0.1:8080").status_code == 202
        return len(begun)

    assert calls("/hook/x/nothing") == 0, "no integration of that name"
    assert calls("/hook/pinboard/nothing") == 1
    assert calls("/hook/pinboard/nothing") == 0
    site.clock.pass_by(seconds=1)
    assert calls("/hook/pinboard/nothing") == 1


@pytest.mark.long
def test_only_so_many_misses_are_remembered(site):
    memory = Memory(lambda _spaces: frozenset(), lambda _integration, _space: None, site.clock.now)
    for n in range(MOST_MISSED + 50):
        assert memory.of("pinboard", str(n)) is None
    assert len(memory._missed) == MOST_MISSED


class Turn:
    """A lock that counts who has come to it."""

    def __init__(self) -> None:
        self.came, self._lock = 0, threading.Lock()

    def __enter__(self) -> None:
        self.came += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_calls_of_one_moment_share_a_look(site, watched):
    known = Known(None, SECRET, watched.community, site.clock.now())
    known._turn = turn = Turn()
    looked, over = [], threading.Event()

    def look() -> None:
        looked.append(time.monotonic())
        assert over.wait(10)

    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(known.gathered, look) for _ in range(THREADS)]
        while turn.came < THREADS:
            time.sleep(0.001)
        over.set()
        for one in calls:
            one.result(10)
    assert len(looked) == 2, (
        "the one under way, which may have passed before them, and one for all the others"
    )


def call(site, space, secret=SECRET) -> None:
    answer = site.browser().client.post(
        f"/hook/pinboard/{space.id}",
        data=b"{}",
        headers={"X-Bell": secret},
        base_url=site.services.settings.base_url,
    )
    assert answer.status_code == 202


def test_a_hint_while_the_files_are_being_read_is_not_lost(site, watched):
    call(site, watched)
    site.clock.pass_by(minutes=1)
    with site.services.begin() as uow:
        turn = uow.work.begin(Kind.COLLECT, watched.id, site.clock.now())
        uow.commit()
    call(site, watched)
    call(site, watched)
    assert (state(site, watched).generation, state(site, watched).awaited) == (2, True)
    with site.services.begin() as uow:
        assert uow.work.settle(turn, site.clock.now())
        uow.commit()
    assert not state(site, watched).done


def test_a_hint_wakes_what_has_failed_and_waits_or_rests(site, watched):
    for until in (site.clock.now() + timedelta(hours=6), None):
        call(site, watched)
        site.clock.pass_by(minutes=1)
        with site.services.begin() as uow:
            turn = uow.work.begin(Kind.COLLECT, watched.id, site.clock.now())
            assert uow.work.postpone(turn, until, "the staff room is closed")
            uow.commit()
        call(site, watched)
        assert state(site, watched).not_before <= site.clock.now() + timedelta(minutes=1)


def test_a_changed_secret_is_noticed_at_once_by_those_who_know_it_and_in_a_minute_by_all(site, watched):
    call(site, watched)
    with site.services.begin() as uow:
        uow.watches.put(watched.id, Subscription("bell-2", site.clock.now()), "another secret")
        turn = uow.work.begin(Kind.COLLECT, watched.id, site.clock.now() + timedelta(hours=1))
        uow.work.settle(turn, site.clock.now())
        uow.commit()
    site.clock.pass_by(seconds=2)
    call(site, watched, "another secret")
    assert not state(site, watched).done
    site.clock.pass_by(seconds=FRESH.total_seconds())
    before = state(site, watched).generation
    with site.services.begin() as uow:
        turn = uow.work.begin(Kind.COLLECT, watched.id, site.clock.now() + timedelta(hours=1))
        uow.work.settle(turn, site.clock.now())
        uow.commit()
    call(site, watched, SECRET)
    assert state(site, watched).generation == before


def test_a_call_about_the_subscription_has_it_renewed_once(site, watched):
    renew = Heard(files=False, renew=True)
    with site.services.begin() as uow:
        now = site.clock.now()
        marked = [watches.hinted(uow, watched.id, renew, now, timedelta(0)) for _ in range(3)]
        uow.commit()
        kept = uow.watches.of(watched.id)
    assert marked == [{Kind.RENEW_WATCH}, set(), set()]
    assert kept == (Subscription("bell-1", now), SECRET), "an end that has come makes the next go renew it"
    assert state(site, watched) is None


@pytest.mark.long
def test_a_thousand_calls_in_a_second_to_the_server_as_it_is_run(site, watched, tmp_path):
    """gunicorn with its usual settings, Graph's notifications, and the durable queue behind it."""
    found = registry.integrations()
    given = {
        "tenant_id": GUID, "client_id": GUID, "client_secret": "s", "team_id": GUID,
        "mailbox": "coplink@school.example", "graph_url": "http://127.0.0.1:9/v1.0",
    }  # fmt: skip
    teams = found.get("teams")
    with site.services.begin() as uow:
        now = site.clock.now()
        connected = connect.connect(uow, site.here.id, teams.manifest, given, teams.look_over, now, True)
        space = SpaceId(uow.new_id())
        uow.spaces.put(replace(watched, id=space, integration="teams", connection=connected.id, marker="m"))
        uow.watches.put(space, Subscription("sub", now + timedelta(days=3)), SECRET)
        uow.commit()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COPLINK_")}
    key = site.services.settings.master_keys[0].get_secret_value()
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "coplink",
            "serve",
            "--loopback",
            "--port",
            str(port),
            "--data",
            str(tmp_path),
        ],
        env={
            **clean,
            "COPLINK_MASTER_KEYS": key,
            "COPLINK_DATABASE_URL": site.services.settings.database_url,
        },
    )
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        told = {"value": [{"clientState": SECRET, "tenantId": GUID, "changeType": "updated"}]}
        url, body = f"http://127.0.0.1:{port}/hook/teams/{space}", json.dumps(told).encode()
        with urlopen(Request(url, body), timeout=30) as first:  # a server that has begun to work
            assert first.status == 202
        took = flood(url, 1000, "", body)
    finally:
        server.terminate()
        server.wait(30)
    assert max(took) < 1
    with site.services.begin() as uow:
        asked = uow.work.state(Kind.COLLECT, space)
    assert (asked.generation, asked.awaited) == (1, True)

"""What a process builds: one pace for each institution and platform, its part of the limits, and the house's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from coplink.core.people import InstitutionId
from coplink.core.spaces import ConnectionId
from coplink.pace import Asks
from coplink.pace.people import who_asks
from coplink.ports.errors import Throttled
from coplink.ports.pace import Limit, Rate
from coplink.ports.records import Connected
from coplink.registry import Found
from coplink.settings import load
from coplink.wiring import Services, build

API = Limit("api", (Rate(8, 10.0),))
HERE, THERE = InstitutionId("riverbend"), InstitutionId("lakeside")


class HandClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 9, 1, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Plug:
    """An integration that only keeps what it was connected with."""

    manifest = None

    def __init__(self) -> None:
        self.given: list = []

    def connect(self, settings, around):
        self.given.append(around)

    def door(self, institution, settings, around):
        self.given.append(around)


def services(tmp_path, clock=None, **more) -> Services:
    given = {
        "base_url": "http://127.0.0.1:8080",
        "loopback": True,
        "data_dir": tmp_path,
        "database_url": f"sqlite:///{tmp_path}/c.sqlite",
        "master_keys": Fernet.generate_key().decode(),
    }
    return build(load(env_file=None, **given, **more), clock)


def connected(institution: InstitutionId) -> Connected:
    return Connected(
        ConnectionId(f"k-{institution}"), institution, "plug", {}, "realm", datetime(2026, 9, 1, tzinfo=UTC)
    )


def test_a_connection_and_its_door_share_the_pace_of_their_institution(tmp_path):
    built, plug = services(tmp_path), Plug()
    built.installed = Found({"plug": plug}, ())
    built.lag_of = lambda manifest: timedelta(0)
    built.reach(connected(HERE))
    built.door(connected(HERE))
    built.reach(connected(THERE))
    built.connection("plug", {})
    here, door, there, nobody = (around.pace for around in plug.given)
    assert here is door is built.pacer.of(HERE, "plug")
    assert there is built.pacer.of(THERE, "plug")
    assert here is not there
    assert nobody not in (here, there)


def test_several_processes_divide_the_published_limits(tmp_path):
    alone = services(tmp_path)
    one_of_four = services(tmp_path, calling_processes=4)
    assert alone.pacer.of(HERE, "plug").granted((API, "")) == 8
    assert one_of_four.pacer.of(HERE, "plug").granted((API, "")) == 2
    assert alone.pacer.of(HERE, "plug").most((API, "")) == 8
    assert one_of_four.pacer.of(HERE, "plug").most((API, "")) == 2


def test_where_the_houses_clock_is_moved_the_pace_goes_along(tmp_path):
    clock = HandClock()
    gate = services(tmp_path, clock).pacer.of(HERE, "plug")
    gate.told(API, "", 600.0)
    with pytest.raises(Throttled), gate.taking((API, "")):
        pass
    clock.at += timedelta(seconds=601)
    with gate.taking((API, "")):
        assert who_asks() is Asks.PERSON, "a page or a terminal: somebody waits"

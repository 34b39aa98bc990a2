"""The pretend Google Workspace on loopback, and connections of the real client to it."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from coplink.core.people import AccountId
from coplink.ports.integration import Call, Connection, Surroundings
from coplink.ports.pace import UNPACED, Pace
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Rule
from coplink.sandbox.wire import Served
from coplink_google import integration
from coplink_google.sandbox import GoogleSandbox, make

TOOL = "http://127.0.0.1:8080"
KEYS: dict[str, dict[str, Any]] = {}


class Clock:
    """The machine's clock, moved by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self(), dt.UTC)


@dataclass
class Campus:
    """One sandbox, and a connection to it."""

    wire: GoogleSandbox
    clock: Clock
    calls: list[Call] = field(default_factory=list)
    pace: Pace = UNPACED

    def around(self, timeout: float = 10.0) -> Surroundings:
        return Surroundings(self.clock, self.calls.append, timeout, pace=self.pace)

    def connect(self, **settings: str) -> Connection:
        return integration.connect({**self.wire.settings("lakeside"), **settings}, self.around())

    def door(self, **settings: str) -> Any:
        return integration.door("lakeside", {**self.wire.settings("lakeside"), **settings}, self.around())

    @property
    def writes(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.wire.calls if call.write]

    def weather(self, match: str, act: Any = "answer", **rule: Any) -> None:
        self.wire.weather.add(Rule(match, act, **rule))

    def google_id(self, key: str) -> AccountId:
        person = self.wire.region.residents[key]
        assert person.google_id
        return AccountId(person.google_id)

    def refuse(self, match: str, status: int, reason: str, message: str = "", **rule: Any) -> None:
        """Google refuses the next call that matches, in its own form."""
        errors = [{"domain": "global", "reason": reason, "message": message}]
        body = {"error": {"code": status, "message": message, "errors": errors}}
        self.weather(match, status=status, body=body, **rule)


@pytest.fixture(scope="session")
def front() -> Iterator[tuple[dict[str, Any], str]]:
    """One server for all tests: stopping one takes half a second."""
    current: dict[str, Any] = {}
    served = Served(lambda environ, start: current["wire"](environ, start))
    yield current, served.url
    served.stop()


@pytest.fixture
def campus(front: tuple[dict[str, Any], str]) -> Iterator[Campus]:
    clock = Clock()
    store = Store()
    for name, key in KEYS.items():  # keys are slow to make; every store of this run gets the same
        store.put("google.key", name, key)
    wire = make(region(TOOL), store, clock)
    KEYS.update({name: store.get("google.key", name) or {} for name in store.keys("google.key")})
    front[0]["wire"], wire.base_url = wire, front[1]
    yield Campus(wire, clock)
    assert wire.violations == []


@pytest.fixture
def connection(campus: Campus) -> Connection:
    return campus.connect()


def a_wish(number: int = 1, name: str = "Reading circle", outsiders: bool = False) -> SpaceWish:
    about, home = "Teachers who read together.", TOOL + "/c/1"
    marker = f"coplink:{hashlib.sha256(str(number).encode()).hexdigest()[:32]}"
    return SpaceWish(name, about, marker, outsiders=outsiders, home_url=home)


def make_all(connection: Connection, wanted: SpaceWish) -> dict[str, str]:
    spaces = connection.spaces
    assert spaces is not None
    parts: dict[str, str] = {}
    for step in spaces.steps(wanted):
        parts[step] = spaces.ensure(step, wanted, dict(parts), f"{wanted.marker}/{step}").remote
    return parts


@pytest.fixture
def wish() -> Callable[..., SpaceWish]:
    return a_wish


@pytest.fixture
def provision() -> Callable[[Connection, SpaceWish], dict[str, str]]:
    return make_all


@pytest.fixture
def parts(connection: Connection) -> dict[str, str]:
    """The parts of one finished space."""
    return make_all(connection, a_wish())

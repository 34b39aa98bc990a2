"""The connector over its own sandbox, served on loopback, with Microsoft's kit in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from coplink.core.people import AccountId
from coplink.ports.integration import Call, Surroundings
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served
from coplink.testing import graph_contract
from coplink_teams import CHANNEL, MODES, TEAM, integration
from coplink_teams.connection import TeamsConnection
from coplink_teams.operations import GUESTS, made
from coplink_teams.sandbox import TeamsSandbox, make
from coplink_teams.sandbox.entra import Signer

MARKER = "coplink:0123456789abcdef0123456789abcdef"


class MachineClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Switch:
    """One loopback server for all tests; each puts its own sandbox behind it."""

    def __init__(self) -> None:
        self.wire: TeamsSandbox | None = None
        self.key = Signer(Store()).kept  # making one takes longer than a test
        self.turn = 0

    def __call__(self, environ, start_response):
        assert self.wire is not None
        return self.wire(environ, start_response)


@dataclass
class Rig:
    """A sandbox, what was called, and a connection to it."""

    wire: TeamsSandbox
    served: Served
    around: Surroundings
    calls: list[Call] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    def connect(self, **changes: str) -> TeamsConnection:
        connection = integration.connect({**self.wire.settings("riverbend"), **changes}, self.around)
        assert isinstance(connection, TeamsConnection)
        return connection

    def oid(self, key: str) -> AccountId:
        return AccountId(str(self.wire.region.residents[key].entra_id))

    def operations(self) -> set[tuple[str, str]]:
        """What the connector called, each with its mode; empty where that cannot be told."""
        return {(name, self._mode(path)) for name, path in self.used}

    def _mode(self, path: str) -> str:
        """The host team is of mode channel, every other team that is there of mode team."""
        team = path.split("/")[2].casefold() if path.startswith("/teams/") else ""
        if team == self.wire.settings("riverbend")["team_id"].casefold():
            return CHANNEL
        return TEAM if team and self.wire.store.get("teams.team", team) else ""

    def writes(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.wire.calls if call.write]


@pytest.fixture(scope="session")
def switch() -> Iterator[tuple[Switch, Served]]:
    switch = Switch()
    served = Served(switch)
    yield switch, served
    served.stop()


@pytest.fixture
def rig(switch: tuple[Switch, Served]) -> Iterator[Rig]:
    behind, served = switch
    store = Store()
    store.put("teams.key", "current", behind.key)
    wire = behind.wire = make(region(), store)
    assert isinstance(wire, TeamsSandbox)
    wire.base_url = served.url
    used: set[tuple[str, str]] = set()
    graph_contract.hang_on(wire, wire.granted, used)
    behind.turn += 1  # connections with equal settings share tokens and limits: tests must not
    calls: list[Call] = []
    around = Surroundings(MachineClock(), calls.append, timeout=10 + behind.turn / 1000)
    rig = Rig(wire, served, around, calls, used)
    yield rig
    assert wire.violations == []
    undeclared = {
        f"{name} in mode {mode or 'channel or team'}"
        for name, mode in rig.operations()
        if not any(name in made(one, [GUESTS]) for one in ([mode] if mode else MODES))
    }
    assert undeclared == set(), "the table of operations does not know what was called"
    unknown = [line for line in wire.refusals if not line.split(": ")[1:]]
    assert unknown == [], "the connector asked for a route that is not there"


@pytest.fixture
def clock() -> MachineClock:
    return MachineClock()


@pytest.fixture
def wish() -> SpaceWish:
    return SpaceWish(
        name="Literacy across the curriculum",
        about="Reading in every subject",
        marker=MARKER,
        home_url="http://127.0.0.1:8080/c/1",
    )


@pytest.fixture
def parts(rig: Rig, wish: SpaceWish) -> dict[str, str]:
    """The steps of a space, made."""
    return make_space(rig.connect(), wish)


def make_space(connection: TeamsConnection, wish: SpaceWish) -> dict[str, str]:
    parts: dict[str, str] = {}
    for step in connection.spaces.steps(wish):
        parts[step] = connection.spaces.ensure(step, wish, parts, "key").remote
    return parts


def renamed(wish: SpaceWish, **changes: str) -> SpaceWish:
    return replace(wish, **changes)

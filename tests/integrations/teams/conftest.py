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
from coplink.sandbox.wire import Served, serve
from coplink.testing import graph_contract
from coplink_teams import integration
from coplink_teams.connection import TeamsConnection
from coplink_teams.sandbox import TeamsSandbox, make

MARKER = "coplink:0123456789abcdef0123456789abcdef"


class MachineClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Rig:
    """A sandbox, what was called, and a connection to it."""

    wire: TeamsSandbox
    served: Served
    calls: list[Call] = field(default_factory=list)

    def connect(self, **changes: str) -> TeamsConnection:
        around = Surroundings(MachineClock(), self.calls.append, timeout=10.0)
        connection = integration.connect({**self.wire.settings("riverbend"), **changes}, around)
        assert isinstance(connection, TeamsConnection)
        return connection

    def oid(self, key: str) -> AccountId:
        return AccountId(str(self.wire.region.residents[key].entra_id))

    def writes(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.wire.calls if call.write]


@pytest.fixture
def rig() -> Iterator[Rig]:
    wire = make(region(), Store())
    assert isinstance(wire, TeamsSandbox)
    graph_contract.hang_on(wire, wire.granted)
    served = serve(wire)
    yield Rig(wire, served)
    served.stop()
    assert wire.violations == []
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

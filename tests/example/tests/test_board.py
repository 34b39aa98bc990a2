"""What is the Notice Board's own: its permissions, its README, a board that is full."""

from __future__ import annotations

from pathlib import Path

import pytest
from coplink_noticeboard import MANIFEST, integration
from coplink_noticeboard.sandbox import make

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import LimitReached, PermissionMissing
from coplink.ports.integration import Surroundings, Verdict
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Rule
from coplink.sandbox.wire import serve
from coplink.testing.conformance.served import Clock


@pytest.fixture
def wire():
    wire = make(region(), Store())
    served = serve(wire)
    yield wire
    served.stop()


@pytest.fixture
def connection(wire):
    return integration.connect(wire.settings("riverbend"), Surroundings(Clock(), lambda call: None))


def test_the_readme_explains_every_permission():
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    rows = [f"| `{one.name}` | {one.reason} | {one.without} |" for one in MANIFEST.scopes]
    assert [row for row in rows if row not in readme] == []


def test_a_permission_that_is_missing_is_named_by_the_check_up_and_by_the_call(wire, connection):
    wire.withdraw("people")
    lines = {line.title: line for line in connection.check()}
    assert [title for title, line in lines.items() if line.verdict is Verdict.NEEDS_YOU] == ["People"]
    assert lines["People"].scopes == ("people",)
    with pytest.raises(PermissionMissing) as refused:
        connection.seats.look({"board": "b1"}, AccountId("ana.ruiz"))
    assert refused.value.scopes == ("people",)


def test_a_board_that_is_full_says_so(wire, connection):
    wish = SpaceWish("Literacy", "Reading in every subject", "coplink:" + "a" * 32)
    board = connection.spaces.ensure("board", wish, {}, "key").remote
    wire.weather.add(Rule("PUT .*/people", "answer", status=409, body={"error": "full"}))
    with pytest.raises(LimitReached, match="no more people"):
        connection.seats.put({"board": board}, [Seat(AccountId("ana.ruiz"), Role.MEMBER)])

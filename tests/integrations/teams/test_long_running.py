"""Answers of 202: asked no more often than Microsoft wants, told once when they fail, and never waited for in vain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integrations.teams.conftest import Rig
from tests.integrations.teams.patience import Moving, forget_this_process, moved

from coplink.ports.errors import LimitReached, NotReadyYet, PermissionMissing, UnexpectedReply
from coplink.sandbox.weather import Rule
from coplink_teams.answers import Answer
from coplink_teams.long_running import Operation, begun


@pytest.fixture
def clock(rig: Rig) -> Iterator[Moving]:
    yield moved(rig, "channel")
    forget_this_process()


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"location": "/teams('t-1')/operations('o-1')"}, Operation("t-1", "o-1")),
        ({"location": "https://graph.microsoft.com/v1.0/teams/t-1/operations/o-1"}, Operation("t-1", "o-1")),
        ({"location": "/Teams('t-1')/Operations('o-1')?x=1"}, Operation("t-1", "o-1")),
        ({"content-location": "/teams('t-1')"}, Operation("t-1", "")),
        ({"location": "/elsewhere"}, None),
        ({}, None),
    ],
)
def test_what_was_begun_is_read_from_either_form_of_either_header(headers, found) -> None:
    assert begun(Answer("POST /teams", 202, headers, b"", True)) == found


def test_a_channel_whose_making_fails_is_told_once_and_begun_anew(rig, wish, clock) -> None:
    rig.wire.teams.slow_channels, rig.wire.operations.seconds = True, 45
    rig.wire.operations.fails = "ChannelLimitReached"
    for _ in range(2):
        with pytest.raises(NotReadyYet) as wait:
            rig.connect().spaces.ensure("channel", wish, {}, "key")
        assert wait.value.retry_after == 30
        clock.pass_by(30)
    with pytest.raises(LimitReached) as told:
        rig.connect().spaces.ensure("channel", wish, {}, "key")
    assert "gave up" in str(told.value.message)
    assert len(rig.writes()) == 1
    rig.wire.operations.fails = ""
    with pytest.raises(NotReadyYet):
        rig.connect().spaces.ensure("channel", wish, {}, "key")
    clock.pass_by(60)
    assert rig.connect().spaces.ensure("channel", wish, {}, "key").found
    assert len(rig.writes()) == 2


def test_a_channel_that_takes_long_is_asked_for_every_half_minute_at_most(rig, wish, clock) -> None:
    rig.wire.teams.slow_channels, rig.wire.operations.seconds = True, 100
    for _ in range(10):
        with pytest.raises(NotReadyYet) as wait:
            rig.connect().spaces.ensure("channel", wish, {}, "key")
        assert 0 < wait.value.retry_after <= 30
        clock.pass_by(10)  # somebody is impatient
    assert rig.connect().spaces.ensure("channel", wish, {}, "key").found
    assert len(rig.writes()) == 1
    (polls,) = rig.wire.operations.polled.values()
    assert 3 <= len(polls) <= 4


def test_an_operation_nobody_knows_is_not_waited_for(rig, wish, clock) -> None:
    rig.wire.teams.slow_channels, rig.wire.operations.seconds = True, 20
    with pytest.raises(NotReadyYet):
        rig.connect().spaces.ensure("channel", wish, {}, "key")
    for kept in rig.wire.store.all("teams.operation"):
        rig.wire.store.drop("teams.operation", kept["id"])
    clock.pass_by(30)
    assert rig.connect().spaces.ensure("channel", wish, {}, "key").found


def test_an_operation_that_may_not_be_asked_for_or_says_something_new_is_no_failure(rig, wish, clock) -> None:
    rig.wire.teams.slow_channels, rig.wire.operations.seconds = True, 500
    spaces = rig.connect().spaces
    with pytest.raises(NotReadyYet):
        spaces.ensure("channel", wish, {}, "key")
    forbidden = {"error": {"code": "Forbidden", "message": "Missing role"}}
    rig.wire.weather.add(Rule("/operations/", "answer", status=403, body=forbidden))
    with pytest.raises(PermissionMissing):
        spaces.ensure("channel", wish, {}, "key")
    clock.pass_by(30)
    odd = {"id": "1", "status": "onHoliday"}
    rig.wire.weather.add(Rule("/operations/", "answer", status=200, body=odd))
    with pytest.raises(UnexpectedReply):
        spaces.ensure("channel", wish, {}, "key")
    assert len(rig.writes()) == 1

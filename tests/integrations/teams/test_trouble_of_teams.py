"""Trouble with Microsoft that no other file is about: being slowed down without a time, and a missing mailbox."""

from __future__ import annotations

from datetime import date, time

import pytest
from tests.integrations.teams.crowd import MovedClock, own_team, paced, settle

from coplink.core.people import Role
from coplink.core.rhythm import Rhythm, Series, Weekly, expand
from coplink.core.spaces import Seat
from coplink.pace import Asks, asking
from coplink.ports.errors import Misconfigured, NotReadyYet, Throttled
from coplink.ports.seats import Done
from coplink.sandbox.weather import Rule
from coplink_teams import ADMIN

MEMBER, FACILITATOR = Role.MEMBER, Role.FACILITATOR


@pytest.fixture
def moved():
    return MovedClock()


@pytest.fixture
def team(rig):
    return own_team(rig)


@pytest.mark.parametrize(
    ("headers", "least"), [({"Retry-After": "9"}, 9.0), ({}, 1.0)], ids=["with", "without"]
)
def test_a_part_of_a_batch_that_was_told_to_slow_down_is_not_repeated_before_its_time(
    rig, moved, team, headers, least
):
    people, connection = settle(rig, 3), paced(rig, moved)
    with asking(Asks.HOUSE):
        connection.seats.put(team, [Seat(account, MEMBER) for account in people])
        connection.seats.read(team)
        moved.at += 60.0
        rig.wire.weather.add(Rule("PATCH .*/members/", "answer", status=429, headers=headers, skip=1))
        began = moved.at
        done = connection.seats.put(team, [Seat(account, FACILITATOR, MEMBER) for account in people])
    assert set(done.outcomes.values()) == {Done.CHANGED}
    patched = [call.status for call in rig.wire.calls if call.method == "PATCH"]
    assert sorted(patched) == [200, 200, 200, 429], "only the part that was refused is sent again"
    assert moved.at - began >= least


def test_without_a_time_the_next_call_waits_a_second_and_each_refusal_doubles_it(rig, moved, team):
    connection = paced(rig, moved)
    connection.seats.read(team)
    moved.at += 600.0
    with asking(Asks.HOUSE):
        for waits in (0.0, 1.0, 2.0):
            rig.wire.weather.add(Rule(r"GET .*/members\?", "answer", status=429))
            began = moved.at
            with pytest.raises(Throttled) as slow:
                connection.seats.read(team)
            assert slow.value.retry_after is None
            assert moved.at - began >= waits
        began = moved.at
        assert connection.seats.read(team).complete
        assert moved.at - began >= 4.0


def test_a_folder_that_sharepoint_has_not_made_yet_is_waited_for(rig, wish):
    spaces, parts = rig.connect().spaces, {}
    parts["channel"] = spaces.ensure("channel", wish, parts, "key").remote
    rig.wire.weather.add(
        Rule("GET .*/filesFolder", "answer", status=404, body={"error": {"code": "NotFound"}})
    )
    with pytest.raises(NotReadyYet, match="folder") as young:
        spaces.ensure("folder", wish, parts, "key")
    assert young.value.retry_after == 30
    assert spaces.ensure("folder", wish, parts, "key").remote


@pytest.mark.parametrize("code", ["MailboxNotEnabledForRESTAPI", "ErrorInvalidUser"])
def test_a_mailbox_that_is_not_there_is_told_as_a_setting(rig, code):
    rhythm = Rhythm("Europe/Berlin", time(16), 60, date(2027, 1, 5), date(2027, 2, 5), Weekly(1, (1,)), ())
    series = Series(rhythm, "Circle", expand(rhythm))
    body = {"error": {"code": code, "message": "The mailbox is inactive, soft-deleted or hosted on-premise."}}
    rig.wire.weather.add(Rule("/users/.*/events", "answer", status=404, body=body, times=9))
    calendar = rig.connect().calendar
    with pytest.raises(Misconfigured, match="service mailbox") as missing:
        calendar.put({"channel": "shared/19:x"}, series, (), None, "key")
    assert missing.value.who == ADMIN
    rig.wire.weather.clear()
    assert calendar.put({"channel": "shared/19:x"}, series, (), None, "key").remote

"""The end of the robot account's consent: given back once, over the wire, and what is said where it cannot be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coplink.ports.errors import Reauthorize, Unavailable
from coplink.ports.integration import Surroundings
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Rule
from coplink.sandbox.wire import serve
from coplink_google import integration
from coplink_google.sandbox import make


class Clock:
    def now(self):
        return datetime.now(UTC)


@pytest.fixture
def google():
    wire = make(region(), Store())
    served = serve(wire)
    yield wire
    served.stop()


def test_it_is_given_back_once_and_opens_nothing_afterwards(google):
    calls, settings = [], google.settings("lakeside")
    around = Surroundings(Clock(), calls.append)
    integration.give_back(settings, around)
    assert google.signin.revoked("lakeside")
    assert [(one.operation, one.status) for one in calls] == [("signin.revoke", 200)]
    with pytest.raises(Reauthorize):
        integration.connect(settings, around).library.changes({"drive": "d", "folder": "f"}, None)
    with pytest.raises(Reauthorize) as refused:
        integration.give_back(settings, around)
    assert settings["robot_refresh_token"] not in f"{refused.value.message} {refused.value.detail}"


def test_where_there_is_none_nobody_is_asked(google):
    calls = []
    settings = {**google.settings_of("delegation", "lakeside")}
    integration.give_back(settings, Surroundings(Clock(), calls.append))
    assert calls == []
    assert not google.signin.revoked("lakeside")


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 429}])
def test_silence_is_told_as_silence(google, answer):
    google.weather.add(Rule(match="/revoke", act="answer", uncounted=True, **answer))
    with pytest.raises(Unavailable):
        integration.give_back(google.settings("lakeside"), Surroundings(Clock(), lambda call: None))

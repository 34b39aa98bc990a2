"""Every call to Google passes the house's pace; when Google throttles one API, everybody at it waits."""

from __future__ import annotations

import pytest

from coplink.core.errors import LaunchError
from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.core.words import say
from coplink.pace import Asks, asking
from coplink.ports.door import Knock
from coplink.ports.errors import Throttled
from coplink.testing.pacing import Hourglass, Tally
from coplink_google.batches import Batches
from coplink_google.fetch import NoAnswer
from coplink_google.keyset import KeySet
from coplink_google.quota import LIMITS, Quota
from coplink_google.workspace import Part


def test_the_published_quota_is_kept_without_a_refusal(campus):
    glass = Hourglass()
    campus.pace = glass.pacer(share=0.01).of("lakeside", "google")  # 24 calls a minute to the Directory
    google = campus.connect().spaces._google
    google.call("drive.about.get", fields="canCreateDrives")
    glass.now += 60  # signing in has a pace of its own
    campus.calls.clear()
    for _ in range(24):
        google.call("directory.groups.list", domain="lakeside.example")
    with pytest.raises(Throttled) as slow:
        google.call("directory.groups.list", domain="lakeside.example")
    assert 58 <= slow.value.retry_after <= 62
    assert len([call for call in campus.calls if call.operation == "directory.groups.list"]) == 24
    google.call("drive.about.get", fields="canCreateDrives")  # another API has a quota of its own


def test_a_throttled_call_closes_its_api_for_everybody_and_no_other(campus):
    glass = Hourglass()
    campus.pace = glass.pacer().of("lakeside", "google")
    campus.refuse("GET .*/groups", 403, "quotaExceeded")
    google, another = campus.connect().spaces._google, campus.connect().spaces._google
    with pytest.raises(Throttled):
        google.call("directory.groups.list", domain="lakeside.example")
    began = glass.now
    another.call("drive.about.get", fields="canCreateDrives")
    assert glass.now == began
    another.call("directory.groups.list", domain="lakeside.example")
    assert glass.now - began >= 1.0, "without a time the first wait is a second"


def test_a_batch_counts_as_its_parts():
    glass = Hourglass()
    quota = Quota(glass.pacer().of("lakeside", "google"))
    with asking(Asks.HOUSE):
        assert quota.most("directory") == 1_000, "as many as one batch holds"
        quota.take("directory", 1_000)
        assert quota.most("directory") == 1_000, "whatever went a moment ago"
        quota.take("directory", 800)  # a quarter of 2,400 a minute is left for people
    began = glass.now
    quota.take("directory", 600)
    assert glass.now == began, "a person finds what was left"


def test_a_worker_sits_out_a_window_of_any_limit_and_its_run_goes_on():
    """A refusal would begin the run anew, with another reading of everybody who sits there."""
    windows = [rate.seconds for limit in LIMITS.values() for rate in limit.rates]
    assert max(windows) == 60.0
    glass = Hourglass()
    quota = Quota(glass.pacer().of("lakeside", "google"))
    began = glass.now
    with asking(Asks.HOUSE):
        for _ in range(10):
            quota.take("directory", 1_000)
    assert 240 <= glass.now - began <= 600, "10,000 at three quarters of 2,400 a minute, a batch at a time"
    quota.told("directory", Throttled(say("Slow down."), retry_after=300.0))
    with asking(Asks.HOUSE), pytest.raises(Throttled) as slow:
        quota.take("directory", 1)
    assert slow.value.retry_after == pytest.approx(300.0), "what Google closes for longer holds no worker"


def test_one_of_many_processes_sends_no_envelope_larger_than_its_part(campus):
    """An eighth of 2,400 a minute, less the quarter that is people's: 225 parts, and never more in a minute."""
    glass = Hourglass()
    campus.pace = glass.pacer(share=1 / 8).of("lakeside", "google")
    quota = Quota(campus.pace)
    google = campus.connect().spaces._google
    parts = [Part("directory.users.get", {"userKey": "mei.chen@lakeside.example"})] * 500
    began = glass.now
    with asking(Asks.HOUSE):
        assert quota.most("directory") == 225
        assert google.most("directory") == 225
        assert google.most("drive") == 100
        ended = Batches(google).send(parts)
    assert all(one.refused is None for one in ended)
    assert [call.operation for call in campus.calls].count("directory.batch") == 3
    assert glass.now - began >= 120, "a minute for each but the first"


def test_every_call_of_a_walk_was_taken(campus, wish, provision):
    tally = campus.pace = Tally()
    connection = campus.connect()
    parts = provision(connection, wish())
    people = [Seat(campus.google_id(key), Role.MEMBER) for key in ("mei.chen", "noah.feld")]
    connection.seats.put(parts, people)
    connection.seats.read(parts)
    connection.library.changes(parts, None)
    taken = sum(count for api, count in tally.taken.items() if api != "sign-in")
    assert taken == len([call for call in campus.wire.calls if "batch" not in call.path])
    assert tally.taken["sign-in"] == 2, "a token of the robot and one of the service account"


def test_a_token_waits_its_turn_too(campus):
    glass = Hourglass()
    campus.pace = glass.pacer().of("lakeside", "google")
    campus.pace.told(LIMITS["sign-in"], "", 300.0)
    with pytest.raises(Throttled) as closed:
        campus.connect().spaces._google.call("drive.about.get", fields="canCreateDrives")
    assert closed.value.retry_after == pytest.approx(300)
    assert campus.wire.calls == []


def test_the_door_takes_its_turn_for_token_and_keys(campus):
    glass = Hourglass()
    campus.pace = glass.pacer().of("lakeside", "google")
    campus.pace.told(LIMITS["sign-in"], "", 300.0)
    door = campus.door()
    with pytest.raises(LaunchError) as closed:
        door._exchange("a-code", Knock("a-state", "a-nonce", "v" * 43, "https://coplink.example/door"))
    assert closed.value.detail == "own pace: sign-in"
    assert campus.calls == []
    with pytest.raises(NoAnswer) as silent:
        KeySet(campus.wire.settings("lakeside")["jwks_url"]).key("any", 0.0, 1.0, door._quota)
    assert str(silent.value) == "own pace: sign-in"


@pytest.mark.long
def test_google_never_refuses_what_kept_its_rates(campus, wish, provision):
    glass = Hourglass(now=1_790_000_000.0)
    campus.wire.clock, campus.wire.enforce_limits = glass, True
    campus.pace = glass.pacer().of("lakeside", "google")
    connection = campus.connect()
    with asking(Asks.HOUSE):
        parts = provision(connection, wish())
        glass.now += 900  # until it is there for everybody
        for _ in range(1_300):
            connection.spaces._google.call("calendar.events.list", calendarId=parts["calendar"])
    assert campus.wire.throttled == 0
    assert glass.now - 1_790_000_000 > 120, "600 a minute"

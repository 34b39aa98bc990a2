"""Every call to Google passes the house's pace; when Google throttles one API, everybody at it waits."""

from __future__ import annotations

import pytest

from coplink.pace import Asks, asking
from coplink.ports.errors import Throttled
from coplink.testing.pacing import Hourglass
from coplink_google.quota import Quota


def test_the_published_quota_is_kept_without_a_refusal(campus):
    glass = Hourglass()
    campus.pace = glass.pacer(share=0.001).of("lakeside", "google")  # 2.4 calls a minute to the Directory
    google = campus.connect().spaces._google
    for _ in range(2):
        google.call("directory.groups.list", domain="lakeside.example")
    with pytest.raises(Throttled) as slow:
        google.call("directory.groups.list", domain="lakeside.example")
    assert 58 <= slow.value.retry_after <= 62
    assert len([call for call in campus.calls if call.operation == "directory.groups.list"]) == 2
    google.call("drive.drives.list")


def test_a_throttled_call_closes_its_api_for_everybody_and_no_other(campus):
    glass = Hourglass()
    campus.pace = glass.pacer().of("lakeside", "google")
    campus.refuse("GET .*/groups", 403, "quotaExceeded")
    google, another = campus.connect().spaces._google, campus.connect().spaces._google
    with pytest.raises(Throttled):
        google.call("directory.groups.list", domain="lakeside.example")
    began = glass.now
    another.call("drive.drives.list")
    assert glass.now == began
    another.call("directory.groups.list", domain="lakeside.example")
    assert glass.now - began >= 1.0, "without a time the first wait is a second"


def test_a_batch_counts_as_its_parts():
    glass = Hourglass()
    quota = Quota(glass.pacer().of("lakeside", "google"))
    with asking(Asks.HOUSE):
        assert quota.granted("directory") == 1_000, "as many as one batch holds"
        quota.take("directory", 1_000)
        assert quota.granted("directory") == 800, "a quarter of 2,400 a minute is left for people"
        quota.take("directory", 800)
        with pytest.raises(Throttled) as slow:
            quota.take("directory", 1)
        assert 59 <= slow.value.retry_after <= 62
    began = glass.now
    quota.take("directory", 600)
    assert glass.now == began, "a person finds what was left"

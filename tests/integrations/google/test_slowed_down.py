"""Parts of a batch that Google throttles: sent again alone, not before the time it named, or a second without one."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.pace import Asks, asking
from coplink.ports.seats import Done
from coplink.testing.pacing import Hourglass

KEYS = ("luis.ortega", "mei.chen", "noah.feld")


@pytest.mark.parametrize(
    ("headers", "least"), [({"Retry-After": "9"}, 9.0), ({}, 1.0)], ids=["with", "without"]
)
def test_a_throttled_part_is_not_sent_again_before_its_time(campus, parts, headers, least):
    glass = Hourglass()
    campus.pace = glass.pacer().of("lakeside", "google")
    seats = campus.connect().seats
    people = [Seat(campus.google_id(key), Role.MEMBER, None, f"{key}@lakeside.example") for key in KEYS]
    with asking(Asks.HOUSE):
        seats.read(parts)
        campus.weather("POST .*/members", status=429, headers=headers, body={}, skip=1)
        began = glass.now
        assert set(seats.put(parts, people).outcomes.values()) == {Done.CHANGED}
    assert glass.now - began >= least
    inserted = [call.status for call in campus.wire.calls if call.write and call.path.endswith("/members")]
    assert sorted(inserted) == [200, 200, 200, 429]

"""Every call to Canvas passes the house's pace, and what Canvas says of its own count is heeded."""

from __future__ import annotations

import pytest

from coplink.ports.errors import Throttled
from coplink.testing.pacing import Hourglass, Tally


@pytest.fixture
def glass(canvas):
    glass = Hourglass()
    canvas.pace = glass.pacer().of("riverbend", "canvas")
    return glass


def test_a_runaway_is_slowed_down_before_canvas_has_to(canvas, glass):
    connection = canvas.connect()
    began = glass.now
    for _ in range(120):
        connection.calendar._client.course("101")
    assert len([call for call in canvas.calls if call.status == 200]) == 120
    assert glass.now - began >= 2.0, "at most fifty calls a second"


def test_a_small_part_of_the_limits_leaves_a_person_waiting_two_seconds_at_most(canvas):
    glass = Hourglass()
    canvas.pace = glass.pacer(share=0.002).of("riverbend", "canvas")  # a call in ten seconds
    client = canvas.connect().calendar._client
    client.course("101")
    with pytest.raises(Throttled) as slow:
        client.course("101")
    assert 9 <= slow.value.retry_after <= 10.5
    assert slow.value.detail == "own pace: canvas"
    assert len(canvas.calls) == 1, "the second was never sent"


def test_when_canvas_throttles_everybody_waits_for_the_time_it_named(canvas, glass):
    canvas.rain("^GET /api/v1/courses/101", status=429, headers={"Retry-After": "20"})
    client = canvas.connect().calendar._client
    with pytest.raises(Throttled):
        client.course("101")
    sent = len(canvas.calls)
    with pytest.raises(Throttled) as closed:
        canvas.connect().seats.read({"group": "7"})
    assert closed.value.retry_after == pytest.approx(20)
    assert len(canvas.calls) == sent, "nothing is sent while Canvas wants rest"
    glass.now += 20
    client.course("101")
    assert len(canvas.calls) == sent + 1


def test_calls_slow_down_when_canvas_says_that_little_is_left(canvas, glass):
    client = canvas.connect().calendar._client
    canvas.rain(
        "^GET /api/v1/courses/101", act="answer", status=200,
        body={"id": 101, "name": "x"}, headers={"X-Rate-Limit-Remaining": "35.0"},
    )  # fmt: skip
    client.course("101")
    began = glass.now
    assert canvas.pace._buckets, "the bucket is known"
    (bucket,) = canvas.pace._buckets.values()
    assert bucket.flow(glass.now) == pytest.approx(50 * 35 / 700 / 0.25)
    assert glass.now == began


def test_every_call_of_a_walk_was_taken(canvas):
    tally = canvas.pace = Tally()
    parts = canvas.provision()
    connection = canvas.connect()
    connection.seats.put(parts, [canvas.seat(canvas.ana), canvas.seat(canvas.ben)])
    connection.seats.read(parts)
    assert tally.taken == {"canvas": len(canvas.sandbox.calls)}

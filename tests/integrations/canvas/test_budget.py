"""Canvas charges calls by their cost: coplink keeps below what is left, so that Canvas never has to refuse."""

from __future__ import annotations

import threading

import pytest

from coplink.pace import Pacer
from coplink.ports.errors import Throttled
from coplink.ports.pace import UNPACED
from coplink.ports.seats import Done
from coplink.testing.pacing import Hourglass
from coplink_canvas import transport
from coplink_canvas.sandbox.budget import Budget


@pytest.fixture
def glass(canvas):
    """One time for both sides, and a bucket that is really enforced."""
    glass = Hourglass(1_800_000_000.0)
    canvas.sandbox.clock = glass
    return glass


def fill(canvas, parts, people, pace):
    """Seat so many people, in lots, through this pace; how many were seated and how often Canvas refused."""
    canvas.pace = pace
    seats = canvas.connect().seats
    seated = 0
    for start in range(0, people, 50):
        lot = [canvas.seat(str(5000 + n)) for n in range(start, min(start + 50, people))]
        try:
            seated += list(seats.put(parts, lot).outcomes.values()).count(Done.CHANGED)
        except Throttled:
            continue
    return seated, canvas.sandbox.throttled


def prepared(canvas, glass, people, size):
    parts = canvas.provision()
    canvas.enrol([str(5000 + n) for n in range(people)])
    canvas.sandbox.budget.size, canvas.sandbox.enforce_limits = float(size), True
    glass.now += 600.0
    return parts


def test_more_writes_than_the_bucket_holds_are_never_refused(canvas, glass):
    parts = prepared(canvas, glass, 150, 70)

    assert fill(canvas, parts, 150, glass.pacer().of("riverbend", "canvas")) == (150, 0)
    assert glass.now > 1_800_000_600.0 + (150 - 70) / 10, "the bucket leaks ten a second"


def test_without_the_budget_canvas_refuses(canvas, glass):
    parts = prepared(canvas, glass, 150, 70)

    seated, refused = fill(canvas, parts, 150, UNPACED)

    assert seated < 150
    assert refused > 0


def test_without_what_canvas_says_is_left_canvas_refuses(canvas, glass, monkeypatch):
    monkeypatch.setattr(transport, "_left", lambda response: None)
    parts = prepared(canvas, glass, 150, 70)

    assert fill(canvas, parts, 150, glass.pacer().of("riverbend", "canvas"))[1] > 0


@pytest.mark.long
def test_fifteen_hundred_writes_fit_through_a_bucket_of_seven_hundred(canvas, glass):
    parts = prepared(canvas, glass, 1_500, 700)

    assert fill(canvas, parts, 1_500, glass.pacer().of("riverbend", "canvas")) == (1_500, 0)


def in_parallel(canvas, parts, pace):
    """Eight threads at once; how many readings were refused."""
    canvas.pace = pace
    canvas.sandbox.budget.size = 120.0  # two calls under way leave no room for a third
    canvas.sandbox.most_per_page = 5
    for n in range(20):
        canvas.sandbox.sit(parts["group"], str(5000 + n), moderator=False)
    connection, refused = canvas.connect(), []

    def read():
        try:
            connection.seats.read(parts)
        except Throttled:
            refused.append(1)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return canvas.sandbox.throttled


def test_threads_take_turns_because_parallel_calls_are_charged_beforehand(canvas, glass):
    parts = prepared(canvas, glass, 0, 120)
    assert in_parallel(canvas, parts, Pacer().of("riverbend", "canvas")) == 0


def test_whoever_does_not_take_turns_is_refused():
    budget = Budget(120.0, reserved=50.0)
    assert [budget.begin("token", 0.0) for _ in range(4)] == [True, True, True, False]
    budget.end("token", 0.0, 1.0)
    assert budget.begin("token", 0.0)
    assert budget.begin("another token", 0.0), "each token has a bucket of its own"

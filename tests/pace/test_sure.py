"""A call for work that another worker has begun meanwhile does not go."""

from __future__ import annotations

import pytest

from coplink.pace import Ours, Pacer, as_long_as
from coplink.pace.sure import SURE_FOR
from coplink.ports.pace import Limit, Rate
from coplink.ports.storage import StaleTurn

LIMIT = Limit("api", (Rate(100, 1.0),))


class Worker:
    def __init__(self) -> None:
        self.at, self.ours, self.asked = 0.0, True, 0

    def still(self) -> bool:
        self.asked += 1
        return self.ours

    def calls(self) -> None:
        with Pacer(1, lambda: 0.0).of("school", "suite").taking((LIMIT, "")):
            pass


def test_whoever_was_stopped_for_long_asks_before_the_next_call_and_only_then():
    worker = Worker()
    with as_long_as(Ours(worker.still, lambda: worker.at)):
        worker.calls()
        worker.at = SURE_FOR - 1
        worker.calls()
        assert worker.asked == 0, "no question for each call"
        worker.at = 2 * SURE_FOR
        worker.calls()
        worker.calls()
        assert worker.asked == 1
        worker.at, worker.ours = 4 * SURE_FOR, False
        with pytest.raises(StaleTurn):
            worker.calls()
    worker.calls()


def test_a_call_that_does_not_go_leaves_its_place_at_the_gate():
    worker, pacer = Worker(), Pacer(1, lambda: 0.0)
    narrow = Limit("api", (Rate(100, 1.0),), at_once=1)
    worker.ours = False
    for _ in range(3):
        late = Ours(worker.still, iter((0.0, SURE_FOR)).__next__)
        gate = pacer.of("school", "suite")
        with as_long_as(late), pytest.raises(StaleTurn), gate.taking((narrow, "")):
            raise AssertionError("it went")
    with pacer.of("school", "suite").taking((narrow, "")):
        assert worker.asked == 3

"""Five hundred worlds in every run: every promise kept, every kind of trouble met."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coplink.simulation.many import run

WORLDS = 500
TOLD = Path("test-results/worlds.json")


@pytest.mark.timeout(900)
def test_five_hundred_worlds_keep_every_promise_and_meet_every_fault() -> None:
    summary = run(range(WORLDS))
    TOLD.parent.mkdir(exist_ok=True)
    TOLD.write_text(json.dumps(summary.told(), indent=2))
    assert summary.worlds == WORLDS
    assert summary.broken == {}
    assert summary.unreached() == ()
    assert summary.effects["seats"] > WORLDS
    assert summary.effects["removals"] > WORLDS / 4
    assert summary.effects["departures"] > WORLDS / 10
    assert summary.effects["approved"] > WORLDS / 50
    assert summary.crashes > WORLDS / 2

"""What a run costs in each suite, on a small community: as ``bench/membership.py`` counts and judges it."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from coplink.core.people import Role
from coplink.sandbox.district import region

BENCH = Path(__file__).parents[2] / "bench"
PEOPLE = 205
RIGS = {
    "apply_microsoft": ("InTeams", "entra_id", 1),
    "apply_google": ("GoogleRig", "google_id", 2),
    "apply_canvas": ("CanvasRig", "", 3),
}


@pytest.mark.parametrize("vendor", RIGS)
def test_a_run_that_finds_nothing_to_do_reads_each_page_once_and_writes_nothing(vendor, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    module, base = importlib.import_module(vendor), importlib.import_module("rig")
    name, theirs, pages = RIGS[vendor]
    here = region()
    if theirs:
        here = base.crowd(here, module.HERE, PEOPLE, lambda number: {theirs: module.account(number)})
    with base.standing(getattr(module, name), module.make, here) as bench:
        bench.found(PEOPLE)
        bench.want(dict.fromkeys(range(PEOPLE), Role.MEMBER) | {0: Role.FACILITATOR})
        bench.fill()
        got = bench._counted(PEOPLE, 0, 0)
    assert (got.calls, got.parts, got.wrong, got.stopped) == (0, 0, 0, "")
    assert (got.reads, got.reads_most, got.throttled) == (pages, pages, 0)


def test_what_is_missed_is_told_and_fails(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    bench = importlib.import_module("membership")
    assert [bench.least(key, 5, 3, 2) for key in ("teams", "google", "canvas")] == [1 + 1 + 2, 10, 10]
    assert bench.least("teams", 201, 21, 0) == 4
    place = {"writes": 0, "least": 0, "reads": 11, "pages": 11, "wrong": 0}
    good = {"nothing changed": {"mib": 149.9, "places": {"teams": place}}}
    people = {
        "join": [0.5, 1.9, 9.0],
        "leave": [1.0],
        "crowd": {"still to be seated": {"teams": 7, "canvas": 0}},
    }
    assert all(goal.met for goal in bench.judged(good, people))
    for worse in ({"writes": 1}, {"reads": 12}, {"wrong": 1}):
        missed = {"nothing changed": {"mib": 100.0, "places": {"teams": place | worse}}}
        assert [goal.met for goal in bench.judged(missed, {})].count(False) == 1
    late = people | {"join": [2.1, 2.2, 0.1], "crowd": {"still to be seated": {"teams": 0}}}
    assert [goal.met for goal in bench.judged({}, late)] == [False, True, False]
    assert not all(
        goal.met for goal in bench.judged({"nothing changed": good["nothing changed"] | {"mib": 151.0}}, {})
    )

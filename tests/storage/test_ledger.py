"""The ledger as a table of cases: what happened, and what coplink then holds true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.plan import Change
from coplink.core.spaces import Observed, SpaceId
from coplink.ports.seats import Done

A = AccountId("a")
SEAT = Change(A, None, Role.MEMBER)
LIFT = Change(A, Role.MEMBER, Role.FACILITATOR)
LOWER = Change(A, Role.FACILITATOR, Role.MEMBER)
REMOVE = Change(A, Role.MEMBER, None)
LAG = timedelta(minutes=1)

# Steps: ("intend", change), ("record", change, outcome), ("see"|"miss"|"half see"|"half miss",), ("wait", lags).
# Expected: the sets of Remembered that hold the account; "gone" where the last reading said so.
seat = [("intend", SEAT), ("record", SEAT, Done.CHANGED)]
ours = [*seat, ("wait", 2), ("see",)]
unknown = [("intend", SEAT), ("record", SEAT, Done.UNKNOWN), ("wait", 2)]
see, miss, half_see, half_miss, wait = ("see",), ("miss",), ("half see",), ("half miss",), ("wait", 1)
see_lead = ("lead see",)
remove = [("intend", REMOVE), ("record", REMOVE, Done.CHANGED)]

gone_unseen = [*seat, wait, miss, wait, miss]
lift = [see, ("intend", LIFT), ("record", LIFT, Done.CHANGED)]
lower = [("intend", LOWER), ("record", LOWER, Done.CHANGED)]

CASES = {
    "nothing happened": ([], ""),
    "came by hand": ([see], ""),
    "intended, the answer is due": ([("intend", SEAT)], "unknown fresh"),
    "intended, crashed": ([("intend", SEAT), wait], "unknown"),
    "intended, crashed, and it is there": ([("intend", SEAT), wait, see], "unknown"),
    "intended, crashed, not in one listing": ([("intend", SEAT), wait, miss], "unknown"),
    "intended, crashed, and it is not there": ([("intend", SEAT), wait, miss, wait, miss], ""),
    "intended, crashed, looked too early": ([("intend", SEAT), miss], "unknown fresh"),
    "intended, crashed, looked too early, then seen": ([("intend", SEAT), miss, wait, see], "unknown"),
    "intended, crashed, not in half a reading": ([("intend", SEAT), wait, half_miss], "unknown"),
    "intended, crashed, there at first, then not": (
        [("intend", SEAT), wait, see, wait, miss, wait, miss],
        "",
    ),
    "no answer": (unknown, "unknown"),
    "no answer, and it is there": ([*unknown, see], "unknown"),
    "no answer, not in one listing, then there": ([*unknown, miss, wait, see], "unknown"),
    "no answer, and it is not there": ([*unknown, miss, wait, miss], ""),
    "no answer, not there, by hand months later": ([*unknown, miss, wait, miss, ("wait", 9999), see], ""),
    "no answer, not there, tried again": (
        [*unknown, miss, ("intend", SEAT), ("record", SEAT, Done.CHANGED), wait, see],
        "ours",
    ),
    "no answer, tried again: fresh, so not judged": ([*unknown, ("intend", SEAT), miss], "unknown fresh"),
    "no answer: fresh from then on": (
        [("intend", SEAT), wait, ("record", SEAT, Done.UNKNOWN)],
        "unknown fresh",
    ),
    "put": (seat, "given fresh"),
    "put, never looked": ([*seat, wait], "given"),
    "put, looked too early": ([*seat, miss], "given fresh"),
    "put, seen early": ([*seat, see], "ours fresh"),
    "put, seen": (ours, "ours"),
    "put, seen in half a reading": ([*seat, wait, half_see], "ours"),
    "put, first seen long after": ([*seat, ("wait", 50), see], "ours"),
    "put, not in half a reading, then seen": ([*seat, wait, half_miss, see], "ours"),
    "put, not in one listing after the lag, then seen": ([*seat, wait, miss, wait, see], "ours"),
    "put, not there after the lag: not given again": ([*seat, wait, miss, wait, miss], "out"),
    "put, missing once": ([*seat, wait, miss], "given"),
    "put, missing in halves only": ([*seat, wait, half_miss, wait, half_miss], "given"),
    "put, gone unseen, and never seen again": ([*gone_unseen, ("wait", 9999), miss], "out"),
    "put, gone unseen, joined again": ([*gone_unseen, ("rejoin",)], ""),
    "put, not seen, joined again: put anew if it is gone": (
        [*seat, wait, miss, ("rejoin",), wait, miss, wait, miss],
        "",
    ),
    "put, joined again, seen": ([*seat, ("rejoin",), wait, see], "ours"),
    "joined again, taken out before the next look": ([*ours, ("rejoin",), wait, miss, wait, miss], ""),
    "put, not there after the lag, by hand a year later": (
        [*seat, wait, miss, wait, miss, ("wait", 9999), see],
        "",
    ),
    "refused": ([("intend", SEAT), ("record", SEAT, Done.REFUSED)], ""),
    "refused: nothing of it is fresh": ([("intend", SEAT), ("record", SEAT, Done.REFUSED), see], ""),
    "already so: someone came by hand": ([("intend", SEAT), ("record", SEAT, Done.ALREADY_SO), see], ""),
    "unknown, tried again, already so": (
        [*unknown, ("intend", SEAT), ("record", SEAT, Done.ALREADY_SO), wait, see],
        "unknown",
    ),
    "unknown, tried again, changed": (
        [*unknown, ("intend", SEAT), ("record", SEAT, Done.CHANGED), wait, see],
        "ours",
    ),
    "unknown, tried again, refused": (
        [*unknown, ("intend", SEAT), ("record", SEAT, Done.REFUSED)],
        "unknown",
    ),
    "crashed twice, then refused": (
        [("intend", SEAT), wait, ("intend", SEAT), ("record", SEAT, Done.REFUSED)],
        "unknown",
    ),
    "ours, absent once": ([*ours, miss], "ours"),
    "ours, absent twice too close": ([*ours, miss, ("wait", 0.9), miss], "ours"),
    "ours, absent twice a lag apart": ([*ours, miss, wait, miss], "ours gone"),
    "ours, absent, half a reading, absent": ([*ours, miss, wait, half_miss, miss], "ours gone"),
    "ours, absent, half a reading only": ([*ours, miss, wait, half_miss], "ours"),
    "ours, absent in halves only": ([*ours, half_miss, wait, half_miss], "ours"),
    "ours, absent, back, absent": ([*ours, miss, wait, see, miss], "ours"),
    "ours, absent, back in half a reading, absent": ([*ours, miss, wait, half_see, miss], "ours"),
    "ours, absent while fresh does not count": ([*seat, see, miss, ("wait", 1), miss], "ours"),
    "ours, absent while fresh, then twice": ([*seat, see, miss, wait, miss, wait, miss], "ours gone"),
    "ours, taken out over there": ([*ours, miss, wait, miss, ("take out",)], "out"),
    "taken out: not seen again": ([*ours, miss, wait, miss, ("take out",), ("wait", 9999), miss], "out"),
    "taken out, let in by hand": ([*ours, miss, wait, miss, ("take out",), wait, see], "ours"),
    "taken out, in half a reading": ([*ours, miss, wait, miss, ("take out",), wait, half_miss], "out"),
    "taken out, which was not ours": ([*unknown, ("take out",)], "unknown"),
    "ours, let go": ([*ours, ("let go",)], "unknown"),
    "ours, absent once, let go, absent once": ([*ours, miss, ("let go",), wait, miss], "unknown"),
    "no answer, let go": ([*unknown, ("let go",)], "unknown"),
    "by hand, let go": ([see, ("let go",)], ""),
    "removed, let go, by hand": ([*ours, *remove, ("let go",), see], ""),
    "taken out, let go": ([*ours, miss, wait, miss, ("take out",), ("let go",)], "out"),
    "ours, gone, forgotten": ([*ours, miss, wait, miss, ("forget",)], ""),
    "ours, removed": ([*ours, *remove], "fresh"),
    "ours, removed, still shown": ([*ours, *remove, see], "fresh"),
    "ours, removed, by hand later": ([*ours, *remove, wait, see], ""),
    "ours, removed, gone": ([*ours, *remove, wait, miss], ""),
    "ours, removal refused": ([*ours, ("intend", REMOVE), ("record", REMOVE, Done.REFUSED)], "ours"),
    "ours, removal without an answer": (
        [*ours, ("intend", REMOVE), ("record", REMOVE, Done.UNKNOWN), wait, see],
        "unknown",
    ),
    "ours, removal without an answer, by hand months later": (
        [
            *ours,
            ("intend", REMOVE),
            ("record", REMOVE, Done.UNKNOWN),
            wait,
            miss,
            wait,
            miss,
            ("wait", 9999),
            see,
        ],
        "",
    ),
    "ours, removal crashed, and they are gone: by us, they did not leave": (
        [*ours, ("intend", REMOVE), wait, miss, wait, miss],
        "",
    ),
    "ours, removal crashed": ([*ours, ("intend", REMOVE), wait, see], "unknown"),
    "ours, removal found them absent": (
        [*ours, ("intend", REMOVE), ("record", REMOVE, Done.ALREADY_SO), wait, see],
        "",
    ),
    "removed, joined again": ([*ours, *remove, *seat, wait, see], "ours"),
    "removed, joined again while still shown": (
        [*ours, *remove, see, ("intend", LIFT), ("record", LIFT, Done.CHANGED), wait, see],
        "ours",
    ),
    "removed, by hand later, made facilitator: stays theirs": (
        [*ours, *remove, wait, see, ("intend", LIFT), ("record", LIFT, Done.CHANGED), wait, see],
        "",
    ),
    "removed, already so: not our doing": (
        [*ours, *remove, ("intend", SEAT), ("record", SEAT, Done.ALREADY_SO)],
        "",
    ),
    "removed, put back by hand before us": (
        [*ours, *remove, ("intend", SEAT), ("record", SEAT, Done.ALREADY_SO), wait, see],
        "",
    ),
    "ours, made facilitator": ([*ours, ("intend", LIFT), ("record", LIFT, Done.CHANGED)], "ours fresh"),
    "ours, made facilitator, refused": ([*ours, ("intend", LIFT), ("record", LIFT, Done.REFUSED)], "ours"),
    "ours, made facilitator, no answer": (
        [*ours, ("intend", LIFT), ("record", LIFT, Done.UNKNOWN), wait],
        "ours",
    ),
    "ours, made facilitator, crashed": ([*ours, ("intend", LIFT), wait], "ours"),
    "by hand, made facilitator: stays theirs": (
        [see, ("intend", LIFT), ("record", LIFT, Done.CHANGED), wait, see],
        "",
    ),
    "by hand, made facilitator, no answer: stays theirs": (
        [see, ("intend", LIFT), ("record", LIFT, Done.UNKNOWN), wait, see],
        "",
    ),
    "by hand, made facilitator: to be undone": ([*lift, wait, see_lead], "raised"),
    "by hand, made facilitator, not shown yet": ([*lift, see], "raised fresh"),
    "by hand, made facilitator, refused": ([see, ("intend", LIFT), ("record", LIFT, Done.REFUSED)], ""),
    "by hand, made facilitator, crashed: nobody knows by whom": ([see, ("intend", LIFT), wait, see_lead], ""),
    "by hand, made facilitator, no answer: nobody knows by whom": (
        [see, ("intend", LIFT), ("record", LIFT, Done.UNKNOWN), wait, see_lead],
        "",
    ),
    "by hand, made facilitator by hand before us": (
        [see, ("intend", LIFT), ("record", LIFT, Done.ALREADY_SO), wait, see_lead],
        "",
    ),
    "raised, again: as it was": (
        [*lift, ("intend", LIFT), ("record", LIFT, Done.ALREADY_SO), wait, see_lead],
        "raised",
    ),
    "raised, lowered by us": ([*lift, wait, see_lead, *lower], ""),
    "raised, lowering refused": (
        [*lift, wait, see_lead, ("intend", LOWER), ("record", LOWER, Done.REFUSED), wait],
        "raised",
    ),
    "raised, lowering without an answer, not done": (
        [*lift, wait, see_lead, ("intend", LOWER), ("record", LOWER, Done.UNKNOWN), wait, see_lead],
        "raised",
    ),
    "raised, lowering without an answer, done": (
        [*lift, wait, see_lead, ("intend", LOWER), ("record", LOWER, Done.UNKNOWN), wait, see],
        "",
    ),
    "raised, lowered by hand, raised by hand": ([*lift, wait, see_lead, see, see_lead], ""),
    "raised, missing once": ([*lift, wait, see_lead, miss, wait, see_lead], "raised"),
    "raised, gone, by hand later": ([*lift, wait, see_lead, miss, wait, miss, see_lead], ""),
    "raised, their person joins again": ([*lift, wait, see_lead, ("rejoin",)], "raised"),
    "unknown, made facilitator: stays unknown": (
        [*unknown, see, ("intend", LIFT), ("record", LIFT, Done.CHANGED), wait, see],
        "unknown",
    ),
}


class Play:
    """Carries the steps out, one unit of work each, and knows what time it is."""

    def __init__(self, keep, world):
        self.keep, self.space, self.now, self.gone = keep, world.space.id, world.now, frozenset()

    def step(self, name, *arguments):
        if name == "wait":
            self.now += arguments[0] * LAG
            return
        with self.keep() as uow:
            match name:
                case "intend":
                    uow.ledger.intend(self.space, arguments, self.now)
                case "record":
                    uow.ledger.record(self.space, *arguments, self.now)
                case "rejoin":
                    uow.ledger.rejoined(self.space, [A], self.now)
                case "take out":
                    uow.ledger.take_out(self.space, [A])
                case "let go":
                    uow.ledger.let_go(self.space)
                case "forget":
                    uow.ledger.forget(self.space, [A])
                case _:
                    role = Role.FACILITATOR if name.startswith("lead") else Role.MEMBER
                    seats = {A: role} if name.endswith("see") else {}
                    observed = Observed(seats, complete=not name.startswith("half"))
                    self.gone = uow.ledger.saw(self.space, observed, self.now, LAG)
        if name in ("forget", "take out", "let go"):
            self.gone = frozenset()

    def holds(self):
        with self.keep() as uow:
            remembered = uow.ledger.remembered(self.space, self.now, LAG)
        kinds = ("ours", "unknown", "fresh", "out", "given", "raised")
        found = [name for name in kinds if A in getattr(remembered, name)]
        return set(found) | ({"gone"} if A in self.gone else set())


@pytest.mark.parametrize("case", CASES)
def test_case(keep, world, case):
    steps, expected = CASES[case]
    play = Play(keep, world)
    for step in steps:
        play.step(*step)
    assert play.holds() == set(expected.split())


def test_the_edge_of_the_lag(keep, world):
    play = Play(keep, world)
    for step in seat:
        play.step(*step)
    play.now += LAG - timedelta(microseconds=1)
    assert play.holds() == {"given", "fresh"}
    play.now += timedelta(microseconds=1)
    assert play.holds() == {"given"}


def test_without_any_lag_one_reading_is_still_no_proof(keep, world):
    none = timedelta(0)
    with keep() as uow:
        uow.ledger.record(world.space.id, SEAT, Done.CHANGED, world.now)
        uow.ledger.saw(world.space.id, Observed({A: Role.MEMBER}, True), world.now, none)
        assert uow.ledger.saw(world.space.id, Observed({}, True), world.now, none) == frozenset()
        assert uow.ledger.saw(world.space.id, Observed({}, True), world.now, none) == {A}


def test_the_gone_are_named_until_they_are_forgotten(keep, world):
    play = Play(keep, world)
    for step in [*ours, miss, wait, miss, miss]:
        play.step(*step)
    assert play.gone == {A}


def test_those_who_sit_by_our_hand_are_named_until_we_take_them_away(keep, world):
    for steps, seated in (
        ([see], False),
        (seat, True),
        (ours, True),
        ([*ours, miss, wait, miss, ("take out",)], True),
        ([*lift, wait, see_lead], False),
        (unknown, False),
        ([*unknown, see], True),
        ([*ours, *remove], False),
    ):
        play = Play(keep, world)
        for step in steps:
            play.step(*step)
        with keep() as uow:
            assert (A in uow.ledger.seated(world.space.id)) is seated, steps
            uow.ledger.forget(world.space.id, [A])
            uow.ledger.forget_all(world.space.id)
            uow.commit()


def test_a_person_at_several_spaces_is_remembered_at_each(keep, world):
    other = replace(world.space, id=SpaceId("s2"), marker="marker-2")
    with keep() as uow:
        uow.spaces.put(other)
        uow.ledger.record(world.space.id, SEAT, Done.CHANGED, world.now)
        uow.ledger.saw(other.id, Observed({A: Role.MEMBER}, True), world.now, LAG)
        assert uow.ledger.remembered(world.space.id, world.now, LAG).ours == frozenset()
        assert uow.ledger.remembered(other.id, world.now, LAG).fresh == frozenset()

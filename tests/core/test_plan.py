"""The plan: the table of cases, and laws that hold for any mixture of wishes, sights and memories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplink.core.desired import Desired
from coplink.core.people import AccountId, Role
from coplink.core.plan import Change, Phase, Plan, diff
from coplink.core.policy import Policy, Tally, hazards
from coplink.core.spaces import Observed, Remembered, SpaceId

SPACE = SpaceId("s")
A = AccountId("a")
M, F = Role.MEMBER, Role.FACILITATOR


def plan(
    want: dict[AccountId, Role],
    have: dict[AccountId, Role],
    ours: set[AccountId] | None = None,
    unknown: set[AccountId] | None = None,
    fresh: set[AccountId] | None = None,
    gone: set[AccountId] | None = None,
    complete: bool = True,
    farewells: set[AccountId] | None = None,
    out: set[AccountId] | None = None,
    given: set[AccountId] | None = None,
    raised: set[AccountId] | None = None,
) -> Plan:
    return diff(
        SPACE,
        Desired(want, frozenset(farewells or ()), {}),
        Observed(have, complete, frozenset(gone or ())),
        Remembered(
            frozenset(ours or ()),
            frozenset(unknown or ()),
            frozenset(fresh or ()),
            frozenset(out or ()),
            frozenset(given or ()),
            frozenset(raised or ()),
        ),
    )


@pytest.mark.parametrize(
    ("case", "changes", "where"),
    [
        (plan({A: M}, {}), (Change(A, None, M),), ""),
        (plan({A: M}, {A: M}), (), ""),
        (plan({A: F}, {A: M}), (Change(A, M, F),), ""),
        (plan({A: M}, {A: F}), (), ""),
        (plan({A: M}, {A: F}, ours={A}), (Change(A, F, M),), ""),
        (plan({A: M}, {}, ours={A}), (), "waiting"),
        (plan({A: M}, {}, ours={A}, gone={A}), (), "departures"),
        (plan({A: M}, {}, ours={A}, gone={A}, complete=False), (), "waiting"),
        (plan({A: M}, {}, fresh={A}), (), "waiting"),
        (plan({A: M}, {}, unknown={A}), (Change(A, None, M),), ""),
        (plan({A: M}, {}, unknown={A}, complete=False), (), "waiting"),
        (plan({A: M}, {A: M}, unknown={A}), (), ""),
        (plan({A: M}, {A: M}, unknown={A}, fresh={A}), (), "waiting"),
        (plan({A: F}, {A: M}, unknown={A}, fresh={A}), (Change(A, M, F),), "waiting"),
        (plan({A: M}, {}, out={A}), (), "out"),
        (plan({A: M}, {}, out={A}, complete=False), (), "out"),
        (plan({A: M}, {A: M}, out={A}), (), ""),
        (plan({}, {}, out={A}), (), ""),
        (plan({A: M}, {}, given={A}), (), "waiting"),
        (plan({A: M}, {}, given={A}, complete=False), (), "waiting"),
        (plan({}, {}, given={A}), (), ""),
        (plan({A: F}, {A: F}, raised={A}), (), ""),
        (plan({A: M}, {A: F}, raised={A}), (Change(A, F, M),), ""),
        (plan({A: M}, {A: M}, raised={A}), (), ""),
        (plan({A: M}, {}, raised={A}), (Change(A, None, M),), ""),
        (plan({}, {A: F}, raised={A}), (Change(A, F, M),), "unlisted"),
        (plan({}, {A: F}, raised={A}, farewells={A}), (Change(A, F, M),), "unlisted"),
        (plan({}, {A: M}, raised={A}, farewells={A}), (), "unlisted"),
        (plan({}, {}, raised={A}, farewells={A}), (), ""),
        (plan({}, {A: M}, ours={A}), (Change(A, M, None),), ""),
        (plan({}, {A: M}, unknown={A}), (), "held"),
        (plan({}, {A: M}, unknown={A}, farewells={A}), (Change(A, M, None),), ""),
        (plan({}, {}, fresh={A}), (), "waiting"),
        (plan({}, {A: M}), (), "unlisted"),
        (plan({}, {A: M}, farewells={A}), (), "unlisted"),
    ],
)
def test_the_table(case: Plan, changes: tuple[Change, ...], where: str) -> None:
    assert case.changes == changes
    for name in ("departures", "unlisted", "held", "waiting", "out"):
        assert getattr(case, name) == (frozenset({A}) if name == where else frozenset()), name


accounts = st.sampled_from([AccountId(letter) for letter in "abcdefgh"])
roles = st.sampled_from([M, F])
seats = st.dictionaries(accounts, roles, max_size=8)
some = st.frozensets(accounts, max_size=8)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, Desired, Observed, Remembered]:
    want, have = draw(seats), draw(seats)
    ours = draw(some)
    unknown = draw(some) - ours
    observed = Observed(have, draw(st.booleans()), draw(some) - have.keys())
    desired = Desired(want, draw(some) - want.keys(), {})
    out = draw(some) - ours - unknown
    given = draw(some) - ours - unknown - out
    raised = draw(some) - ours - unknown - out - given
    remembered = Remembered(ours, unknown, draw(some), out, given, raised)
    return diff(SPACE, desired, observed, remembered), desired, observed, remembered


@given(plans())
def test_nobody_is_touched_twice_and_phases_never_go_backwards(
    drawn: tuple[Plan, Desired, Observed, Remembered],
) -> None:
    found = drawn[0]
    touched = [change.account for change in found.changes]
    assert len(touched) == len(set(touched))
    assert [c.phase for c in found.changes] == sorted(c.phase for c in found.changes)


@given(plans())
def test_nobody_is_removed_or_demoted_who_was_not_surely_ours_or_did_not_ask_for_it(
    drawn: tuple[Plan, Desired, Observed, Remembered],
) -> None:
    found, desired, _, remembered = drawn
    for change in found.changes:
        if change.after is None:
            assert change.account in remembered.ours | (remembered.unknown & desired.farewells)
        if change.phase is Phase.STEP_DOWN:
            assert change.account in remembered.ours | remembered.raised


@given(plans())
def test_only_proof_makes_a_departure_and_who_departed_is_not_put_back(
    drawn: tuple[Plan, Desired, Observed, Remembered],
) -> None:
    found, _, observed, remembered = drawn
    assert not found.departures or observed.complete
    assert found.departures <= observed.gone & remembered.ours
    assert not found.departures & {change.account for change in found.changes}


@given(plans())
def test_who_was_taken_out_stays_out_and_is_no_departure(
    drawn: tuple[Plan, Desired, Observed, Remembered],
) -> None:
    found, _, observed, remembered = drawn
    absent = remembered.out - observed.seats.keys()
    assert not absent & found.after.keys()
    assert not absent & found.departures
    assert found.out <= absent


@given(plans())
def test_strangers_are_left_alone(drawn: tuple[Plan, Desired, Observed, Remembered]) -> None:
    found, desired, observed, remembered = drawn
    strangers = observed.seats.keys() - desired.seats.keys() - remembered.ours - remembered.unknown
    assert {c.after for c in found.changes if c.account in strangers & remembered.raised} <= {M}
    strangers -= remembered.raised
    assert not strangers & {change.account for change in found.changes}


@given(plans())
def test_planning_again_asks_for_nothing(drawn: tuple[Plan, Desired, Observed, Remembered]) -> None:
    found, desired, observed, remembered = drawn
    seated = {c.account for c in found.changes if c.after is not None and c.before is None}
    later = Remembered(
        remembered.ours | seated,
        remembered.unknown - seated,
        remembered.fresh,
        remembered.out,
        remembered.given - seated,
        remembered.raised - seated,
    )
    seen = Observed(found.after, observed.complete, observed.gone - found.after.keys())
    again = diff(SPACE, desired, seen, later)
    assert again.changes == ()


@given(plans())
def test_what_was_given_and_not_seen_yet_is_not_given_twice(
    drawn: tuple[Plan, Desired, Observed, Remembered],
) -> None:
    found, _, observed, remembered = drawn
    absent = remembered.given - observed.seats.keys()
    assert not absent & {change.account for change in found.changes}
    assert not absent & found.departures


def test_who_leaves_gives_back_that_they_lead_and_nobody_is_asked() -> None:
    alone = plan({}, {A: F}, raised={A}, farewells={A})
    assert alone.asking == ()
    assert not hazards(alone, Policy(), Tally(kept=500))
    (only,) = hazards(plan({A: M}, {A: F}, raised={A}), Policy(), Tally(kept=500))
    assert "no facilitator" in str(only)


def test_the_same_plan_has_the_same_name_and_another_has_another() -> None:
    one, same, other = plan({A: M}, {}), plan({A: M}, {}), plan({A: F}, {})
    assert one.digest == same.digest != other.digest


def test_the_name_covers_departures_and_not_what_people_asked_for_themselves() -> None:
    quiet = plan({A: M}, {})
    left = plan({A: M}, {}, ours={A}, gone={A})
    waits = plan({A: M}, {}, ours={A})
    assert len({quiet.digest, left.digest, waits.digest}) == 3
    have = {A: M, AccountId("b"): M}
    asked = plan({}, have, ours={A, AccountId("b")}, farewells={A})
    assert asked.digest == plan({}, {AccountId("b"): M}, ours={AccountId("b")}).digest
    assert [change.account for change in asked.asking] == ["b"]


@given(plans(), plans())
def test_plans_of_one_name_ask_for_the_same(
    one: tuple[Plan, Desired, Observed, Remembered], other: tuple[Plan, Desired, Observed, Remembered]
) -> None:
    same = (one[0].asking, one[0].departures) == (other[0].asking, other[0].departures)
    assert (one[0].digest == other[0].digest) is same


@given(plans())
def test_where_the_ledger_was_lost_nothing_is_taken_from_anybody(
    drawn: tuple[Plan, Desired, Observed, Remembered],
) -> None:
    whole, adopting = drawn[0], drawn[0].adopt_only()
    assert adopting.after.keys() >= whole.have.keys()
    assert not adopting.departures
    assert all(role.leads <= adopting.after[a].leads for a, role in whole.have.items())
    assert {c for c in whole.changes if c.phase <= Phase.SEAT_MEMBERS} == set(adopting.changes)
    assert whole.departures <= adopting.waiting
    assert hazards(adopting, Policy(), Tally(removed_today=99)) == ()


def crowd(count: int, role: Role = M) -> dict[AccountId, Role]:
    return {AccountId(str(n)): role for n in range(count)}


def losing(count: int, of: int, farewells: int = 0) -> Plan:
    have = crowd(of)
    stay = {a: r for n, (a, r) in enumerate(have.items()) if n >= count}
    left = {AccountId(str(n)) for n in range(farewells)}
    return plan(stay, have, ours=set(have), farewells=left)


@pytest.mark.parametrize(
    ("count", "of", "stops"), [(2, 15, False), (3, 15, True), (5, 50, False), (6, 50, True)]
)
def test_more_than_two_people_or_a_tenth_of_a_space_stop_the_run(count: int, of: int, stops: bool) -> None:
    assert bool(hazards(losing(count, of), Policy(), Tally(kept=2000))) is stops


def test_what_people_asked_for_themselves_is_no_hazard() -> None:
    assert hazards(losing(10, 15, farewells=10), Policy(), Tally(kept=15)) == ()


def test_every_reason_to_stop_is_given_at_once() -> None:
    have = {**crowd(3), AccountId("f"): F}
    found = hazards(plan({}, have, ours=set(have)), Policy(), Tally(removed_today=24, kept=40))
    said = " ".join(map(str, found))
    for words in ("at once", "today", "large part", "empty", "no facilitator", "Everyone"):
        assert words in said


def test_the_daily_limit_of_an_institution_counts_what_other_spaces_lost() -> None:
    assert not hazards(losing(1, 40), Policy(), Tally(removed_today=24, kept=5000))
    assert hazards(losing(1, 40), Policy(), Tally(removed_today=25, kept=5000))


def emptied(count: int, unlisted: int = 0) -> Plan:
    want = crowd(count)
    return plan(want, {AccountId(f"x{n}"): M for n in range(unlisted)}, ours=set(want), gone=set(want))


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_space_that_is_suddenly_empty_is_held_however_small_it_was(count: int) -> None:
    said = " ".join(map(str, hazards(emptied(count), Policy(), Tally(kept=5000))))
    assert "Nobody sits there any more" in said
    assert not hazards(emptied(2, unlisted=1), Policy(), Tally(kept=5000))


def test_departures_count_towards_the_share_of_all_seats() -> None:
    some = emptied(3, unlisted=40)
    assert not hazards(some, Policy(), Tally(kept=5000))
    said = " ".join(map(str, hazards(some, Policy(), Tally(kept=40))))
    assert "large part" in said


def test_removals_and_departures_together_stop_the_run() -> None:
    have = crowd(10)
    gone = {AccountId("g1"): M, AccountId("g2"): M}
    both = plan(
        {**have, **gone},
        {**have, AccountId("o1"): M, AccountId("o2"): M},
        ours={*gone, AccountId("o1"), AccountId("o2")},
        gone=set(gone),
    )
    (only,) = hazards(both, Policy(), Tally(kept=5000))
    assert "4 people" in str(only)


def test_the_last_facilitator_is_not_even_demoted_without_asking() -> None:
    (only,) = hazards(plan({A: M}, {A: F}, ours={A}), Policy(), Tally(kept=500))
    assert "no facilitator" in str(only)
    assert not hazards(plan({A: M, AccountId("b"): F}, {A: F}, ours={A}), Policy(), Tally(kept=500))

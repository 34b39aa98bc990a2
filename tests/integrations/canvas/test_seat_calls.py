"""How many calls seats take: one for each change, two for a new facilitator, and nobody is looked up."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.seats import Done


@pytest.fixture
def seats(canvas, parts):
    return canvas.connect().seats


def test_nobodys_absence_is_taken_from_a_listing(faultless, parts, seats):
    seats.put(parts, [faultless.seat(faultless.ana)])
    faultless.forget_calls()

    assert seats.remove(parts, [faultless.ana]).outcomes == {faultless.ana: Done.CHANGED}
    assert faultless.reads == []


def test_a_thousand_new_members_are_a_thousand_calls_and_no_reading(faultless, parts, seats):
    people = [str(5000 + n) for n in range(40)]  # forty stand for the thousand: the count is what matters
    faultless.enrol(people)
    seats.read(parts)
    faultless.forget_calls()

    assert set(seats.put(parts, [faultless.seat(one) for one in people]).outcomes.values()) == {Done.CHANGED}
    assert (len(faultless.writes), faultless.reads) == (40, [])


def test_a_new_facilitator_takes_two_calls_because_canvas_makes_a_member_first(faultless, parts, seats):
    seats.read(parts)
    faultless.forget_calls()

    seats.put(parts, [faultless.seat(faultless.ana, Role.FACILITATOR)])

    assert [write.partition(" ")[0] for write in faultless.writes] == ["POST", "PUT"]
    assert faultless.reads == []


def test_who_left_before_their_role_changed_is_seated_anew(faultless, parts, seats):
    result = seats.put(parts, [Seat(faultless.ana, Role.FACILITATOR, before=Role.MEMBER)])

    assert result.outcomes == {faultless.ana: Done.CHANGED}
    assert seats.look(parts, faultless.ana) is Role.FACILITATOR


def test_whoever_has_the_wanted_role_already_costs_nothing(faultless, parts, seats):
    seats.put(parts, [faultless.seat(faultless.ana)])
    faultless.forget_calls()

    result = seats.put(parts, [Seat(faultless.ana, Role.MEMBER, before=Role.MEMBER)])

    assert result.outcomes == {faultless.ana: Done.ALREADY_SO}
    assert faultless.writes == []

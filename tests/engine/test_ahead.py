"""A person's own leaving goes ahead: of the reading of a large place, and of a run that has much to write."""

from __future__ import annotations

import pytest
from tests.engine.acts import leads_too

from coplink.core.people import Role
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import ahead, join
from coplink.engine.ahead import somebody_goes
from coplink.ports.errors import Unavailable


@pytest.fixture
def crowd(school):
    """A community of five who sit in its place, and nine more who have joined and do not sit there yet."""
    founder = school.arrive("ana", leads=True, account="ana").person
    community = school.found(founder)
    people = {}
    for number in range(13):
        if number == 4:
            school.work()
        people[number] = school.arrive(f"t{number:02}", account=f"t{number:02}").person
        with school.services.begin() as uow:
            join.offer(uow, community.id, people[number], Role.MEMBER, school.clock.now())
            uow.commit()
        school.join(community, people[number])
    school.board.calls.clear()
    return community, people


def leave(school, community, person):
    with school.services.begin() as uow:
        join.leave(uow, community, person, school.clock.now())
        uow.commit()


def sitting(school):
    return set(school.board.seats)


def seat_calls(school):
    return [name for name in school.board.calls if name.startswith("seats.")]


def while_first_written(school, deed):
    """``deed`` happens while the first lot of a run is under way."""
    call, waiting = school.board.call, [deed]

    def noticed(name, *args, **named):
        call(name, *args, **named)
        if name == "seats.put" and waiting:
            waiting.pop()()

    school.board.call = noticed


def test_a_run_that_writes_much_ends_between_two_lots_when_somebody_goes(school, crowd):
    community, people = crowd
    while_first_written(school, lambda: leave(school, community, people[0]))
    school.work()
    assert seat_calls(school)[:4] == ["seats.read", "seats.put", "seats.read", "seats.remove"]
    assert sitting(school) == {"ana", *(f"t{number:02}" for number in range(1, 13))}, "the rest came after"


def test_nobody_else_breaks_a_run_off(school, crowd):
    community, _ = crowd

    def ask_again():
        with school.services.begin() as uow:
            for space in uow.spaces.of(community.id):
                uow.work.mark(Kind.RECONCILE, space.id, community.id)
            uow.commit()

    while_first_written(school, ask_again)
    school.work()
    assert seat_calls(school)[:4] == ["seats.read", "seats.put", "seats.put", "seats.put"]


def test_from_a_large_place_they_are_gone_before_it_is_read(school, crowd, monkeypatch):
    community, people = crowd
    school.work()
    monkeypatch.setattr(ahead, "LARGE", 3)
    school.board.calls.clear()
    leave(school, community, people[1])
    school.work()
    assert seat_calls(school)[:3] == ["seats.look", "seats.remove", "seats.read"]
    assert "t01" not in sitting(school)
    assert "seats.remove" not in seat_calls(school)[3:], "once is enough"


@pytest.mark.parametrize(("leads", "first"), [(False, "seats.read"), (True, "seats.remove")])
def test_who_leads_a_large_place_is_gone_before_it_is_read_where_another_leads(
    school, crowd, monkeypatch, leads, first
):
    community, people = crowd
    ana = school.arrive("ana", leads=True, account="ana").person
    school.work()
    with school.services.begin() as uow:
        leads_too(uow, community, ana, people[1], school.clock.now())
        uow.commit()
    if leads:
        school.work()
    monkeypatch.setattr(ahead, "LARGE", 3)
    school.board.calls.clear()
    leave(school, community, ana)
    seen, wrote = [], school.board.wrote
    school.board.wrote = lambda: (seen.append(dict(school.board.seats)), wrote())
    school.work()
    assert seat_calls(school)[:3] == ["seats.look", "seats.look", first]
    assert "ana" not in sitting(school)
    assert all(Role.FACILITATOR in seats.values() for seats in seen)


def test_whoever_cannot_be_looked_up_goes_with_the_reading(school, crowd, monkeypatch):
    community, people = crowd
    school.work()
    monkeypatch.setattr(ahead, "LARGE", 3)
    school.board.calls.clear()
    school.board.trouble["seats.look"] = [Unavailable(say("Away."), "away")]
    leave(school, community, people[1])
    school.work()
    assert seat_calls(school)[:3] == ["seats.look", "seats.read", "seats.remove"]
    assert "t01" not in sitting(school)


def test_only_who_left_and_has_a_seat_of_ours_is_on_the_way_out(school, crowd):
    community, people = crowd
    school.work()
    with school.services.begin() as uow:
        (space,) = uow.spaces.of(community.id)
        assert uow.ledger.parting(space.id) == frozenset()
    school.board.seats.pop("t02")
    leave(school, community, people[1])
    leave(school, community, people[2])
    with school.services.begin() as uow:
        join.pause(uow, community, people[3], school.clock.now())
        uow.ledger.forget(space.id, ["t02"])
        assert uow.ledger.parting(space.id) == {"t01", "t03"}
        uow.commit()
    with school.services.begin() as uow:
        turn = uow.work.begin(Kind.RECONCILE, space.id, school.clock.now())
        uow.commit()
    assert not somebody_goes(school.services.begin, turn, school.clock.now), "this run sees them off"
    with school.services.begin() as uow:
        uow.work.mark(Kind.RECONCILE, space.id, community.id)
        uow.commit()
    assert somebody_goes(school.services.begin, turn, school.clock.now)

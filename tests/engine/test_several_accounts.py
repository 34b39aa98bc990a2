"""Several accounts of one human on one platform: leaving frees all their seats."""

from __future__ import annotations

import pytest
from tests.engine.acts import act, told

from coplink.core.people import Role
from coplink.core.work import Kind
from coplink.engine import claim, join
from coplink.ports.errors import OutcomeUnknown


def member(school, community, subject, account):
    person = school.arrive(subject, account=account).person
    act(school, join.offer, community.id, person, Role.MEMBER)
    school.join(community, person)
    return person


def links(school, person, account):
    """They prove another account on the same platform, and say that both are theirs."""
    school.clock.pass_by(minutes=1)
    came = school.arrive(f"{person.name}-{account}", person.name, account=account).person
    code = act(school, claim.code_for, person).token
    now = school.clock.now()
    with school.services.begin() as uow:
        found = claim.with_code(uow, came, code, now, True)
        uow.commit()
    return found


def looks(school, community, count=3):
    for _ in range(count):
        school.clock.pass_by(hours=2)
        school.mark(community, Kind.RECONCILE)
        school.work()


@pytest.mark.parametrize("step", [join.leave, join.pause])
def test_a_seat_in_doubt_of_an_older_account_is_given_up_as_well(school, community, step):
    school.board.trouble["seats.put"] = [OutcomeUnknown("the answer got lost")]
    dee = member(school, community, "dee", "7")
    school.jobs.run_until_idle()
    dee = links(school, dee, "77")
    school.work()
    looks(school, community, 2)
    assert {"7", "77"} <= school.board.seats.keys(), "nobody knows yet whose making the older seat is"
    act(school, step, community, dee)
    looks(school, community)
    assert not {"7", "77"} & school.board.seats.keys()


def test_a_plan_that_waits_keeps_nobody_in_who_leaves(school, community):
    people = {n: member(school, community, f"p{n}", n) for n in "3456"}
    school.work()
    looks(school, community, 2)
    for number, person in people.items():
        links(school, person, number * 2)
    school.work()
    assert "unsafe_plan" in told(school, community)
    assert school.board.seats.keys() == {"1", "2", *people}
    act(school, join.leave, community, people["3"])
    school.work()
    assert school.board.seats.keys() == {"1", "2", "4", "5", "6"}

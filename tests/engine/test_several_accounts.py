"""Several accounts of one human on one platform: leaving frees all their seats, and the only working one is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import act, links, looks, told

from coplink.core.people import AccountId, Role
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join, reconcile
from coplink.ports.errors import OutcomeUnknown
from coplink.ports.seats import BatchResult, Done
from coplink.testing import pinboard

OLD, NEW = AccountId("2"), AccountId("22")


def member(school, community, subject, account):
    person = school.arrive(subject, account=account).person
    act(school, join.offer, community.id, person, Role.MEMBER)
    school.join(community, person)
    return person


def bo_of(school):
    return school.arrive("bo", account=OLD).person


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


def test_the_older_seat_stays_while_the_platform_refuses_the_newer_account(school, community):
    looks(school, community, 1)
    school.board.strangers = {NEW}
    bo = links(school, bo_of(school), NEW)
    school.work()
    looks(school, community)
    assert school.board.seats[OLD] is Role.MEMBER
    assert NEW not in school.board.seats
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        assert uow.work.state(Kind.RECONCILE, space.id).done, "a refusal is no reason to look again soon"
        assert [one.person for one in uow.spaces.unreachable(space.id)] == [bo.id]
    school.board.strangers = set()
    looks(school, community, 1)
    assert NEW in school.board.seats
    assert OLD not in school.board.seats, "one person sits once"


def test_the_older_seat_stays_until_it_is_known_that_the_newer_one_is_made(school, community):
    looks(school, community, 1)
    school.board.trouble["seats.put"] = [OutcomeUnknown("the answer got lost")]
    links(school, bo_of(school), NEW)
    school.board.calls.clear()
    school.work()
    assert school.board.seats.keys() == {"1", NEW}
    calls = [one for one in school.board.calls if one.startswith("seats.")]
    assert calls[:4] == ["seats.read", "seats.put", "seats.read", "seats.remove"]


def test_who_sits_is_not_told_that_they_do_not_since_an_older_seat_is_not_taken_away(
    school, community, monkeypatch
):
    def remove(self, parts, accounts):
        return BatchResult(
            dict.fromkeys(accounts, Done.REFUSED), dict.fromkeys(accounts, say("Not without the head."))
        )

    looks(school, community, 1)
    monkeypatch.setattr(pinboard._Seats, "remove", remove)
    links(school, bo_of(school), NEW)
    school.work()
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        assert uow.spaces.unreachable(space.id) == []
    assert {OLD, NEW} <= school.board.seats.keys()


def test_a_full_place_keeps_the_older_seat(school, community):
    looks(school, community, 1)
    board = school.services.installed.integrations["pinboard"]
    board.manifest = replace(pinboard.MANIFEST, limits=replace(pinboard.MANIFEST.limits, seats=1))
    school.services._open.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconcile, "ROOM_FOR_ALL", 1)
        links(school, bo_of(school), NEW)
        school.work()
    assert school.board.seats.keys() == {"1", OLD}


def test_whoever_leads_keeps_the_older_seat_until_the_newer_one_leads(school, community, ana):
    looks(school, community, 1)
    school.board.seats[AccountId("11")] = Role.MEMBER  # by hand, and the platform lets nobody make it more
    school.board.strangers = {AccountId("11")}
    links(school, ana, "11")
    school.work()
    looks(school, community)
    assert school.board.seats[AccountId("1")] is Role.FACILITATOR
    school.board.strangers = set()
    looks(school, community, 1)
    assert school.board.seats[AccountId("11")] is Role.FACILITATOR
    assert "1" not in school.board.seats

"""New accounts, merged accounts, and ids that only a roster knew: whose they are, and where the seat is."""

from __future__ import annotations

import pytest

from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import AccountId, Standing
from coplink.core.roster import Listed
from coplink.core.work import Kind
from coplink.engine import apart, claim, join
from coplink.engine.arrive import might_be
from coplink.ports.directory import Found


def act(school, verb, *args):
    with school.services.begin() as uow:
        done = verb(uow, *args)
        uow.commit()
    return done


def linked(school, known, new, both=True):
    code = act(school, claim.code_for, known, school.clock.now()).token
    return act(school, claim.with_code, new, code, school.clock.now(), both)


def test_an_account_given_anew_is_somebody_else_until_proved_and_then_has_the_seat(school, community):
    bo, new = school.arrive("bo", account="2").person, school.arrive("bo-new", "Bo", account="22").person
    assert new.id != bo.id
    with pytest.raises(NotAllowed, match="unless both are yours"):
        linked(school, bo, new, both=False)
    assert linked(school, bo, new).id == bo.id
    school.work()
    assert AccountId("22") in school.board.seats
    assert AccountId("2") not in school.board.seats, "one person sits once"
    act(school, join.leave, community, bo, school.clock.now())
    school.work()
    assert AccountId("22") not in school.board.seats


def test_a_seat_of_an_account_that_the_platform_merged_is_given_up_on_leaving(school, community):
    school.board.seats[AccountId("3")] = school.board.seats.pop(
        AccountId("2")
    )  # the platform made one of two
    bo = school.arrive("bo", account="3").person
    with school.services.begin() as uow:
        assert [one.account for one in uow.people.accounts(bo.id)] == ["3"]
    school.mark(community, Kind.RECONCILE)
    school.work()
    with school.services.begin() as uow:
        assert uow.communities.membership(community.id, bo.id).standing is Standing.JOINED
    assert AccountId("3") in school.board.seats
    act(school, join.leave, community, bo, school.clock.now())
    school.work()
    assert AccountId("3") not in school.board.seats


def test_whom_a_roster_listed_and_somebody_claimed_is_asked_when_they_come(school):
    ana = school.arrive("ana", leads=True, account="1").person
    school.board.directory["chloe@school.example"] = Found(AccountId("9"), "chloe@school.example")
    school.roster.people = [Listed("chloe", "Chloe", "chloe@school.example")]
    community = school.found(ana)
    school.work()
    came = school.arrive("oid-9", "Mallory", account="9", door="pinboard", course=False).person
    with school.services.begin() as uow:
        listed = might_be(uow, came)
    known = act(school, claim.confirm, came, listed.id)
    school.join(community, known)
    chloe = school.arrive("chloe").person
    assert chloe.id != known.id, "one word is not two"
    with school.services.begin() as uow:
        claimed = claim.claimed_by(uow, chloe)
        assert claimed.person.id == known.id
        assert uow.communities.membership(community.id, chloe.id).standing is Standing.INVITED
    both = act(school, claim.confirm, chloe, known.id)
    with school.services.begin() as uow:
        assert uow.communities.membership(community.id, both.id).standing is Standing.JOINED
        assert len(uow.people.identities(both.id)) == 2


def test_taking_a_door_away_makes_nobody_a_member_and_closes_codes(school, community):
    bo = school.arrive("bo", account="2").person
    second = linked(school, bo, school.arrive("bo-2", account="22").person)
    now = school.clock.now()
    code = act(school, claim.code_for, bo, now).token
    apart_now = act(
        school, lambda uow: apart.part(uow, school.services.sealer, second, "lti", "realm", "bo-2", now)
    )
    with school.services.begin() as uow:
        assert uow.communities.membership(community.id, apart_now.id) is None, "nor is anybody invited by it"
        assert uow.communities.membership(community.id, bo.id).standing is Standing.JOINED
        assert [one.account for one in uow.people.accounts(apart_now.id)] == ["22"]
    with pytest.raises(DomainError, match="not valid"):
        act(school, claim.with_code, apart_now, code, now, True)
    school.work()
    assert AccountId("2") in school.board.seats
    assert AccountId("22") not in school.board.seats

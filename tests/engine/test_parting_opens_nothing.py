"""A door taken away leads nowhere it would not have led by itself, and no "no" and no leaving is undone by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine.acts import act

from coplink.core.errors import NotAllowed
from coplink.core.people import AccountId, Identity, Role, Standing
from coplink.core.roster import Listed
from coplink.core.work import Kind
from coplink.engine import apart, claim, disclosures, join, rosters
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Link, LinkKind
from coplink.testing.rosters import PaperReading


def linked(school, known, new):
    """Somebody new enters a code of somebody known."""
    now = school.clock.now()
    with school.services.begin() as uow:
        me = claim.with_code(uow, new, claim.code_for(uow, known, now).token, now, both=True)
        uow.commit()
    return me


def parted(school, me, subject, door="pinboard"):
    """They take that door away again."""
    sealer, now = school.services.sealer, school.clock.now()
    with school.services.begin() as uow:
        gone = apart.part(uow, sealer, me, door, "realm", subject, now)
        uow.commit()
    return gone


def standing(school, community, person):
    with school.services.begin() as uow:
        known = uow.communities.membership(community.id, person.id)
    return known and known.standing


def said_no(school, community, person):
    with school.services.begin() as uow:
        return join.said_no(uow, school.services.sealer, community.id, person.id)


def invited_again(school, community, person):
    """By whoever facilitates; where they stand, and whether they said no."""
    act(school, join.offer, community.id, person, Role.MEMBER)
    return standing(school, community, person), said_no(school, community, person)


def colleague(school, subject="yan", account=None):
    return school.arrive(subject, account=account, door="pinboard", course=False).person


@pytest.mark.parametrize("last", [None, join.pause, join.leave])
def test_a_member_lets_nobody_in_by_linking_and_parting(school, community, last) -> None:
    bo = school.arrive("bo", account="2").person
    if last is not None:
        act(school, last, community, bo)
    me = linked(school, bo, colleague(school))
    parted(school, me, "yan")
    yan = colleague(school)
    assert yan.id != bo.id
    assert standing(school, community, yan) is None
    with pytest.raises(NotAllowed, match="You need an invitation"):
        school.join(community, yan)
    mine = {None: Standing.JOINED, join.pause: Standing.PAUSED, join.leave: Standing.LEFT}[last]
    assert standing(school, community, bo) is mine, "what is theirs stays theirs"


def test_what_was_left_is_declined_by_the_door_that_was_taken_away(school, community) -> None:
    bo = school.arrive("bo", account="2").person
    me = linked(school, bo, colleague(school))
    act(school, join.leave, community, me)
    yan = parted(school, me, "yan")
    assert invited_again(school, community, yan) == (Standing.INVITED, True)
    assert standing(school, community, bo) is Standing.LEFT


def test_what_was_declined_stays_declined_at_both_doors_and_is_shown_to_nobody_uninvited(
    school, community
) -> None:
    xia = school.arrive("xia", account="31").person
    act(school, join.offer, community.id, xia, Role.MEMBER)
    with school.services.begin() as uow:
        join.decline(uow, school.services.sealer, community, xia)
        uow.commit()
    yan = parted(school, linked(school, xia, colleague(school)), "yan")
    assert standing(school, community, yan) is None
    assert said_no(school, community, xia)
    assert invited_again(school, community, yan) == (Standing.INVITED, True)


def test_two_people_who_were_one_by_mistake_are_both_invited_where_a_roster_lists_them(school, ana) -> None:
    school.roster.people = [Listed("bo", "Bo"), Listed("sam", "Sam")]
    community = school.found(ana)
    school.work()
    bo, sam = school.arrive("bo", account="2").person, school.arrive("sam", account="3").person
    me = linked(school, bo, sam)
    school.join(community, me)
    look(school, community)
    gone = parted(school, me, "sam", door="lti")
    assert standing(school, community, gone) is None
    school.work()
    assert standing(school, community, gone) is Standing.INVITED, "although the roster did not change"
    assert standing(school, community, me) is Standing.JOINED


def test_so_are_they_when_the_roster_is_being_read_at_that_moment(school, ana, monkeypatch) -> None:
    bo, sam = school.arrive("bo", account="2").person, school.arrive("sam", account="3").person
    school.roster.people = [Listed("bo", "Bo"), Listed("sam", "Sam")]
    whole, me, gone = PaperReading.__iter__, [], []

    def between(reading):
        yield from whole(reading)
        if me:
            gone.append(parted(school, me.pop(), "sam", door="lti"))

    monkeypatch.setattr(PaperReading, "__iter__", between)
    monkeypatch.setattr(rosters, "AT_ONCE", 1)
    community = school.found(ana)
    for name in ("the first reading of all", "one that rests on another"):
        me.append(linked(school, bo, sam))
        look(school, community)
        look(school, community)
        (sam,) = gone
        assert standing(school, community, sam) is Standing.INVITED, name
        school.roster.people.append(Listed("zoe", "Zoe"))
        gone.clear()


def look(school, community):
    with school.services.begin() as uow:
        for context in uow.communities.contexts(community.id):
            uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        uow.commit()
    school.work()


def test_an_address_of_a_calendar_that_was_seen_by_the_other_door_ends(school, community) -> None:
    bo = school.arrive("bo", account="2").person
    now = school.clock.now()
    with school.services.begin() as uow:
        kept = Link("1", LinkKind.FEED, fresh_token(), bo.institution, community.id, bo.id, now, None)
        uow.links.put(kept)
        uow.commit()
    parted(school, linked(school, bo, colleague(school)), "yan")
    with school.services.begin() as uow:
        (link,) = uow.links.of(LinkKind.FEED, community.id, bo.id)
    assert not link.open_at(now)


def test_a_guest_let_in_by_the_address_of_the_other_door_is_no_guest_any_more(school) -> None:
    school.board.open_house = True
    community = school.found(school.arrive("ana", leads=True, account="1").person)
    lee = school.arrive("lee", institution=school.there, course=False).person
    came = school.arrive("oid-7", account="77", institution=school.there, door="pinboard", course=False)
    me = linked(school, lee, came.person)
    act(school, join.offer, community.id, me, Role.MEMBER)
    school.join(community, me)
    school.work()
    guest = AccountId(school.board.guests["77@school.example"])
    assert guest in school.board.seats
    school.board.entered.add("77@school.example")
    gone = parted(school, me, "oid-7")
    for _ in range(2):
        school.clock.advance(school.clock.now() + timedelta(days=1))
        school.mark(community, Kind.RECONCILE)
        school.work()
    assert guest not in school.board.seats, "whose address it is was let in as somebody else"
    assert standing(school, community, gone) is None
    back = school.arrive("lee", account="70", institution=school.there, course=False).person
    assert back.id == me.id
    assert "70@school.example" not in school.board.guests, "their yes was to the other address"
    act(school, disclosures.answer, community, back, school.here.id, True)
    school.clock.advance(school.clock.now() + timedelta(days=1))
    school.mark(community, Kind.RECONCILE)
    school.work()
    assert school.board.guests["70@school.example"] in school.board.seats, (
        "asked for anew, by their own address"
    )


def test_an_identity_that_was_only_listed_takes_no_answer_with_it(school, community) -> None:
    """Who said to be somebody listed, and answered, and takes that back, answered for themselves alone."""
    bo = school.arrive("bo", account="2").person
    with school.services.begin() as uow:
        uow.people.put_identity(Identity(bo.institution, "lti", "realm", "jane", bo.id))
        uow.commit()
    act(school, join.leave, community, bo)
    jane = parted(school, bo, "jane", door="lti")
    assert invited_again(school, community, jane) == (Standing.INVITED, False)

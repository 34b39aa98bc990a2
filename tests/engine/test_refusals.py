"""An institution that is asked and says no: nobody of theirs is invited or comes in, and who came by a link pauses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import a_day_later, act, history, leads_too
from tests.engine.test_mailing import invite, rows, send
from tests.engine.test_organisations import admin_of, everything, joins, kim, of, person, space_of

from coplink.core.errors import DomainError, NotFound
from coplink.core.people import AccountId, Role, Standing
from coplink.core.roster import Listed
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, invitations, inviting, join, lifecycle, organisations
from coplink.engine.secrets import fresh_token
from coplink.ports.records import ContextLink, LinkKind, Notice
from coplink.testing.beginnings import once

__all__ = ["kim"]


@pytest.fixture
@once
def asked(school, ana):
    """Ana's community waits for Lakeside; Lee and Mia came in by a link meanwhile, and sit at Riverbend as guests."""
    school.board.open_house = True
    made = school.found(ana, places=2)
    joins(school, made, "lee", "77", school.there)
    joins(school, made, "mia", "78", school.there)
    school.work()
    return made


def refuse(school, admin, community):
    act(school, connect.refuse, admin, community.id)


def part(school, community):
    with school.services.begin() as uow:
        return uow.communities.participation(community.id, school.there.id)


def test_its_people_pause_are_told_by_whom_and_lose_their_seats_elsewhere(school, ana, asked, kim):
    lee, mia = person(school, "lee", school.there), person(school, "mia", school.there)
    act(school, organisations.take_on, asked, lee)
    assert {"guest-1", "guest-2"} < school.board.seats.keys()
    refuse(school, kim, asked)
    school.work()
    for who in (lee, mia):
        membership = of(school, asked, who)
        assert (membership.standing, membership.by_institution) == (Standing.PAUSED, True)
    assert of(school, asked, ana).standing is Standing.JOINED
    assert set(school.board.seats) == {AccountId("1")}
    assert space_of(school, asked, school.there).state is SpaceState.REFUSED
    assert history(school, asked)[0] == "said that Lakeside does not take part"
    with school.services.begin() as uow:
        told = organisations.withdrawn(uow, asked.id, school.there.id)
        assert not organisations.contacts(uow, asked.id)
    assert (told.institution, told.by, told.refused, told.at) == ("Lakeside", "Kim", True, told.at)


def test_the_question_is_answered_by_a_no_and_another_institution_is_asked_still(school, asked, kim):
    with school.services.begin() as uow:
        third = connect.add_institution(uow, "Hilltop", listed=True)
        organisations.ask(uow, asked, third.id, school.clock.now())
        uow.commit()
    refuse(school, kim, asked)
    with school.services.begin() as uow:
        codes = {
            key: [one.code for one in uow.records.notices(institution=key)]
            for key in (school.there.id, third.id)
        }
    assert codes == {school.there.id: [], third.id: ["asked_to_take_part"]}


def test_a_second_no_changes_nothing_and_only_an_admin_there_says_it(school, ana, asked, kim):
    before = everything(school, asked)
    for who in (ana, person(school, "lee", school.there), admin_of(school, school.here)):
        with pytest.raises((DomainError, NotFound)):
            refuse(school, who, asked)
    assert everything(school, asked) == before
    refuse(school, kim, asked)
    before = everything(school, asked)
    school.clock.pass_by(hours=1)
    refuse(school, admin_of(school, school.there, "Lou"), asked)
    assert everything(school, asked) == before


def test_links_close_nobody_is_invited_and_nobody_comes_in(school, ana, asked, kim):
    link = act(school, invitations.create, asked, ana, school.there.id)
    own = act(school, invitations.create, asked, ana, school.here.id)
    ivo, zoe = person(school, "ivo", school.there), person(school, "zoe", school.there)
    act(school, join.offer, asked.id, ivo, Role.MEMBER)
    refuse(school, kim, asked)
    with school.services.begin() as uow:
        assert [one.id for one in invitations.open_links(uow, asked.id, school.clock.now())] == [own.id]
        page = inviting.page(uow, ana, asked.id, school.services.manifests, "https://x", school.clock.now())
    assert [way.institution.id for way in page.ways] == [school.here.id]
    with pytest.raises(DomainError, match="Lakeside does not take part in this community"):
        act(school, invitations.create, asked, ana, school.there.id)
    late = replace(link, id="late", token=fresh_token())  # made at the very moment of the no
    for who in (ivo, zoe, person(school, "lee", school.there)):
        with (
            school.services.begin() as uow,
            pytest.raises(DomainError, match="Your institution does not take"),
        ):
            join.accept(uow, school.services.sealer, asked, who, school.clock.now(), late)


def test_no_letter_goes_there_also_when_it_was_asked_for_before(school, ana, asked, kim, server):
    invite(school, asked, "nina", at=school.there)
    [cy] = invite(school, asked, "cy")
    refuse(school, kim, asked)
    send(school, asked, ana)
    assert server.to() == ["cy@school.example"]
    assert set(rows(school)) == {cy.id}


def test_letters_that_wait_are_not_sent_any_more(school, ana, asked, kim, server):
    invite(school, asked, "nina", at=school.there)
    server.answers["rcpt nina@school.example"] = ["451 later"]
    send(school, asked, ana)
    refuse(school, kim, asked)
    school.work(7200)
    assert server.to() == []


def test_its_rosters_invite_nobody(school, asked, kim):
    context = ContextLink("theirs", school.there.id, "realm", "course-9", "Nine", asked.id, {"url": "y"})
    refuse(school, kim, asked)
    school.roster.people = [Listed("new", "New")]
    with school.services.begin() as uow:
        uow.communities.put_context(context)
        uow.work.mark(Kind.READ_ROSTER, context.id, asked.id)
        uow.commit()
    before = everything(school, asked)[0]
    school.work()
    assert everything(school, asked)[0] == before


def test_who_paused_left_or_is_invited_is_left_as_they_were(school, asked, kim):
    lee, mia = person(school, "lee", school.there), person(school, "mia", school.there)
    ivo = person(school, "ivo", school.there)
    act(school, join.pause, asked, lee)
    act(school, join.leave, asked, mia)
    act(school, join.offer, asked.id, ivo, Role.MEMBER)
    before = [of(school, asked, one) for one in (lee, mia, ivo)]
    refuse(school, kim, asked)
    assert [of(school, asked, one) for one in (lee, mia, ivo)] == before


def test_a_later_yes_lets_them_come_by_their_own_click_and_makes_the_place(school, ana, asked, kim):
    lee, zoe = person(school, "lee", school.there), person(school, "zoe", school.there)
    refuse(school, kim, asked)
    school.work()
    act(school, connect.agree, kim, asked.id)
    school.work()
    a_day_later(school, asked)
    assert part(school, asked).agreed
    assert of(school, asked, lee).standing is Standing.PAUSED, "nobody is brought back"
    assert space_of(school, asked, school.there).state is SpaceState.READY
    with school.services.begin() as uow:
        assert organisations.withdrawn(uow, asked.id, school.there.id) is None
    assert school.join(asked, lee).standing is Standing.JOINED
    link = act(school, invitations.create, asked, ana, school.there.id)
    with school.services.begin() as uow:
        joined = join.accept(uow, school.services.sealer, asked, zoe, school.clock.now(), link)
        uow.commit()
    assert joined.standing is Standing.JOINED
    with pytest.raises(DomainError, match="takes part already"):
        refuse(school, kim, asked)


def test_the_last_who_facilitates_is_not_taken_out_of_a_community_at_work(school, ana, asked, kim):
    lee = person(school, "lee", school.there)
    act(school, leads_too, asked, ana, lee)
    act(school, join.leave, asked, ana)
    before = everything(school, asked)
    with pytest.raises(
        DomainError, match="shares the facilitation with somebody of another institution, or puts"
    ):
        refuse(school, kim, asked)
    assert everything(school, asked) == before
    act(school, lifecycle.conclude, asked, lee)
    refuse(school, kim, asked)
    assert of(school, asked, lee).by_institution
    act(school, connect.agree, kim, asked.id)
    assert school.join(asked, lee).role is Role.CO_FACILITATOR


def test_a_place_there_that_was_made_already_is_let_go_and_not_taken_up_again(school, ana, asked, kim):
    space = space_of(school, asked, school.there)
    with school.services.begin() as uow:  # by an older state, say: it was made before anybody had agreed
        uow.spaces.put(replace(space, state=SpaceState.READY))
        uow.commit()
    refuse(school, kim, asked)
    school.work()
    assert space_of(school, asked, school.there).state is SpaceState.DETACHED
    with pytest.raises(DomainError, match="does not take part in this community"):
        act(school, lifecycle.revive, space_of(school, asked, school.there), kim, "Pin board")


def test_a_no_of_before_says_no_name(school, asked, kim):
    with school.services.begin() as uow:
        known = uow.communities.participation(asked.id, school.there.id)
        uow.communities.put_participation(replace(known, refused_at=school.clock.now()))
        uow.commit()
    with school.services.begin() as uow:
        told = organisations.withdrawn(uow, asked.id, school.there.id)
        assert uow.links.of(LinkKind.INVITATION, asked.id) == []
    assert (told.by, told.refused) == ("", True)


def test_a_no_of_before_is_said_again_where_people_are_in(school, asked, kim):
    lee = person(school, "lee", school.there)
    with school.services.begin() as uow:  # as earlier versions kept it
        uow.communities.put_participation(replace(part(school, asked), refused_at=school.clock.now()))
        uow.commit()
    assert of(school, asked, lee).standing is Standing.JOINED
    refuse(school, kim, asked)
    assert (of(school, asked, lee).standing, of(school, asked, lee).by_institution) == (Standing.PAUSED, True)
    said = history(school, asked)
    refuse(school, kim, asked)
    assert history(school, asked) == said


def test_it_says_no_where_nobody_facilitates_at_all(school, ana, asked, kim):
    with school.services.begin() as uow:
        alone = uow.communities.membership(asked.id, ana.id)
        uow.communities.put_membership(replace(alone, standing=Standing.PAUSED))
        uow.commit()
    refuse(school, kim, asked)
    assert part(school, asked).stays_out


def test_an_answer_leaves_the_question_that_an_earlier_version_asked_another(school, asked, kim):
    with school.services.begin() as uow:
        third = connect.add_institution(uow, "Hilltop", listed=True)
        about, now = f"participation:{asked.id}", school.clock.now()
        for code, whose in (("asked_to_take_part", school.there.id), ("asked_too", third.id)):
            uow.records.raise_notice(
                Notice(uow.new_id(), whose, asked.id, about, code, say("Asks."), "admin", now)
            )
        uow.commit()
    refuse(school, kim, asked)
    with school.services.begin() as uow:
        assert uow.records.notices(institution=school.there.id) == []
        assert [one.code for one in uow.records.notices(institution=third.id)] == ["asked_too"]

"""The address that another school's platform gets is the one that its owner was shown, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import act, looks
from tests.engine.test_disclosures import answers, community, lee, question
from tests.engine.test_guests import ADDRESS, GUEST, asked, look, look_often, reasons, someone

from coplink import registry
from coplink.core.errors import DomainError
from coplink.core.guests import ENTER, SAY_YES
from coplink.core.people import Account, AccountId, Proof, Role
from coplink.engine import connect, disclosures, join
from coplink.engine.guests import to_open
from coplink.testing.pinboard import MANIFEST, PinBoard

__all__ = ["community", "lee"]


def moves(school, person, address):
    """The address of the account at their own school is another one from now on."""
    with school.services.begin() as uow:
        for one in uow.people.accounts(person.id):
            uow.people.put_account(replace(one, address=address))
        uow.commit()


def test_no_other_address_is_given_out_than_the_one_they_were_shown(school, community, lee) -> None:
    school.board.open_house = False
    answers(school, community, lee, yes=True)
    with school.services.begin() as uow:
        key, now = AccountId("lp"), school.clock.now()
        private = "lee.private@elsewhere.example"
        uow.people.put_account(Account(school.there.id, "a-suite", key, lee.id, Proof.PROVED, private, now))
        uow.commit()
    school.board.open_house = True
    look(school, community)
    assert school.board.guests == {ADDRESS: GUEST}
    assert question(school, community, lee).address == ADDRESS


def test_who_has_another_address_by_now_is_asked_anew_and_told_which(school, community, lee) -> None:
    school.board.open_house = False
    answers(school, community, lee, yes=True)
    moves(school, lee, "lee.new@lakeside.example")
    school.board.open_house = True
    look(school, community)
    assert school.board.guests == {}
    assert reasons(school, community) == {lee.id: SAY_YES}
    wanted = disclosures.Question(school.here.id, "Riverbend", None, "lee.new@lakeside.example")
    assert question(school, community, lee) == wanted
    answers(school, community, lee, yes=True)
    assert school.board.guests.keys() == {"lee.new@lakeside.example"}


def test_who_was_let_in_keeps_the_seat_when_the_address_changes(school, community, lee) -> None:
    answers(school, community, lee, yes=True)
    moves(school, lee, "lee.new@lakeside.example")
    look_often(school, community)
    assert school.board.guests == {ADDRESS: GUEST}
    assert GUEST in school.board.seats
    assert question(school, community, lee).answer is True


@pytest.fixture
def cork(school):
    """The board of a second suite of the same school, open to guests as the first is."""
    suite = PinBoard()
    suite.manifest = replace(MANIFEST, key="corkboard", title="Cork Board")
    both = {**school.services.installed.integrations, "corkboard": suite}
    school.services.installed = registry.Found(both, ())
    school.board.open_house = True
    board = suite.rooms.setdefault("cork", type(school.board)())
    board.open_house = True
    with school.services.begin() as uow:
        values = {"room": "cork", "key": "k"}
        now = school.clock.now()
        connect.connect(uow, school.here.id, suite.manifest, values, lambda _: "cork-realm", now)
        uow.commit()
    return board


def test_who_was_let_in_keeps_the_seat_where_another_suite_begins_to_take_guests_later(school, cork) -> None:
    cork.open_house = False
    community = school.found(school.arrive("ana", leads=True, account="1").person, places=9)
    school.work()
    lee = someone(school, community)
    school.board.entered.add(ADDRESS)
    looks(school, community, 2)
    moves(school, lee, "lee.new@lakeside.example")
    cork.open_house = True
    looks(school, community)
    assert GUEST in school.board.seats
    assert (school.board.guests, cork.guests) == ({ADDRESS: GUEST}, {})


def test_who_was_let_in_keeps_the_seat_where_another_suite_of_that_school_refuses_them(school, cork) -> None:
    cork.unwelcome |= {ADDRESS, "78@school.example"}
    school.board.unwelcome.add("78@school.example")
    community = school.found(school.arrive("ana", leads=True, account="1").person, places=9)
    school.work()
    lee, mo = someone(school, community), someone(school, community, "mo", account="78")
    school.board.entered.add(ADDRESS)
    looks(school, community, 2)
    assert (GUEST in school.board.seats, cork.guests) == (True, {})
    moves(school, lee, "lee.new@lakeside.example")
    moves(school, mo, "mo.new@lakeside.example")
    school.clock.pass_by(days=2)
    looks(school, community)
    assert GUEST in school.board.seats
    assert question(school, community, lee).answer is True
    assert question(school, community, mo).answer is None, "nobody let them in, so they are asked anew"
    assert (school.board.guests, cork.guests) == ({ADDRESS: GUEST}, {}), "nobody gets another address"


def test_a_yes_before_any_address_was_known_is_to_the_first_one_that_is_given_out(school, community) -> None:
    kim = school.arrive("kim", institution=school.there, course=False).person
    act(school, join.offer, community.id, kim, Role.MEMBER)
    school.join(community, kim)
    school.work()
    assert asked(school) == 0
    school.arrive("kim", account="70", institution=school.there, course=False)
    look(school, community)
    assert set(school.board.guests) == {"70@school.example"}
    school.arrive("kim", account="71", institution=school.there, course=False)
    school.clock.pass_by(days=2)
    look(school, community)
    assert set(school.board.guests) == {"70@school.example"}, "their yes was to that one"


def test_a_yes_is_to_the_address_that_the_page_named_or_none(school, community, lee) -> None:
    moves(school, lee, "lee.new@lakeside.example")
    with school.services.begin() as uow:
        now, here = school.clock.now(), school.here.id
        with pytest.raises(DomainError, match="another one by now"):
            disclosures.answer(uow, community, lee, here, True, now, ADDRESS)
        disclosures.told(uow, community.id, lee, [here], now, ADDRESS)
        assert uow.guests.answers(community.id, lee.id) == {}
        disclosures.answer(uow, community, lee, here, False, now, ADDRESS)
        disclosures.answer(uow, community, lee, here, True, now, "lee.new@lakeside.example")
        assert uow.guests.shown_at(community.id, here) == {lee.id: "lee.new@lakeside.example"}


def test_who_has_a_page_to_open_is_asked_about_by_the_address_they_had(school, community, lee) -> None:
    answers(school, community, lee, yes=True)
    assert reasons(school, community) == {lee.id: ENTER}
    moves(school, lee, "lee.new@lakeside.example")
    school.board.entered.add(ADDRESS)
    school.clock.pass_by(days=2)
    look(school, community)
    with school.services.begin() as uow:
        assert to_open(uow, lee) == ()
    assert reasons(school, community) == {}


def test_refused_guests_cost_no_question_each_at_a_look(school, community) -> None:
    def statements(many):
        for number in range(many):
            person = school.arrive(f"p{many}-{number}", account=f"1{many}{number}", institution=school.there)
            act(school, join.offer, community.id, person.person, Role.MEMBER)
            school.join(community, person.person)
            school.board.unwelcome.add(f"1{many}{number}@school.example")
        school.work()
        (space,) = school.spaces(community)
        seen = []
        with school.services.begin() as uow:
            driver = uow._transaction.session.connection().connection.driver_connection
            driver.set_trace_callback(seen.append)
            assert disclosures.outdated(uow, space) is False
            driver.set_trace_callback(None)
        return len(seen)

    few = statements(3)
    many = statements(20)
    assert 0 < many <= few, (few, many)

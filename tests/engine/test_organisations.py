"""Whom to turn to in an institution; and an institution that takes its people and places out of a community."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.engine.acts import a_day_later, act, history, leads_too, now_there

from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import AccountId, Person, PersonId, Role, Standing
from coplink.core.roster import Listed
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import connect, invitations, join, lifecycle, organisations
from coplink.engine.secrets import fresh_token
from coplink.ports.records import ContextLink, Link, LinkKind
from coplink.testing.beginnings import once

REASON = "The  district\nputs all circles on hold for a year."
SAID = "The district puts all circles on hold for a year."


def admin_of(school, institution, name="Kim"):
    person = Person(PersonId(fresh_token(8)), institution.id, name, admin=True)
    with school.services.begin() as uow:
        uow.people.put(person)
        uow.commit()
    return person


@pytest.fixture
@once
def kim(school):
    """The connection admin of Lakeside."""
    return admin_of(school, school.there)


def joins(school, community, subject, account, institution, role=Role.MEMBER):
    person = school.arrive(subject, account=account, institution=institution, course=False).person
    act(school, join.offer, community.id, person, role)
    school.join(community, person)
    return person


@pytest.fixture
@once
def both(school, kim):
    """Ana and Bo of Riverbend, Lee and Mia of Lakeside; a place in each school, and guests are let in at Riverbend."""
    school.board.open_house = True
    ana = school.arrive("ana", leads=True, account="1").person
    made = school.found(ana, places=2, name="Both schools")
    act(school, connect.agree, kim, made.id)
    joins(school, made, "bo", "2", school.here)
    joins(school, made, "lee", "77", school.there)
    joins(school, made, "mia", "78", school.there, Role.CO_FACILITATOR)
    school.work()
    return made


def person(school, subject, institution):
    return school.arrive(subject, institution=institution, course=False).person


def of(school, community, who):
    with school.services.begin() as uow:
        return uow.communities.membership(community.id, who.id)


def space_of(school, community, institution):
    return next(one for one in school.spaces(community) if one.institution == institution.id)


def withdraw(school, admin, community, reason=REASON, take_away=False):
    return act(school, organisations.withdraw, admin, community.id, reason, take_away)


def everything(school, community):
    """Who belongs and how, the places, what was told."""
    with school.services.begin() as uow:
        memberships = {m.person: m for m in uow.communities.memberships(community.id)}
        parts = list(uow.communities.participations(community.id))
    return memberships, parts, school.spaces(community), history(school, community)


# --- contacts ---------------------------------------------------------------------------------------------------------


def contact_of(school, community, institution):
    with school.services.begin() as uow:
        found = organisations.contacts(uow, community.id).get(institution.id)
    return found.name if found else None


def test_a_contact_takes_it_on_and_gives_it_back_by_their_own_act(school, both):
    lee, mia = person(school, "lee", school.there), person(school, "mia", school.there)
    for _ in range(2):
        act(school, organisations.take_on, both, lee)
    assert contact_of(school, both, school.there) == "Lee"
    assert contact_of(school, both, school.here) is None
    assert history(school, both).count("is now the contact of Lakeside") == 1, "twice is once"
    with pytest.raises(DomainError, match="Lee is the contact of your institution"):
        act(school, organisations.take_on, both, mia)
    with pytest.raises(NotAllowed, match="themselves"):
        act(school, organisations.give_back, both, mia)
    assert contact_of(school, both, school.there) == "Lee"
    for _ in range(2):
        act(school, organisations.give_back, both, lee)
    assert contact_of(school, both, school.there) is None
    act(school, organisations.take_on, both, mia)
    assert contact_of(school, both, school.there) == "Mia"


@pytest.mark.parametrize("way", [join.leave, join.pause])
def test_who_goes_is_the_contact_no_more_and_is_not_again_by_coming_back(school, both, way):
    lee = person(school, "lee", school.there)
    act(school, organisations.take_on, both, lee)
    act(school, way, both, lee)
    assert contact_of(school, both, school.there) is None
    school.join(both, lee)
    assert contact_of(school, both, school.there) is None


def test_only_who_has_joined_is_a_contact(school, both, kim):
    stranger = person(school, "zoe", school.there)
    invited = person(school, "ivo", school.there)
    act(school, join.offer, both.id, invited, Role.MEMBER)
    away = person(school, "lee", school.there)
    act(school, join.pause, both, away)
    for who in (stranger, invited, away, kim):
        for verb in (organisations.take_on, organisations.give_back):
            with pytest.raises(NotAllowed):
                act(school, verb, both, who)
    assert contact_of(school, both, school.there) is None


def test_a_contact_who_becomes_one_with_another_record_stays_the_contact(school, both):
    lee = person(school, "lee", school.there)
    act(school, organisations.take_on, both, lee)
    twin = person(school, "lee-again", school.there)
    with school.services.begin() as uow:
        uow.people.merge(gone=lee.id, into=twin.id)
        uow.commit()
    with school.services.begin() as uow:
        assert organisations.contacts(uow, both.id)[school.there.id].id == twin.id


# --- withdrawing ------------------------------------------------------------------------------------------------------


def test_an_institution_withdraws_with_its_people_and_places_and_nobody_elses(school, both, kim):
    lee, ana = person(school, "lee", school.there), person(school, "ana", school.here)
    act(school, organisations.take_on, both, lee)
    there = school.boards["there"]
    seats_there = dict(there.seats)
    assert {"guest-1", "guest-2"} < school.board.seats.keys()
    assert {AccountId("77"), AccountId("78")} <= seats_there.keys()
    with school.services.begin() as uow:
        what = organisations.before_withdrawing(uow, kim, both.id)
    assert ([s.institution for s in what.places], what.people, what.refusal) == ([school.there.id], 2, None)

    withdraw(school, kim, both)
    with school.services.begin() as uow:
        ours = uow.ledger.remembered(what.places[0].id, school.clock.now(), timedelta(0)).ours
    assert ours.isdisjoint({"77", "78"}), "a run under way takes nobody's seat at home: they are theirs now"
    school.work()
    for who in ("lee", "mia"):
        membership = of(school, both, person(school, who, school.there))
        assert (membership.standing, membership.by_institution) == (Standing.PAUSED, True)
    assert of(school, both, ana).standing is Standing.JOINED
    assert set(school.board.seats) == {AccountId("1"), AccountId("2")}, "their seats elsewhere are given up"
    assert there.seats == seats_there, "at home nobody loses a seat"
    assert space_of(school, both, school.there).state is SpaceState.DETACHED
    assert space_of(school, both, school.here).state is SpaceState.READY
    assert contact_of(school, both, school.there) is None
    assert history(school, both)[0] == f"withdrew Lakeside from the community: “{SAID}”"
    with school.services.begin() as uow:
        told = organisations.withdrawn(uow, both.id, school.there.id)
        assert uow.records.history(both.id)[0].actor == kim.id
        assert organisations.withdrawn(uow, both.id, school.here.id) is None
    assert (told.institution, told.by, told.reason, told.at) == ("Lakeside", "Kim", SAID, told.at)

    there.calls.clear()
    a_day_later(school, both)
    assert there.calls == [], "nobody there is called any more"
    assert there.seats == seats_there
    assert set(school.board.seats) == {AccountId("1"), AccountId("2")}


def test_a_second_time_changes_nothing_and_the_first_reason_stays(school, both, kim):
    withdraw(school, kim, both)
    before = everything(school, both)
    withdraw(school, admin_of(school, school.there, "Lou"), both, "Another reason")
    assert everything(school, both) == before


@pytest.mark.parametrize(
    ("reason", "sentence"), [("", "why"), (" \n\t ", "why"), ("x" * 281, "under 280 characters")]
)
def test_without_a_reason_or_with_too_long_a_one_nothing_happens(school, both, kim, reason, sentence):
    before = everything(school, both)
    with pytest.raises(DomainError, match=sentence):
        withdraw(school, kim, both, reason)
    assert everything(school, both) == before
    withdraw(school, kim, both, "x" * 280)
    assert everything(school, both) != before


def test_only_an_admin_there_withdraws_an_institution(school, both, kim):
    before = everything(school, both)
    mia, lee = person(school, "mia", school.there), person(school, "lee", school.there)
    for who in (mia, lee, person(school, "ana", school.here), person(school, "zoe", school.there)):
        with pytest.raises(NotFound):
            withdraw(school, who, both)
        with school.services.begin() as uow, pytest.raises(NotFound):
            organisations.before_withdrawing(uow, who, both.id)
    other = school.found(person(school, "ana", school.here), name="Only here")
    with pytest.raises(NotFound):
        withdraw(school, kim, other)
    with pytest.raises(NotFound):
        act(school, organisations.withdraw, kim, "nothing", REASON, False)
    assert everything(school, both) == before


def test_where_nobody_elsewhere_facilitates_it_is_refused_with_the_way_out(school, both):
    """Founders or not: Mia steps down, and Riverbend alone has somebody who facilitates."""
    here, mia, lee = (
        admin_of(school, school.here),
        person(school, "mia", school.there),
        person(school, "lee", school.there),
    )
    act(school, join.share, both, mia, mia.id, Role.MEMBER)
    before = everything(school, both)
    with school.services.begin() as uow:
        refusal = organisations.before_withdrawing(uow, here, both.id).refusal
    with pytest.raises(DomainError, match="shares the facilitation with somebody of another institution"):
        withdraw(school, here, both)
    assert "Both schools" in str(refusal)
    assert everything(school, both) == before
    act(school, leads_too, both, person(school, "ana", school.here), lee)
    withdraw(school, here, both)
    assert of(school, both, person(school, "ana", school.here)).standing is Standing.PAUSED
    with pytest.raises(DomainError, match="Hand over first"):
        act(school, join.leave, both, lee)


def test_one_that_has_not_agreed_has_nothing_to_withdraw(school, kim):
    school.board.open_house = True
    made = school.found(school.arrive("ana", leads=True, account="1").person, places=2)
    with pytest.raises(DomainError, match="does not take part"):
        withdraw(school, kim, made)
    act(school, connect.agree, kim, made.id)
    withdraw(school, kim, made)
    with pytest.raises(DomainError, match="withdrawn already"):
        act(school, connect.refuse, kim, made.id)


def test_nobody_of_theirs_comes_in_before_it_takes_part_again_and_then_by_their_own_click(school, both, kim):
    lee, mia = person(school, "lee", school.there), person(school, "mia", school.there)
    new = person(school, "nina", school.there)
    act(school, join.offer, both.id, new, Role.MEMBER)
    withdraw(school, kim, both)
    school.work()
    for who in (lee, mia, new):
        with pytest.raises(DomainError, match="does not take part in this community any more"):
            school.join(both, who)
    act(school, connect.agree, kim, both.id)
    school.work()
    assert of(school, both, lee).standing is Standing.PAUSED, "nobody is brought back"
    with school.services.begin() as uow:
        assert organisations.withdrawn(uow, both.id, school.there.id) is None
    school.join(both, lee)
    school.join(both, mia)
    school.work()
    back = of(school, both, mia)
    assert (back.standing, back.role, back.by_institution) == (Standing.JOINED, Role.CO_FACILITATOR, False)
    assert "guest-1" in school.board.seats


def test_a_place_is_taken_up_again_only_after_it_agreed_and_nobody_there_loses_a_seat(school, both, kim):
    there = school.boards["there"]
    seats = dict(there.seats)
    withdraw(school, kim, both)
    school.work()
    mia, space = person(school, "mia", school.there), space_of(school, both, school.there)
    ana = person(school, "ana", school.here)
    for who, sentence in ((kim, "agrees to it again first"), (ana, "Only an admin there undoes it")):
        with pytest.raises((DomainError, NotAllowed), match=sentence):
            act(school, lifecycle.revive, space, who, "Pin board")
    act(school, join.leave, both, mia)
    act(school, connect.agree, kim, both.id)
    act(school, lifecycle.revive, space, kim, "Pin board")
    school.work()
    a_day_later(school, both)
    assert space_of(school, both, school.there).state is SpaceState.READY
    assert there.seats.keys() == seats.keys() - {AccountId("78")}, (
        "who has not come back yet keeps the seat they had at home; who left by their own word does not"
    )
    lee = person(school, "lee", school.there)
    school.join(both, lee)
    a_day_later(school, both)
    act(school, join.leave, both, lee)
    school.work()
    assert there.seats.keys() == seats.keys() - {AccountId("77"), AccountId("78")}, (
        "kept, and given up by a word"
    )


def test_who_paused_or_left_by_their_own_word_is_left_as_they_were(school, both, kim):
    lee, mia = person(school, "lee", school.there), person(school, "mia", school.there)
    act(school, join.pause, both, lee)
    act(school, join.leave, both, mia)
    before = [of(school, both, one) for one in (lee, mia)]
    withdraw(school, kim, both)
    assert [of(school, both, one) for one in (lee, mia)] == before


def test_who_was_taken_out_may_still_leave_and_that_is_their_own_word(school, both, kim):
    lee = person(school, "lee", school.there)
    withdraw(school, kim, both)
    act(school, join.leave, both, lee)
    left = of(school, both, lee)
    assert (left.standing, left.by_institution) == (Standing.LEFT, False)


def test_links_close_and_no_new_one_is_made(school, both, kim):
    ana = person(school, "ana", school.here)
    link = act(school, invitations.create, both, ana, school.there.id)
    own = act(school, invitations.create, both, ana, school.here.id)
    withdraw(school, kim, both)
    with school.services.begin() as uow:
        assert [one.id for one in invitations.open_links(uow, both.id, school.clock.now())] == [own.id]
    with pytest.raises(DomainError, match="Lakeside withdrew"):
        act(school, invitations.create, both, ana, school.there.id)
    late = Link(
        "late",
        LinkKind.INVITATION,
        fresh_token(),
        school.there.id,
        both.id,
        None,
        link.made_at,
        link.expires_at,
    )
    zoe = person(school, "zoe", school.there)
    with school.services.begin() as uow, pytest.raises(DomainError, match="does not take part"):
        join.accept(uow, school.services.sealer, both, zoe, school.clock.now(), late)


def test_its_rosters_invite_nobody_any_more_and_change_nobody(school, both, kim):
    context = ContextLink("theirs", school.there.id, "realm", "course-9", "Nine", both.id, {"url": "y"})
    with school.services.begin() as uow:
        uow.communities.put_context(context)
        uow.commit()
    withdraw(school, kim, both)
    school.work()
    before = everything(school, both)[0]
    school.roster.people = [Listed("lee", "Lee", leads=True), Listed("new", "New")]
    looked = school.roster.looked
    for _ in range(2):
        with school.services.begin() as uow:
            uow.work.mark(Kind.READ_ROSTER, context.id, both.id)
            uow.commit()
        school.work()
    assert everything(school, both)[0] == before
    act(school, connect.agree, kim, both.id)
    with school.services.begin() as uow:
        uow.work.mark(Kind.READ_ROSTER, context.id, both.id)
        uow.commit()
    school.work()
    after = everything(school, both)[0]
    assert {key: after[key] for key in before} == before, "a roster brings nobody back"
    assert len(after) > len(before) or school.roster.looked > looked


def test_what_is_waiting_is_refused_and_what_is_being_made_is_let_go(school, kim):
    made = school.found(school.arrive("ana", leads=True, account="1").person, places=2)
    act(school, connect.agree, kim, made.id)
    space = space_of(school, made, school.there)
    assert space.state is SpaceState.MAKING
    withdraw(school, kim, made)
    school.work()
    assert space_of(school, made, school.there).state is SpaceState.DETACHED
    with school.services.begin() as uow:
        uow.spaces.put(replace(space, state=SpaceState.WAITING))
        part = uow.communities.participation(made.id, school.there.id)
        uow.communities.put_participation(replace(part, withdrawn_at=None))
        uow.commit()
    withdraw(school, kim, made)
    assert space_of(school, made, school.there).state is SpaceState.REFUSED
    assert now_there(school, made).name == "Literacy"


def test_take_away_is_carried_to_each_place(school, both, kim):
    withdraw(school, kim, both, take_away=True)
    space = space_of(school, both, school.there)
    assert (space.parting.value, space.by_admin) == ("take_away", True)

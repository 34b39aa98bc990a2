"""Another place for a community that is under way."""

from __future__ import annotations

import pytest
from tests.engine.acts import act, history

from coplink.core.community import Participation
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Person, PersonId, Role
from coplink.core.spaces import SpaceState
from coplink.engine import connect, found, further, join, lifecycle
from coplink.engine.secrets import fresh_token
from coplink.testing.beginnings import once

NOWHERE = found.Origin(None, None, {})


@pytest.fixture
@once
def kim(school):
    person = Person(PersonId(fresh_token(8)), school.there.id, "Kim", admin=True)
    with school.services.begin() as uow:
        uow.people.put(person)
        uow.commit()
    return person


@pytest.fixture
@once
def one(school, ana):
    """A community with one place, and Lee of the other school, who joined by a link and sits nowhere."""
    community = school.found(ana)
    school.work()
    lee = school.arrive("lee", account="77", institution=school.there, course=False).person
    act(school, join.offer, community.id, lee, Role.MEMBER)
    school.join(community, lee)
    school.work()
    return community


def offered(school, person, community):
    with school.services.begin() as uow:
        page = further.choices(
            uow, person, community.id, NOWHERE, school.services.manifests, school.services.planned
        )
    return {choice.place.institution: choice for choice in page.places}


def add(school, person, community, *connections):
    with school.services.begin() as uow:
        further.add(
            uow, person, community.id, NOWHERE, connections, school.services.manifests, school.clock.now()
        )
        uow.commit()


def states(school, community):
    return {space.institution: space.state for space in school.spaces(community)}


def test_a_place_of_another_school_waits_until_it_agrees_and_then_its_people_sit_there(school, one, ana, kim):
    choice = offered(school, ana, one)[school.there.id]
    assert (choice.preview.name, choice.preview.waits_for) == ("Literacy", "Lakeside")
    assert choice.preview.steps
    add(school, ana, one, choice.place.connection)
    school.work()
    assert states(school, one) == {
        school.here.id: SpaceState.READY,
        school.there.id: SpaceState.WAITING,
    }
    assert history(school, one)[0] == "chose another place: Pin Board of Lakeside"
    with school.services.begin() as uow:
        assert [notice.code for notice in uow.records.notices(institution=school.there.id)] == [
            "asked_to_take_part"
        ]
    act(school, connect.agree, kim, one.id)
    school.work()
    with school.services.begin() as uow:
        assert uow.records.notices(institution=school.there.id) == [], "the question is answered"
    assert states(school, one)[school.there.id] is SpaceState.READY
    assert "77" in school.boards["there"].seats
    assert offered(school, ana, one) == {}


def test_what_is_its_place_already_is_left_as_it_is(school, one, ana):
    connection = offered(school, ana, one)[school.there.id].place.connection
    for _ in range(2):
        add(school, ana, one, connection)
    assert len(school.spaces(one)) == 2
    assert sum("chose another" in line for line in history(school, one)) == 1


def test_who_leads_in_the_other_school_has_its_place_made_at_once(school, one):
    lee = school.arrive("lee", account="77", institution=school.there, course=False).person
    with school.services.begin() as uow:
        membership = uow.communities.membership(one.id, lee.id)
        uow.communities.put_membership(
            membership.now(membership.standing, school.clock.now(), Role.FACILITATOR)
        )
        uow.commit()
    choice = offered(school, lee, one)[school.there.id]
    assert choice.preview.waits_for is None
    add(school, lee, one, choice.place.connection)
    school.work()
    assert states(school, one)[school.there.id] is SpaceState.READY


def test_a_school_that_agreed_before_is_not_asked_again(school, one, ana):
    with school.services.begin() as uow:
        uow.communities.put_participation(
            Participation(one.id, school.there.id, agreed_at=school.clock.now())
        )
        uow.commit()
    choice = offered(school, ana, one)[school.there.id]
    assert choice.preview.waits_for is None
    add(school, ana, one, choice.place.connection)
    school.work()
    assert states(school, one)[school.there.id] is SpaceState.READY


def test_a_school_that_does_not_take_part_cannot_be_chosen(school, one, ana):
    connection = offered(school, ana, one)[school.there.id].place.connection
    with school.services.begin() as uow:
        uow.communities.put_participation(
            Participation(one.id, school.there.id, refused_at=school.clock.now())
        )
        uow.commit()
    choice = offered(school, ana, one)[school.there.id]
    assert choice.preview is None
    assert str(choice.place.reason) == "Lakeside does not take part."
    with pytest.raises(DomainError, match="cannot be chosen"):
        add(school, ana, one, connection)
    assert len(school.spaces(one)) == 1


def test_what_cannot_be_is_a_sentence(school, one, ana):
    with pytest.raises(DomainError, match="at least one"):
        add(school, ana, one)
    with pytest.raises(DomainError, match="cannot be chosen"):
        add(school, ana, one, "nothing")
    connection = offered(school, ana, one)[school.there.id].place.connection
    act(school, lifecycle.conclude, one, ana)
    with pytest.raises(DomainError, match="rests"):
        add(school, ana, one, connection)


def test_nobody_else_adds_one(school, one, ana, kim):
    lee = school.arrive("lee", account="77", institution=school.there, course=False).person
    connection = offered(school, ana, one)[school.there.id].place.connection
    for person in (lee, kim):
        with pytest.raises(NotFound):
            add(school, person, one, connection)
        with pytest.raises(NotFound):
            offered(school, person, one)
    assert len(school.spaces(one)) == 1


def test_a_school_that_was_asked_and_has_not_answered_is_waited_for_whoever_chooses(school, one):
    lee = school.arrive("lee", account="77", institution=school.there, course=False).person
    with school.services.begin() as uow:
        membership = uow.communities.membership(one.id, lee.id)
        uow.communities.put_membership(
            membership.now(membership.standing, school.clock.now(), Role.FACILITATOR)
        )
        uow.communities.put_participation(Participation(one.id, school.there.id))
        uow.commit()
    choice = offered(school, lee, one)[school.there.id]
    assert choice.preview.waits_for == "Lakeside"
    add(school, lee, one, choice.place.connection)
    school.work()
    assert states(school, one)[school.there.id] is SpaceState.WAITING

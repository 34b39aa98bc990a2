"""Who says to be somebody a roster listed, before they say so too: invited as they are, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import act, leads_too

from coplink.core.arrival import Arrival, Context
from coplink.core.people import AccountId, Role, Standing
from coplink.core.roster import Listed
from coplink.core.work import Kind
from coplink.engine import claim, join, mailing
from coplink.engine.arrive import arrive, might_be
from coplink.ports.directory import Found


@pytest.fixture
def course(school, ana):
    """A community whose course lists Jane, who teaches it too; a directory guesses that the account 9 is hers."""
    school.board.directory["jane@school.example"] = Found(AccountId("9"), "jane@school.example")
    school.roster.people = [Listed("jane", "Jane", "jane@school.example", leads=True)]
    made = school.found(ana)
    school.work()
    return made


def jane(school):
    with school.services.begin() as uow:
        return uow.people.by_identity(school.here.id, "lti", "realm", "jane")


def claimed(school):
    """Somebody comes by another door, as account 9, and says to be her."""
    came = school.arrive("oid-9", "Xavier", account="9", door="pinboard", course=False).person
    with school.services.begin() as uow:
        me = claim.confirm(uow, came, might_be(uow, came).id)
        uow.commit()
    return me


def sits(school, community, person):
    with school.services.begin() as uow:
        known = uow.communities.membership(community.id, person.id)
    return known and (known.standing, known.role)


def said_no(school, community, person):
    with school.services.begin() as uow:
        return join.said_no(uow, school.services.sealer, community.id, person.id)


def declines(school, community, person):
    with school.services.begin() as uow:
        join.decline(uow, school.services.sealer, community, person)
        uow.commit()


def letter(school, server, community, leader):
    """Letters are sent; the way to say no by the one to Jane."""
    act(school, mailing.ask, leader, community.id)
    school.jobs.run_until_idle()
    (sent,) = [one for one in server.letters if one.letter["To"] == "jane@school.example"]
    return sent.letter["List-Unsubscribe"].strip("<>").rpartition("/")[2]


def refuses(school, token):
    with school.services.begin() as uow:
        mailing.refuse(uow, school.services.sealer, token, school.clock.now())
        uow.commit()


def test_one_word_leads_nowhere_until_who_facilitates_asks(school, ana, course) -> None:
    assert sits(school, course, jane(school)) == (Standing.INVITED, Role.CO_FACILITATOR)
    me = claimed(school)
    school.join(course, me)
    assert sits(school, course, me) == (Standing.JOINED, Role.MEMBER)
    act(school, leads_too, course, ana, me)
    assert sits(school, course, me) == (Standing.JOINED, Role.CO_FACILITATOR)


def test_a_roster_that_is_read_later_gives_them_no_lead_either(school, ana, course) -> None:
    me = claimed(school)
    second = school.found(ana, name="Numeracy")
    school.work()
    assert sits(school, second, me) == (Standing.INVITED, Role.MEMBER)


def test_who_comes_themselves_leads_as_the_course_says(school, course) -> None:
    me = claimed(school)
    school.join(course, me)
    came = school.arrive("jane", leads=True).person
    assert came.id != me.id
    assert sits(school, course, came) == (Standing.INVITED, Role.CO_FACILITATOR)
    assert sits(school, course, me) == (Standing.JOINED, Role.MEMBER)


def test_who_comes_themselves_is_invited_where_other_courses_list_them(school, ana, course) -> None:
    me = claimed(school)
    came = school.arrive("jane", course=False).person
    assert sits(school, course, came) is None
    school.work()
    assert sits(school, course, came) == (Standing.INVITED, Role.CO_FACILITATOR)
    assert sits(school, course, me) == (Standing.INVITED, Role.MEMBER)


def test_a_no_of_who_is_listed_is_neither_seen_nor_taken_back(school, ana, course, server) -> None:
    refuses(school, letter(school, server, course, ana))
    assert said_no(school, course, jane(school))
    me = claimed(school)
    assert not said_no(school, course, me)
    school.join(course, me)
    came = school.arrive("jane").person
    assert said_no(school, course, came), "hers, by her own word"


def test_a_no_of_who_claims_is_not_the_no_of_who_is_listed(school, course) -> None:
    me = claimed(school)
    declines(school, course, me)
    assert said_no(school, course, me)
    came = school.arrive("jane").person
    assert not said_no(school, course, came)
    both = act(school, lambda uow, _: claim.confirm(uow, came, me.id))
    assert said_no(school, course, both), "until they say to be one"


def test_the_address_in_a_letter_says_no_for_whom_it_was_sent_to(school, ana, course, server) -> None:
    token = letter(school, server, course, ana)
    me = claimed(school)
    came = school.arrive("jane").person
    refuses(school, token)
    assert said_no(school, course, came)
    assert not said_no(school, course, me)


def test_so_it_does_while_somebody_else_is_taken_for_them(school, ana, course, server) -> None:
    token = letter(school, server, course, ana)
    me = claimed(school)
    school.join(course, me)
    refuses(school, token)
    assert sits(school, course, me)[0] is Standing.JOINED
    assert not said_no(school, course, me)
    assert said_no(school, course, school.arrive("jane").person)


def test_who_got_a_letter_before_gets_no_second_one(school, ana, course, server) -> None:
    letter(school, server, course, ana)
    claimed(school)
    school.arrive("oid-9", "Xavier", account="9", door="pinboard", course=False)
    school.arrive("jane")
    school.clock.pass_by(days=1)
    act(school, mailing.ask, ana, course.id)
    school.mark(course, Kind.RECONCILE)
    school.work()
    assert [one.letter["To"] for one in server.letters].count("jane@school.example") == 1


def test_what_who_claims_left_is_not_left_by_who_is_listed(school, course) -> None:
    me = claimed(school)
    school.join(course, me)
    act(school, lambda uow, now: join.leave(uow, course, me, now))
    came = school.arrive("jane", leads=True).person
    assert sits(school, course, came) == (Standing.INVITED, Role.CO_FACILITATOR)
    assert sits(school, course, me)[0] is Standing.LEFT


def test_who_comes_themselves_is_invited_nowhere_where_no_roster_is(school, ana, course) -> None:
    second = school.found(ana, name="Numeracy")
    with school.services.begin() as uow:
        (context,) = uow.communities.contexts(second.id)
        bare = replace(context, id=uow.new_id(), context="course-2", roster=None)
        uow.communities.put_context(bare)
        uow.commit()
    me = claimed(school)
    act(school, join.offer, second.id, me, Role.MEMBER)
    arrival = Arrival(
        "lti",
        school.here.id,
        "realm",
        "jane",
        "Jane",
        context=Context("realm", "course-2", "Course 2"),
        leads_context=True,
    )
    came = act(school, lambda uow, now: arrive(uow, arrival, now)).person
    assert came.id != me.id
    assert sits(school, second, came) is None

"""A copied course inherits nothing; those who lead either side are told, asked, and decide."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from coplink.core.arrival import Arrival, Context, NoticeOffer
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Standing
from coplink.core.roster import Listed
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import copies, notice_orders
from coplink.engine.arrive import arrive
from coplink.engine.sweep import due_by_time
from coplink.ports.copies import CopyState, NoticeService
from coplink.ports.errors import PermissionMissing, Throttled
from coplink.ports.records import ContextLink, Registration

COPY = Context("realm", "course-2", "Literacy (copy)")
ROSTER = {"url": "https://lms.example/course-2"}


@pytest.fixture
def world(school):
    """A community of course-1, led by Ana; Ben leads course-2, a copy."""
    ana = school.arrive("ana", leads=True).person
    community = school.found(ana)
    ben = school.arrive("ben", course=False).person
    return school, community, ana, ben


def copied(school, origins=("course-1",), context=COPY, institution=None):
    with school.services.begin() as uow:
        told = copies.copied(uow, (institution or school.here).id, context, origins, school.clock.now())
        uow.commit()
    return told


def question(school, person, context=COPY):
    with school.services.begin() as uow:
        return copies.questions(uow, person, context)


def answer(school, person, chosen, context=COPY):
    [asked] = question(school, person, context)
    with school.services.begin() as uow:
        copies.answer(uow, person, context, asked.copy.id, chosen, ROSTER)
        uow.commit()
    return asked.copy.id


def to_know(school, person, community):
    with school.services.begin() as uow:
        return list(copies.to_know(uow, person, community.id))


def here(school, context="course-2"):
    with school.services.begin() as uow:
        return [c.id for c in uow.communities.in_context(school.here.id, "realm", context)]


def test_a_copy_belongs_to_no_community_and_its_facilitators_are_told(world):
    school, community, ana, ben = world
    assert copied(school) == 1
    assert here(school) == []
    [seen] = to_know(school, ana, community)
    assert (seen.copy.title, seen.copy.state, seen.asked_by) == ("Literacy (copy)", CopyState.OPEN, "")
    [asked] = question(school, ben)
    assert asked.community == "Literacy"
    with school.services.begin() as uow:
        told = [str(line.message) for line in uow.records.history(community.id)]
    assert any("was copied as “Literacy (copy)”. Nothing was taken along." in line for line in told)


def test_what_is_told_twice_is_told_once(world):
    school, community, ana, _ = world
    assert [copied(school), copied(school), copied(school, ("course-1", "course-9"))] == [1, 0, 0]
    assert len(to_know(school, ana, community)) == 1


def test_a_copy_of_a_course_without_a_community_is_nobodys_business(world):
    school, *_ = world
    assert copied(school, ("course-7", "")) == 0
    assert copied(school, ()) == 0
    assert copied(school, ("course-1",), Context("realm", "course-1", "Itself")) == 0
    assert copied(school, ("course-1",), Context("another platform", "course-2", "")) == 0


def test_another_institution_hears_and_inherits_nothing(world):
    school, community, ana, _ = world
    assert copied(school, institution=school.there) == 0
    assert to_know(school, ana, community) == []
    lee = school.arrive("lee", institution=school.there).person
    copied(school)
    assert question(school, lee) == ()
    with school.services.begin() as uow:
        [copy] = uow.copies.of_context(school.here.id, "realm", "course-2")
        with pytest.raises(NotFound):
            copies.answer(uow, lee, COPY, copy.id, CopyState.ASKED, ROSTER)


def test_content_of_two_courses_asks_about_both_communities(world):
    school, _, ana, ben = world
    second = school.found(ana, name="Numeracy")
    with school.services.begin() as uow:
        uow.communities.put_context(ContextLink("x", school.here.id, "realm", "course-5", "Maths", second.id))
        uow.commit()
    assert copied(school, ("course-1", "course-5")) >= 2
    assert {one.community for one in question(school, ben)} == {"Literacy", "Numeracy"}


def test_starting_afresh_closes_the_question(world):
    school, community, ana, ben = world
    copied(school)
    answer(school, ben, CopyState.AFRESH)
    assert question(school, ben) == ()
    assert here(school) == []
    assert len(to_know(school, ana, community)) == 1, "they may still want to know"


def test_not_now_keeps_the_question_open(world):
    school, _, _, ben = world
    copied(school)
    answer(school, ben, CopyState.LATER)
    assert question(school, ben)[0].copy.state is CopyState.LATER
    answer(school, ben, CopyState.ASKED)
    assert question(school, ben)[0].copy.state is CopyState.ASKED


def test_what_a_facilitator_takes_in_becomes_the_communitys_and_its_people_are_invited(world):
    school, community, ana, ben = world
    copied(school)
    key = answer(school, ben, CopyState.ASKED)
    [seen] = to_know(school, ana, community)
    assert seen.asked_by == "Ben"
    school.roster.people = [Listed("ben", "Ben", None, True), Listed("cleo", "Cleo")]
    with school.services.begin() as uow:
        copies.take(uow, ana, community.id, key, school.clock.now())
        uow.commit()
    school.work()
    assert here(school) == [community.id]
    assert to_know(school, ana, community) == []
    assert question(school, ben) == ()
    with school.services.begin() as uow:
        standing = {m.person: m.standing for m in uow.communities.memberships(community.id)}
        [linked] = [c for c in uow.communities.contexts(community.id) if c.context == "course-2"]
    assert standing[ben.id] is Standing.INVITED, "invited, not added"
    assert linked.roster == ROSTER
    with school.services.begin() as uow, pytest.raises(DomainError):
        copies.take(uow, ana, community.id, key, school.clock.now())


def test_a_refusal_is_told_and_not_asked_again(world):
    school, community, ana, ben = world
    copied(school)
    key = answer(school, ben, CopyState.ASKED)
    with school.services.begin() as uow:
        copies.refuse(uow, ana, community.id, key, school.clock.now())
        uow.commit()
    [asked] = question(school, ben)
    assert asked.copy.state is CopyState.REFUSED
    assert here(school) == []
    with school.services.begin() as uow, pytest.raises(DomainError):
        copies.answer(uow, ben, COPY, key, CopyState.ASKED, ROSTER)


def test_a_facilitator_takes_note_and_is_told_again_when_somebody_asks(world):
    school, community, ana, ben = world
    copied(school)
    [seen] = to_know(school, ana, community)
    with school.services.begin() as uow:
        copies.understood(uow, ana, community.id, seen.copy.id, school.clock.now())
        uow.commit()
    assert to_know(school, ana, community) == []
    answer(school, ben, CopyState.ASKED)
    assert len(to_know(school, ana, community)) == 1


def test_only_those_who_facilitate_decide_for_the_community(world):
    school, community, _, ben = world
    copied(school)
    key = answer(school, ben, CopyState.ASKED)
    school.roster.people = [Listed("cleo", "Cleo")]
    school.work()
    cleo = school.arrive("cleo").person
    school.join(community, cleo)
    for person in (ben, cleo):
        with school.services.begin() as uow, pytest.raises(NotFound):
            copies.take(uow, person, community.id, key, school.clock.now())
    with school.services.begin() as uow, pytest.raises(NotFound):
        copies.take(uow, ben, "nothing", key, school.clock.now())


def test_a_decision_is_made_standing_in_the_copy(world):
    school, _, _, ben = world
    copied(school)
    [asked] = question(school, ben)
    for context in (None, Context("realm", "course-3"), Context("other", "course-2")):
        with school.services.begin() as uow, pytest.raises(NotFound):
            copies.answer(uow, ben, context, asked.copy.id, CopyState.AFRESH, None)
    with school.services.begin() as uow, pytest.raises(DomainError):
        copies.answer(uow, ben, COPY, asked.copy.id, CopyState.TAKEN, None)


def test_a_course_with_a_community_of_its_own_is_not_asked(world):
    school, _, ana, ben = world
    copied(school)
    second = school.found(ana, name="Numeracy")
    with school.services.begin() as uow:
        uow.communities.put_context(ContextLink("x", school.here.id, "realm", "course-2", "", second.id))
        uow.commit()
    assert question(school, ben) == ()


# --- a notice that got lost ------------------------------------------------------------------------------------------


def visit(school, asked=None, notices=None, subject="ben", context=COPY):
    arrival = Arrival(
        "lti", school.here.id, "realm", subject, subject, context=context, asked=asked or {}, notices=notices
    )
    with school.services.begin() as uow:
        welcome = arrive(uow, arrival, school.clock.now())
        uow.commit()
    return welcome


@pytest.mark.parametrize("told", ["course-1", "course-9,course-1", " course-1 , course-1,,"])
def test_the_first_visit_makes_a_lost_notice_good(world, told):
    school, community, ana, _ = world
    ben = visit(school, {"previous_contexts": told}).person
    visit(school, {"previous_contexts": told})
    assert here(school) == []
    assert len(to_know(school, ana, community)) == 1
    assert [one.community for one in question(school, ben)] == ["Literacy"]


def test_a_visit_that_says_nothing_of_copies_notes_nothing(world):
    school, community, ana, _ = world
    for told in ("", "course-9", "$Canvas.course.previousContextIds"):
        visit(school, {"previous_contexts": told})
    visit(school)
    assert to_know(school, ana, community) == []


# --- orders for notices ----------------------------------------------------------------------------------------------

OFFER = NoticeOffer("deployment-1", "https://lms.example/orders/1", ("LtiContextCopyNotice",))


@dataclass
class Orders:
    """A platform that takes orders, after the trouble that is planned."""

    trouble: list[Exception] = field(default_factory=list)
    taken: list[NoticeService] = field(default_factory=list)

    def order(self, service: NoticeService) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.taken.append(service)


@pytest.fixture
def orders(school):
    there = "https://lms.example"
    with school.services.begin() as uow:
        uow.platforms.put(Registration("realm", school.here.id, there, "1", there, there, there))
        uow.commit()
    school.services.notices = made = Orders()
    return made


def service(school):
    with school.services.begin() as uow:
        return uow.notice_services.of(school.here.id, "realm", "deployment-1")


def test_notices_are_ordered_once_however_many_visit(world, orders):
    school, *_ = world
    for _ in range(3):
        visit(school, notices=OFFER)
        school.work()
    [order] = orders.taken
    assert order.callback == "http://127.0.0.1:8080/lti/notices"
    assert order.asked_at is not None
    assert service(school).ordered_at is not None


def test_what_is_asked_is_written_down_before_the_platform_is(world, orders):
    school, *_ = world
    seen = []
    orders.order = lambda one: seen.append(service(school))
    visit(school, notices=OFFER)
    school.work()
    assert (seen[0].callback, seen[0].ordered_at) == ("http://127.0.0.1:8080/lti/notices", None)
    assert seen[0].asked_at is not None


def test_another_address_is_ordered_at_anew(world, orders):
    school, *_ = world
    visit(school, notices=OFFER)
    school.work()
    visit(school, notices=replace(OFFER, url="https://lms.example/orders/2"))
    school.work()
    assert [one.url[-1] for one in orders.taken] == ["1", "2"]


def test_a_busy_platform_is_asked_again_and_a_refusal_is_told_to_the_admin(world, orders):
    school, *_ = world
    orders.trouble = [Throttled(say("Slow down."), "429", 5.0)]
    visit(school, notices=OFFER)
    school.work()
    assert len(orders.taken) == 1
    orders.trouble = [PermissionMissing(say("Not allowed to be told."), "lms admin", ("scope",), "403")]
    visit(school, notices=replace(OFFER, url="https://lms.example/orders/3"))
    school.work()
    with school.services.begin() as uow:
        [notice] = uow.records.notices(institution=school.here.id)
    assert (notice.community, str(notice.message)) == (None, "Not allowed to be told.")
    assert service(school).ordered_at is None
    school.clock.pass_by(hours=25)
    due_by_time(school.services.begin, school.clock.now(), timedelta(minutes=15), timedelta(hours=24))
    school.work()
    assert len(orders.taken) == 2
    with school.services.begin() as uow:
        assert uow.records.notices(institution=school.here.id) == [], "done, so no longer told"


def test_without_news_a_visit_writes_no_order(world, orders):
    school, *_ = world
    visit(school, notices=OFFER)
    school.work()
    with school.services.begin() as uow:
        assert not notice_orders.arrived(uow, Arrival("lti", school.here.id, "realm", "x", notices=OFFER))
        state = uow.work.state(Kind.ORDER_NOTICES, service_key(uow, school))
    assert (state.generation, state.settled) == (1, 1)


def service_key(uow, school):
    return uow.notice_services.of(school.here.id, "realm", "deployment-1").id

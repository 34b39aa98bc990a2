"""A roster read again: nobody is asked twice, nothing that was decided is lost, and no shortcut hides anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from tests.engine.acts import told

from coplink.core.arrival import Arrival, Context, RosterSourceAddress
from coplink.core.people import AccountId, Proof, Role, Standing
from coplink.core.roster import Listed
from coplink.core.spaces import Trouble
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import claim, join, rosters
from coplink.engine.arrive import arrive, might_be
from coplink.engine.outcome import Again, Settled
from coplink.testing.beginnings import once


@pytest.fixture
@once
def crowd(school, ana):
    """A community whose course lists Ana and thirty others; read once."""
    school.roster.size = 10
    school.roster.people = [Listed("ana", "Ana", leads=True), *(someone(n) for n in range(30))]
    community = school.found(ana)
    school.work()
    school.roster.looked = 0
    return community


def someone(number, **changes):
    return Listed(f"s{number}", **{"name": f"S {number}", "email": f"s{number}@school.example", **changes})


def context_of(school, community):
    with school.services.begin() as uow:
        [context] = uow.communities.contexts(community.id)
    return context


def read_again(school, community):
    with school.services.begin() as uow:
        for context in uow.communities.contexts(community.id):
            uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        uow.commit()
    school.work()


def turn_of(school, community):
    """A turn at reading, as a worker takes it."""
    context = context_of(school, community)
    with school.services.begin() as uow:
        uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        turn = uow.work.begin(Kind.READ_ROSTER, context.id, school.clock.now())
        uow.commit()
    return turn


def read_with(school, turn, source=None):
    return rosters.read(school.services.begin, source or school.roster, turn, school.clock.now)


def standings(school, community):
    with school.services.begin() as uow:
        members = uow.communities.memberships(community.id)
        people = uow.people.many(m.person for m in members)
    return {people[m.person].name: (m.role, m.standing) for m in members}


def last_report(school, community):
    with school.services.begin() as uow:
        return uow.records.reports(community.id, "read_roster")[0].counts


def kept(school, community):
    with school.services.begin() as uow:
        return uow.rosters.last(context_of(school, community).id)


# --- nothing changed -------------------------------------------------------------------------------------------------


def test_an_unchanged_roster_is_noted_as_read_and_nothing_else_happens(school, crowd):
    before, remembered = standings(school, crowd), kept(school, crowd)
    read_at = context_of(school, crowd).read_at
    school.clock.pass_by(hours=1)
    read_again(school, crowd)
    assert school.roster.looked == 0
    assert context_of(school, crowd).read_at > read_at
    assert (standings(school, crowd), kept(school, crowd)) == (before, remembered)
    assert last_report(school, crowd) == {"listed": 31, "no_longer_listed": 0}


def test_only_who_is_new_or_changed_is_looked_at(school, crowd):
    del school.roster.people[3]
    school.roster.people.append(someone(50))
    school.roster.people[7] = replace(school.roster.people[7], leads=True)
    read_again(school, crowd)
    assert school.roster.looked == 2
    assert standings(school, crowd)["S 50"] == (Role.MEMBER, Standing.INVITED)
    assert last_report(school, crowd) == {"listed": 31, "no_longer_listed": 1}
    assert len(standings(school, crowd)) == 32, "who has gone keeps what they have"


def test_who_leads_the_course_is_asked_to_lead_and_a_later_change_moves_nobody(school, crowd):
    assert standings(school, crowd)["S 4"] == (Role.MEMBER, Standing.INVITED)
    school.roster.people += [someone(60, leads=True)]
    school.roster.people[5] = replace(school.roster.people[5], leads=True)
    read_again(school, crowd)
    assert standings(school, crowd)["S 60"] == (Role.CO_FACILITATOR, Standing.INVITED)
    assert standings(school, crowd)["S 4"] == (Role.MEMBER, Standing.INVITED)


# --- what people decided meanwhile -----------------------------------------------------------------------------------


def test_who_declined_paused_or_left_stays_so_whether_or_not_the_roster_changed(school, crowd):
    people = {name: school.arrive(name).person for name in ("s1", "s2", "s3")}
    for name in ("s2", "s3"):
        school.join(crowd, people[name])
    with school.services.begin() as uow:
        join.decline(uow, school.services.sealer, crowd, people["s1"])
        join.pause(uow, crowd, people["s2"], school.clock.now())
        join.leave(uow, crowd, people["s3"], school.clock.now())
        uow.commit()
    before = standings(school, crowd)
    for change in (None, lambda one: replace(one, email=f"new-{one.subject}@school.example")):
        if change:
            school.roster.people = [change(one) for one in school.roster.people]
        read_again(school, crowd)
        assert standings(school, crowd) == before
        with school.services.begin() as uow:
            assert join.said_no(uow, school.services.sealer, crowd.id, people["s1"].id)
    assert school.roster.looked == 31


def test_a_second_community_of_the_same_course_asks_everybody_although_nothing_changed(school, crowd, ana):
    second = school.found(ana, name="Numeracy")
    school.work()
    assert school.roster.looked == 31
    assert set(standings(school, second)) == set(standings(school, crowd))
    read_again(school, second)
    read_again(school, crowd)
    assert school.roster.looked == 31


def test_someone_merged_with_another_is_neither_lost_nor_asked_twice(school, crowd):
    robin = school.arrive("robin", course=False).person
    one = school.arrive("s1").person
    with school.services.begin() as uow:
        uow.people.merge(gone=one.id, into=robin.id)
        uow.commit()
    before = standings(school, crowd)
    read_again(school, crowd)
    school.roster.people[2] = replace(school.roster.people[2], email="robin@school.example")
    read_again(school, crowd)
    assert standings(school, crowd) == before
    assert len(before) == 31
    with school.services.begin() as uow:
        assert uow.people.by_identity(school.here.id, "lti", "realm", "s1").id == robin.id


def test_whose_membership_was_erased_is_asked_again_as_ever(school, crowd):
    with school.services.begin() as uow:
        one = uow.people.by_identity(school.here.id, "lti", "realm", "s1")
        uow._session.execute(text("DELETE FROM memberships WHERE person = :who"), {"who": one.id})
        uow.commit()
    assert "S 1" not in standings(school, crowd)
    read_again(school, crowd)
    assert standings(school, crowd)["S 1"] == (Role.MEMBER, Standing.INVITED)


def test_once_a_week_everybody_is_looked_at(school, crowd):
    school.clock.pass_by(days=6, hours=23)
    school.roster.people.append(someone(70))
    read_again(school, crowd)
    assert school.roster.looked == 1
    school.clock.pass_by(hours=2)
    read_again(school, crowd)
    assert school.roster.looked == 33
    read_again(school, crowd)
    assert school.roster.looked == 33


def test_under_other_rules_everybody_is_looked_at(school, crowd):
    school.roster.meaning = "other rules"
    read_again(school, crowd)
    assert school.roster.looked == 31
    read_again(school, crowd)
    assert school.roster.looked == 31


def test_who_joined_by_a_link_and_is_not_listed_is_counted_in_an_unchanged_roster_too(school, crowd):
    zoe = school.arrive("zoe", course=False).person
    with school.services.begin() as uow:
        join.offer(uow, crowd.id, zoe, Role.MEMBER, school.clock.now())
        uow.commit()
    read_again(school, crowd)
    assert last_report(school, crowd) == {"listed": 31, "no_longer_listed": 1}
    assert school.roster.looked == 0


# --- names, addresses, accounts --------------------------------------------------------------------------------------


def test_a_name_or_address_that_was_lacking_is_filled_in_and_none_is_overwritten(school, ana):
    school.roster.people = [Listed("a"), Listed("b", "Bo"), Listed("c", "Chloe", "chloe@school.example")]
    school.found(ana)
    school.work()
    school.roster.people = [
        Listed("a", "Al", "al@school.example"),
        Listed("b", "Bob"),
        Listed("c", "C", "c@x.example"),
    ]
    with school.services.begin() as uow:
        community = uow.communities.of_person(ana.id)[0][0]
    read_again(school, community)
    with school.services.begin() as uow:
        known = {s: uow.people.by_identity(school.here.id, "lti", "realm", s) for s in "abc"}
    assert {s: (p.name, p.email) for s, p in known.items()} == {
        "a": ("Al", "al@school.example"),
        "b": ("Bo", None),
        "c": ("Chloe", "chloe@school.example"),
    }


def test_an_account_somebody_denied_is_not_proposed_again_by_an_unchanged_roster(school, crowd):
    account = AccountId("77")
    school.roster.people[1] = replace(school.roster.people[1], accounts={"pinboard": account})
    read_again(school, crowd)
    with school.services.begin() as uow:
        [held] = uow.people.holding(school.here.id, "pinboard", account)
    assert held.proof is Proof.PROPOSED
    other = school.arrive("oid-77", account="77", door="pinboard", course=False).person
    with school.services.begin() as uow:
        claim.deny(uow, other, held.person)
        uow.commit()
    read_again(school, crowd)
    with school.services.begin() as uow:
        proofs = {h.person: h.proof for h in uow.people.holding(school.here.id, "pinboard", account)}
        assert might_be(uow, other) is None
    assert proofs == {other.id: Proof.PROVED, held.person: Proof.DENIED}


# --- half a roster, no roster, broken readings -----------------------------------------------------------------------


def test_half_a_roster_leaves_what_was_known_alone(school, crowd):
    before = kept(school, crowd)
    read_at = context_of(school, crowd).read_at
    everybody = school.roster.people
    school.roster.people, school.roster.complete = [*everybody[:12], someone(80)], False
    outcome = read_with(school, turn_of(school, crowd))
    assert outcome == Again(300.0)
    assert standings(school, crowd)["S 80"] == (Role.MEMBER, Standing.INVITED)
    assert last_report(school, crowd) == {"listed": 13, "no_longer_listed": 0}
    assert (replace(kept(school, crowd), owing=False), context_of(school, crowd).read_at) == (before, read_at)
    school.roster.people, school.roster.complete = everybody, True
    school.roster.looked = 0
    read_again(school, crowd)
    assert school.roster.looked == 0
    assert last_report(school, crowd) == {"listed": 31, "no_longer_listed": 1}


def test_who_asks_for_a_long_wait_gets_it(school, crowd):
    school.roster.complete = False
    for asked, waits in ((900.0, 900.0), (2.0, 300.0), (None, 300.0)):
        school.roster.again = asked
        assert read_with(school, turn_of(school, crowd)) == Again(waits)


def test_a_roster_that_cannot_be_read_to_its_end_waits_its_time_and_somebody_is_told(school, crowd):
    def told():
        with school.services.begin() as uow:
            return [(n.code, n.who, n.institution) for n in uow.records.notices(crowd.id)]

    before = kept(school, crowd)
    school.clock.pass_by(hours=2)
    school.roster.people.append(someone(90))
    school.roster.complete = False
    school.roster.lacking = Trouble("roster_incomplete", say("It cannot be read."), "somebody over there")
    for _ in range(2):
        read_again(school, crowd)
        assert context_of(school, crowd).read_at == school.clock.now()
        assert told() == [("roster_incomplete", "somebody over there", school.here.id)]
    assert read_with(school, turn_of(school, crowd)) == Settled()
    assert standings(school, crowd)["S 90"] == (Role.MEMBER, Standing.INVITED)
    assert replace(kept(school, crowd), owing=False) == before
    school.roster.complete = True
    read_again(school, crowd)
    assert told() == []


@pytest.mark.parametrize(
    ("told", "stays"),
    [
        ({"url": "x", "context": "c"}, True),
        ({"url": "y", "context": "c"}, False),
        ({"url": "x", "context": "d"}, False),
    ],
)
def test_a_link_in_the_course_does_not_take_back_what_the_tool_itself_told_of_the_roster(
    school, crowd, told, stays
):
    first = {"url": "x", "context": "c", "rlid": "c"}
    for values in (first, told):
        with school.services.begin() as uow:
            came = Arrival(
                "lti", school.here.id, "realm", "ana", context=Context("realm", "course-1", "Course")
            )
            arrive(uow, replace(came, roster=RosterSourceAddress("realm", values)), school.clock.now())
            uow.commit()
    assert context_of(school, crowd).roster == (first if stays else told)


def test_an_empty_roster_where_there_were_people_proves_nothing(school, crowd):
    before = kept(school, crowd)
    everybody, school.roster.people = school.roster.people, []
    read_again(school, crowd)
    assert last_report(school, crowd) == {"listed": 0, "no_longer_listed": 0}
    assert kept(school, crowd) == before
    assert "roster is empty, where it listed people before" in told(school, crowd)["empty_roster"]
    school.roster.people = everybody
    read_again(school, crowd)
    assert school.roster.looked == 0
    assert "empty_roster" not in told(school, crowd)

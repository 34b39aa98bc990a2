"""Taking part and listening in: everybody chooses for themselves, and the last who leads does not slip away."""

from __future__ import annotations

import threading

import pytest
from tests.engine.acts import act, history, leads_too

from coplink.core.access import Action, may
from coplink.core.errors import CoplinkError, DomainError, NotAllowed
from coplink.core.fit import fit
from coplink.core.people import AccountId, Level, Person, Role, Standing
from coplink.core.roster import Listed
from coplink.core.work import Kind
from coplink.engine import join, meetings
from coplink.storage.database import make_engine, upgrade
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.databases import postgres_server


def of(school, community, person):
    with school.services.begin() as uow:
        return uow.communities.membership(community.id, person.id)


def someone(school, community, name, account=None, listening=False):
    """Somebody is invited and answers."""
    person = school.arrive(name, account=account).person
    act(school, join.offer, community.id, person, Role.MEMBER)
    with school.services.begin() as uow:
        join.accept(uow, school.services.sealer, community, person, school.clock.now(), listening=listening)
        uow.commit()
    return person


def test_who_just_listens_in_sees_what_is_inside_sits_there_and_is_asked_for_nothing(school, community, ana):
    cy = someone(school, community, "cy", "3", listening=True)
    school.work()
    membership = of(school, community, cy)
    assert (membership.role, membership.standing) == (Role.LISTENING_IN, Standing.JOINED)
    assert membership.role.level is Level.FOLLOWS
    assert may(cy, Action.SEE_INSIDE, community, membership)
    for action in (Action.ANNOUNCE, Action.INVITE, Action.SHAPE):
        assert not may(cy, action, community, membership)
    assert school.board.seats[AccountId("3")] is Role.MEMBER, "the board knows no listening in"
    with pytest.raises(DomainError, match="just listen in"):
        act(school, leads_too, community, ana, cy)
    assert of(school, community, cy) == membership
    assert "joined to listen in" in history(school, community)


def test_everybody_changes_it_for_themselves_as_often_as_they_like(school, community):
    cy = someone(school, community, "cy", "3")
    school.work()
    writes = school.board.writes
    for listening, role in ((True, Role.LISTENING_IN), (True, Role.LISTENING_IN), (False, Role.MEMBER)):
        act(school, join.choose_level, community, cy, listening)
        assert of(school, community, cy).role is role
    said = history(school, community)
    assert (said.count("now listens in"), said.count("now takes part")) == (1, 1), "twice is once"
    school.work()
    assert school.board.writes == writes, "the seat is the same"


def test_nobody_else_changes_it(school, community, ana):
    cy = someone(school, community, "cy", "3", listening=True)
    for role in Role:
        with pytest.raises(DomainError):
            act(school, join.share, community, ana, cy.id, role)
    assert of(school, community, cy).role is Role.LISTENING_IN


def test_who_does_not_belong_chooses_nothing(school, community):
    stranger = school.arrive("zoe", course=False).person
    invited = school.arrive("ivo").person
    act(school, join.offer, community.id, invited, Role.MEMBER)
    away = someone(school, community, "cy")
    act(school, join.pause, community, away)
    gone = someone(school, community, "dee")
    act(school, join.leave, community, gone)
    before = [of(school, community, one) for one in (stranger, invited, away, gone)]
    for person in (stranger, invited, away, gone):
        with pytest.raises(NotAllowed):
            act(school, join.choose_level, community, person, True)
    assert [of(school, community, one) for one in (stranger, invited, away, gone)] == before


def test_who_comes_back_is_what_they_were_unless_they_say_otherwise(school, community):
    cy = someone(school, community, "cy", listening=True)
    act(school, join.pause, community, cy)
    assert school.join(community, cy).role is Role.LISTENING_IN
    act(school, join.choose_level, community, cy, False)
    act(school, join.leave, community, cy)
    with school.services.begin() as uow:
        back = join.accept(uow, school.services.sealer, community, cy, school.clock.now(), listening=True)
        uow.commit()
    assert back.role is Role.LISTENING_IN


def test_whoever_is_in_is_not_made_to_listen_by_an_old_form(school, community, ana):
    with school.services.begin() as uow:
        again = join.accept(uow, school.services.sealer, community, ana, school.clock.now(), listening=True)
        uow.commit()
    assert again.role is Role.FACILITATOR


def test_a_roster_changes_neither_role_nor_standing(school, community, ana):
    listener = someone(school, community, "cy", listening=True)
    away = someone(school, community, "dee")
    act(school, join.pause, community, away)
    before = {one.id: of(school, community, one) for one in (ana, listener, away)}
    for leads in (True, False):
        school.roster.people = [Listed(name, name.title(), leads=leads) for name in ("ana", "cy", "dee")]
        with school.services.begin() as uow:
            for context in uow.communities.contexts(community.id):
                uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
            uow.commit()
        school.work()
        assert {one.id: of(school, community, one) for one in (ana, listener, away)} == before


def test_what_a_place_cannot_hold_is_said(school, community):
    cy = someone(school, community, "cy", "3", listening=True)
    (space,) = school.spaces(community)
    manifest = school.services.manifests["pinboard"]
    from coplink.core.desired import Desired

    seats = {AccountId("3"): of(school, community, cy).role}
    reduced, compromises = fit(Desired(seats, frozenset(), {}), manifest.roles)
    assert reduced.seats == {AccountId("3"): Role.MEMBER}
    assert [str(one.message) for one in compromises] == ["“listening-in” becomes “member” there."]
    with school.services.begin() as uow:
        assert "3@school.example" in meetings.attendees(uow, space, school.services.manifests)


WAYS = {
    "leave": lambda uow, community, ana, now: join.leave(uow, community, ana, now),
    "leave over there": lambda uow, community, ana, now: join.leave(uow, community, ana, now, place="Teams"),
    "pause": lambda uow, community, ana, now: join.pause(uow, community, ana, now),
    "listen in": lambda uow, community, ana, now: join.choose_level(uow, community, ana, True, now),
    "step down": lambda uow, community, ana, now: join.share(uow, community, ana, ana.id, Role.MEMBER, now),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_last_who_leads_does_not_slip_away_and_is_told_what_to_do(school, community, ana, way):
    listener = someone(school, community, "cy", listening=True)
    away = someone(school, community, "dee")
    act(school, leads_too, community, ana, away)
    act(school, join.pause, community, away)
    before = of(school, community, ana)
    with pytest.raises(DomainError, match="share the facilitation with somebody who takes part"):
        act(school, lambda uow, now: WAYS[way](uow, community, ana, now))
    assert of(school, community, ana) == before, "neither who listens in nor who is away facilitates"
    act(school, join.choose_level, community, listener, False)
    act(school, leads_too, community, ana, listener)
    act(school, lambda uow, now: WAYS[way](uow, community, ana, now))
    assert not (
        of(school, community, ana).role.leads and of(school, community, ana).standing is Standing.JOINED
    )
    with pytest.raises(CoplinkError):
        act(school, join.leave, community, listener)


def test_nobody_who_leads_is_made_less_by_another(school, community, ana):
    bo = someone(school, community, "cy")
    act(school, leads_too, community, ana, bo)
    for role in (Role.MEMBER, Role.CO_FACILITATOR, Role.FACILITATOR):
        if role is not Role.FACILITATOR:
            with pytest.raises(NotAllowed, match="step down themselves"):
                act(school, join.share, community, bo, ana.id, role)
    assert of(school, community, ana).role is Role.FACILITATOR


def test_both_who_lead_taken_out_by_hand_at_once_leave_one(school, community, ana):
    cy = someone(school, community, "cy", "3")
    act(school, leads_too, community, ana, cy)
    school.work()
    for account in ("1", "3"):
        del school.board.seats[AccountId(account)]
    for _ in range(3):
        school.clock.pass_by(days=1)
        school.mark(community, Kind.RECONCILE)
        school.work()
    leading = [
        m for m in (of(school, community, ana), of(school, community, cy)) if m.standing is Standing.JOINED
    ]
    assert len(leading) == 1
    assert leading[0].role.leads


def test_two_who_lead_and_leave_at_the_same_moment_leave_one_behind(school, community, ana):
    """On PostgreSQL, where two transactions run at once: the second waits, and hears that it is the last."""
    engine = make_engine(postgres_server().fresh())
    upgrade(engine)
    storage = SqlStorage(engine, school.services.sealer)
    now = school.clock.now()
    bo = Person("b" * 32, school.here.id, "Bo")
    with storage.begin() as uow:
        uow.institutions.add(school.here)
        uow.communities.put(community)
        for person in (ana, bo):
            uow.people.put(person)
            uow.communities.put_membership(
                join.Membership(
                    community.id, person.id, school.here.id, Role.FACILITATOR, Standing.JOINED, now
                )
            )
        uow.commit()
    outcomes = []

    def leaves() -> None:
        try:
            with storage.begin() as other:
                join.leave(other, community, bo, now)
                other.commit()
            outcomes.append("left")
        except DomainError:
            outcomes.append("stays")

    with storage.begin() as uow:
        join.leave(uow, community, ana, now)
        second = threading.Thread(target=leaves)
        second.start()
        second.join(0.4)
        waited = second.is_alive()
        uow.commit()
    second.join(10)
    with storage.begin() as uow:
        standings = {m.person: m.standing for m in uow.communities.memberships(community.id)}
    engine.dispose()
    assert waited
    assert outcomes == ["stays"]
    assert standings == {ana.id: Standing.LEFT, bo.id: Standing.JOINED}

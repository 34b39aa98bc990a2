"""A guest presenter sees one meeting by a link that ends with it; nobody becomes a member by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.engine.acts import act, history

from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Role
from coplink.core.spaces import SpaceState
from coplink.engine import join, lifecycle, presenting
from coplink.ports.records import LinkKind
from coplink.storage.tables import LinkRow, PresenterRow

FIRST, SECOND = "2026-12-02", "2026-12-16"
ENDS = datetime(2026, 12, 3, 0, 45, tzinfo=UTC)
"""When the first meeting ends: 16:45 in Los Angeles."""


def ask(school, leader, community, meeting=FIRST, name="Pat Moreau"):
    return act(school, presenting.ask, leader, community.id, meeting, name)


def opened(school, presenter):
    with school.services.begin() as uow:
        return presenting.opened(uow, presenter.link.token, school.clock.now())


def listed(school, community):
    with school.services.begin() as uow:
        found = presenting.asked(uow, uow.communities.get(community.id), school.clock.now())
    return [(one.presenter.name, one.meeting.original.isoformat()) for one in found]


def kept(school):
    with school.services.begin() as uow:
        session = uow._transaction.session
        links = session.scalars(select(LinkRow).where(LinkRow.kind == "presenter")).all()
        return [(row.id, row.revoked_at) for row in links], len(session.scalars(select(PresenterRow)).all())


def test_the_link_shows_that_meeting_and_where_it_is(school, community, ana):
    pat = ask(school, ana, community, name="  Pat \n Moreau ")
    shown = opened(school, pat)
    assert (shown.name, shown.community.id) == ("Pat Moreau", community.id)
    assert (shown.meeting.original, shown.meeting.ends) == (date(2026, 12, 2), ENDS)
    assert [one.state for one in shown.places] == [SpaceState.READY]
    assert listed(school, community) == [("Pat Moreau", FIRST)]
    assert history(school, community)[0] == "asked a guest to present on 2026-12-02"
    with school.services.begin() as uow:
        assert len(uow.communities.memberships(community.id)) == 2, "nobody becomes a member by it"
    assert (pat.link.kind, pat.link.person) == (LinkKind.PRESENTER, None)


def test_it_ends_by_itself_an_hour_after_the_meeting(school, community, ana):
    pat = ask(school, ana, community)
    assert pat.link.expires_at == ENDS + timedelta(hours=1)
    school.clock.at = ENDS + timedelta(minutes=59)
    assert opened(school, pat).name == "Pat Moreau"
    school.clock.at = ENDS + timedelta(hours=1)
    with pytest.raises(NotFound):
        opened(school, pat)
    assert listed(school, community) == []


def test_a_facilitator_closes_it_at_once_and_twice_is_once(school, community, ana):
    pat, lou = ask(school, ana, community), ask(school, ana, community, SECOND, "Lou")
    act(school, presenting.revoke, ana, community.id, pat.link.id)
    closed = kept(school)
    school.clock.pass_by(minutes=5)
    act(school, presenting.revoke, ana, community.id, pat.link.id)
    assert kept(school) == closed
    with pytest.raises(NotFound):
        opened(school, pat)
    assert opened(school, lou).meeting.original == date(2026, 12, 16)
    assert listed(school, community) == [("Lou", SECOND)]


def test_the_same_two_again_are_the_same_link_and_after_closing_a_fresh_one(school, community, ana):
    pat = ask(school, ana, community)
    assert ask(school, ana, community, name="pat moreau").link.id == pat.link.id
    assert history(school, community).count("asked a guest to present on 2026-12-02") == 1
    act(school, presenting.revoke, ana, community.id, pat.link.id)
    fresh = ask(school, ana, community)
    assert fresh.link.token != pat.link.token
    with pytest.raises(NotFound):
        opened(school, pat)


def test_only_who_facilitates_makes_and_closes_them(school, community, ana):
    pat = ask(school, ana, community)
    bo = school.arrive("bo", course=False).person
    before = kept(school)
    for role in (Role.MEMBER, Role.STEWARD):
        act(school, join.share, community, ana, bo.id, role)
        for who in (bo, school.arrive("zoe", course=False).person):
            with pytest.raises(NotFound):
                ask(school, who, community, name="Mallory")
            with pytest.raises(NotFound):
                act(school, presenting.revoke, who, community.id, pat.link.id)
    elsewhere = school.found(ana, name="Elsewhere")
    with pytest.raises(NotFound):
        act(school, presenting.revoke, ana, elsewhere.id, pat.link.id)
    assert kept(school) == before


@pytest.mark.parametrize(
    ("meeting", "name"),
    [
        ("", "Pat"),
        ("soon", "Pat"),
        ("2026-12-03", "Pat"),
        ("2026-11-18", "Pat"),
        ("2026-12-30", "Pat"),
        ("9999-99-99", "Pat"),
        (FIRST, ""),
        (FIRST, " \n "),
        (FIRST, "x" * 81),
    ],
)
def test_no_meeting_a_break_or_no_name_is_a_sentence(school, community, ana, meeting, name):
    with pytest.raises(DomainError):
        ask(school, ana, community, meeting, name)
    assert kept(school) == ([], 0)


def test_a_meeting_that_is_over_takes_nobody_and_one_takes_a_dozen_at_most(school, community, ana):
    for number in range(presenting.MOST):
        ask(school, ana, community, name=f"Guest {number}")
    with pytest.raises(DomainError, match="At most 12"):
        ask(school, ana, community, name="One more")
    ask(school, ana, community, SECOND, "One more")
    school.clock.at = ENDS
    with pytest.raises(DomainError, match="still to come"):
        ask(school, ana, community, name="Late")


def test_what_is_called_off_or_rests_shows_nothing(school, community, ana):
    pat, lou = ask(school, ana, community), ask(school, ana, community, SECOND, "Lou")
    with school.services.begin() as uow:
        rhythm = uow.meetings.rhythm(community.id)
        off = replace(rhythm, called_off=frozenset({date(2026, 12, 2)}), version=rhythm.version + 1)
        uow.meetings.put(community.id, off)
        uow.commit()
    with pytest.raises(NotFound):
        opened(school, pat)
    assert opened(school, lou).name == "Lou"
    act(school, lifecycle.conclude, community, ana)
    with pytest.raises(NotFound):
        opened(school, lou)
    with pytest.raises(DomainError, match="still to come"):
        ask(school, ana, community, SECOND, "Mia")


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "ü" * 43])
def test_another_word_opens_nothing_and_no_other_kind_of_link_does(school, community, ana, token):
    ask(school, ana, community)
    with school.services.begin() as uow, pytest.raises(NotFound):
        presenting.opened(uow, token, school.clock.now())
    from coplink.engine import invitations

    link = act(school, invitations.create, community, ana, school.here.id)
    with school.services.begin() as uow, pytest.raises(NotFound):
        presenting.opened(uow, link.token, school.clock.now())


def test_name_and_token_are_sealed_at_rest(school, community, ana):
    pat = ask(school, ana, community)
    with school.services.begin() as uow:
        session = uow._transaction.session
        link = session.scalars(select(LinkRow).where(LinkRow.id == pat.link.id)).one()
        row = session.scalars(select(PresenterRow)).one()
        stored = (link.token, link.token_hash, row.name)
        (back,) = uow.links.presenters(community.id)
    assert back == pat
    assert not any(pat.link.token in one or "Pat" in one for one in stored)
    assert not any("Pat" in line for line in history(school, community)), "the history lasts"

"""A steward keeps lists and links: lent by who leads, given back by themselves, and no say about anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import act, history, leads_too

from coplink.core.access import Action, may
from coplink.core.artifacts import FileFact
from coplink.core.errors import CoplinkError, DomainError, NotAllowed, NotFound
from coplink.core.lists import ListId
from coplink.core.people import AccountId, Level, Role, Standing
from coplink.core.roster import Listed
from coplink.core.work import Kind
from coplink.engine import curate, invitations, join
from coplink.testing.beginnings import once


def of(school, community, person):
    with school.services.begin() as uow:
        return uow.communities.membership(community.id, person.id)


def bo_of(school):
    return school.arrive("bo", course=False).person


def share(school, community, by, person, role):
    return act(school, join.share, community, by, person.id, role)


@pytest.fixture
@once
def steward(school, community, ana):
    """Bo, to whom Ana has lent it."""
    bo = bo_of(school)
    share(school, community, ana, bo, Role.STEWARD)
    school.work()
    return bo


def test_a_steward_may_keep_lists_and_links_and_nothing_else(school, community, steward):
    membership = of(school, community, steward)
    allowed = {action for action in Action if may(steward, action, community, membership)}
    member = replace(membership, role=Role.MEMBER)
    assert allowed - {one for one in Action if may(steward, one, community, member)} == {Action.KEEP}
    assert membership.role.level is Level.TAKES_PART
    assert school.board.seats[AccountId("2")] is Role.MEMBER
    assert "now keeps lists and links" in history(school, community)
    away = membership.now(Standing.PAUSED, membership.changed_at)
    assert not may(steward, Action.KEEP, community, away)


def test_a_steward_makes_and_closes_links(school, community, steward, ana):
    link = act(school, invitations.create, community, steward, school.here.id)
    assert act(school, invitations.create, community, ana, school.here.id).id == link.id
    act(school, invitations.revoke, community, steward, link.id)
    share(school, community, steward, steward, Role.MEMBER)
    with pytest.raises(NotAllowed, match="facilitators and stewards"):
        act(school, invitations.create, community, steward, school.here.id)
    with pytest.raises(NotAllowed):
        act(school, invitations.revoke, community, steward, link.id)


def test_a_steward_changes_nobodys_membership(school, community, steward, ana):
    cy = school.arrive("cy").person
    act(school, join.offer, community.id, cy, Role.MEMBER)
    school.join(community, cy)
    before = [of(school, community, one) for one in (ana, cy, steward)]
    for person in (ana, cy, steward):
        for role in (Role.FACILITATOR, Role.CO_FACILITATOR, Role.STEWARD):
            with pytest.raises(NotAllowed):
                share(school, community, steward, person, role)
    for person in (ana, cy):
        with pytest.raises(NotAllowed):
            share(school, community, steward, person, Role.MEMBER)
    assert [of(school, community, one) for one in (ana, cy, steward)] == before


def test_it_is_given_back_by_themselves_or_taken_back_by_who_leads_and_twice_is_once(
    school, community, steward, ana
):
    share(school, community, steward, steward, Role.MEMBER)
    assert of(school, community, steward).role is Role.MEMBER
    with pytest.raises(NotAllowed):
        share(school, community, steward, steward, Role.MEMBER)
    for _ in range(2):
        share(school, community, ana, steward, Role.STEWARD)
    for _ in range(2):
        share(school, community, ana, steward, Role.MEMBER)
    said = history(school, community)
    assert said.count("now keeps lists and links") == 2
    assert said.count("no longer keeps lists and links") == 2


def test_only_who_takes_part_is_asked_and_listening_in_ends_it(school, community, steward, ana):
    act(school, join.choose_level, community, steward, True)
    assert of(school, community, steward).role is Role.LISTENING_IN
    with pytest.raises(DomainError, match="just listen in"):
        share(school, community, ana, steward, Role.STEWARD)
    invited = school.arrive("ivo").person
    act(school, join.offer, community.id, invited, Role.MEMBER)
    for who in (invited, school.arrive("zoe", course=False).person):
        with pytest.raises(DomainError, match="who has joined"):
            share(school, community, ana, who, Role.STEWARD)


def test_the_last_who_leads_does_not_become_a_steward(school, community, steward, ana):
    with pytest.raises(DomainError, match="Hand over first"):
        share(school, community, ana, ana, Role.STEWARD)
    act(school, leads_too, community, ana, steward)
    share(school, community, ana, ana, Role.STEWARD)
    with pytest.raises(DomainError, match="Hand over first"):
        share(school, community, steward, steward, Role.STEWARD)


def test_a_roster_neither_makes_nor_unmakes_a_steward(school, community, steward):
    before = of(school, community, steward)
    for leads in (True, False):
        school.roster.people = [Listed("bo", "Bo", leads=leads)]
        with school.services.begin() as uow:
            for context in uow.communities.contexts(community.id):
                uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
            uow.commit()
        school.work()
        assert of(school, community, steward) == before


@pytest.fixture
@once
def short_list(school, community):
    """A list of two files that Bo made."""
    at = school.clock.now()
    school.board.files = [FileFact(f"f{n}", f"File {n}", f"https://x/{n}", at, at, "1") for n in (1, 2, 3)]
    school.mark(community, Kind.COLLECT)
    school.work()
    bo = bo_of(school)
    with school.services.begin() as uow:
        chosen = sorted(uow.catalogue.of(community.id), key=lambda one: one.title)[:2]
    drawn = curate.Drawn("k" * 20, "Week one", "To begin", tuple(one.id for one in chosen))
    return act(school, curate.make, bo, community.id, drawn)


def change(school, keeper, community, kept, title="Week two", why="", entries=None):
    return act(
        school,
        curate.change,
        keeper,
        community.id,
        kept.id,
        title,
        why,
        kept.entries if entries is None else entries,
    )


def test_a_steward_keeps_a_list_in_order_and_its_maker_stays(school, community, steward, short_list):
    changed = change(school, steward, community, short_list, entries=[short_list.entries[1], "another"])
    assert changed == replace(short_list, title="Week two", why="", entries=short_list.entries[1:])
    with school.services.begin() as uow:
        assert uow.catalogue.curated(ListId(short_list.id)) == changed
    change(school, steward, community, changed)
    assert history(school, community).count("changed the list “Week two”") == 1, "the same again is no act"


@pytest.mark.parametrize(
    ("title", "why", "entries"),
    [("", "", None), ("x" * 121, "", None), ("One", "x" * 501, None), ("One", "", [])],
)
def test_what_cannot_be_a_list_is_refused(school, community, steward, short_list, title, why, entries):
    with pytest.raises(DomainError):
        change(school, steward, community, short_list, title, why, entries)
    with school.services.begin() as uow:
        assert uow.catalogue.curated(ListId(short_list.id)) == short_list


def test_a_list_is_kept_by_nobody_else_and_only_in_its_own_community(school, community, short_list, ana):
    bo = bo_of(school)
    elsewhere = school.found(ana, name="Elsewhere")
    for who, where in (
        (bo, community),
        (school.arrive("zoe", course=False).person, community),
        (ana, elsewhere),
    ):
        with pytest.raises(NotFound):
            change(school, who, where, short_list)
    with pytest.raises(CoplinkError):
        act(school, curate.change, ana, community.id, "nothing", "One", "", [])
    with school.services.begin() as uow:
        assert uow.catalogue.curated(ListId(short_list.id)) == short_list

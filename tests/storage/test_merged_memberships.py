"""Which of two memberships in one community is left when two records become one human."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coplink.core.community import Contact, Handover
from coplink.core.people import Membership, Role, Standing

INVITED, JOINED, PAUSED, LEFT = Standing
F, C, M, G = Role.FACILITATOR, Role.CO_FACILITATOR, Role.MEMBER, Role.GUEST


def put(uow, world, person, standing, role, day):
    at = world.now + timedelta(days=day)
    uow.communities.put_membership(
        Membership(world.community.id, person.id, world.north.id, role, standing, at)
    )


def merged(keep, world, gone, into, third=None):
    """What is left of Bo's and Ada's membership when Bo's record goes into Ada's."""
    with keep() as uow:
        if third:
            person = type(world.bo)(type(world.bo.id)("cy"), world.north.id, "Cy")
            uow.people.put(person)
            put(uow, world, person, *third)
        for person, stands in ((world.bo, gone), (world.ada, into)):
            if stands:
                put(uow, world, person, *stands)
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        left = {m.person: m for m in uow.communities.memberships(world.community.id)}
    assert world.bo.id not in left
    kept = left[world.ada.id]
    return kept.standing, kept.role, (kept.changed_at - world.now).days


ELSEWHERE = (JOINED, F, 0)
"""Somebody else leads the community."""


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ((JOINED, M, 2), (LEFT, M, 1), (JOINED, M, 2)),
        ((JOINED, M, 1), (LEFT, M, 2), (LEFT, M, 2)),
        ((JOINED, M, 1), (PAUSED, G, 2), (PAUSED, G, 2)),
        ((JOINED, M, 2), (PAUSED, M, 1), (JOINED, M, 2)),
        ((PAUSED, M, 2), (LEFT, M, 1), (PAUSED, M, 2)),
        ((JOINED, F, 1), (LEFT, M, 2), (LEFT, M, 2)),
        ((JOINED, M, 1), (LEFT, M, 1), (LEFT, M, 1)),  # at the same moment: nobody's "no" is undone
        ((INVITED, F, 2), (JOINED, M, 1), (JOINED, M, 1)),  # an invitation is no answer, however late
        ((INVITED, M, 2), (PAUSED, M, 1), (PAUSED, M, 1)),
        ((INVITED, M, 2), (LEFT, M, 1), (LEFT, M, 1)),
        ((INVITED, M, 1), (INVITED, M, 2), (INVITED, M, 2)),
        ((JOINED, M, 2), (JOINED, C, 1), (JOINED, C, 2)),  # who was made to lead, leads
        ((JOINED, G, 1), (JOINED, M, 2), (JOINED, M, 2)),
    ],
)
def test_the_later_answer_wins_whichever_record_goes(keep, world, one, other, kept):
    assert merged(keep, world, one, other, ELSEWHERE) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [((JOINED, F, 1), (LEFT, M, 2)), ((LEFT, M, 2), (JOINED, F, 1))],
    ids=["who led goes", "who led stays"],
)
@pytest.mark.parametrize(
    ("third", "kept"),
    [
        (None, (JOINED, F, 1)),
        ((JOINED, M, 0), (JOINED, F, 1)),
        ((LEFT, F, 3), (JOINED, F, 1)),
        ((INVITED, F, 3), (JOINED, F, 1)),
        ((JOINED, C, 0), (LEFT, M, 2)),
    ],
    ids=str,
)
def test_the_last_who_leads_does_not_end_by_a_merge(keep, world, one, other, third, kept):
    assert merged(keep, world, one, other, third) == kept


@pytest.mark.parametrize("other", [(PAUSED, F, 2), (INVITED, F, 2), (JOINED, M, 2)], ids=str)
def test_a_last_co_facilitator_stays_joined_as_well(keep, world, other):
    standing, role, _ = merged(keep, world, (JOINED, C, 1), other)
    assert (standing, role) == (JOINED, C)


@pytest.mark.parametrize("stands", [(JOINED, F, 1), (LEFT, M, 1), (INVITED, M, 1)], ids=str)
def test_a_membership_of_one_record_is_kept_as_it_is(keep, world, stands):
    assert merged(keep, world, stands, None) == stands
    assert merged(keep, world, None, stands) == stands


def test_a_community_without_anybody_who_leads_keeps_the_later_answer(keep, world):
    assert merged(keep, world, (JOINED, M, 1), (LEFT, F, 2)) == (LEFT, F, 2)


@pytest.mark.parametrize(("standing", "day"), [(LEFT, 1), (PAUSED, 1), (INVITED, 3)])
@pytest.mark.parametrize("goes", ["by their institution", "by their own word"])
def test_what_an_institution_decided_outranks_no_word_of_their_own(keep, world, standing, day, goes):
    def row(person, standing, day, by_institution):
        at = world.now + timedelta(days=day)
        return Membership(world.community.id, person.id, world.north.id, M, standing, at, by_institution)

    gone, into = (world.bo, world.ada) if goes == "by their institution" else (world.ada, world.bo)
    with keep() as uow:
        uow.communities.put_membership(row(gone, PAUSED, 2, True))
        uow.communities.put_membership(row(into, standing, day, False))
        uow.people.merge(gone=gone.id, into=into.id)
    with keep() as uow:
        (kept,) = uow.communities.memberships(world.community.id)
    wanted = (PAUSED, True) if standing is INVITED else (standing, False)
    assert (kept.standing, kept.by_institution) == wanted


@pytest.mark.parametrize(
    ("of_gone", "of_into", "stands", "left"),
    [
        ("cy", None, (JOINED, M), "cy"),
        (None, "cy", (JOINED, M), "cy"),
        ("dee", "cy", (JOINED, M), "cy"),
        ("cy", None, (JOINED, F), None),  # who leads is not asked to
        ("cy", None, (PAUSED, M), None),
        ("cy", None, (LEFT, M), None),
    ],
)
def test_a_human_is_asked_once_and_only_while_they_could_say_yes(keep, world, of_gone, of_into, stands, left):
    with keep() as uow:
        for name in ("cy", "dee"):
            person = type(world.bo)(type(world.bo.id)(name), world.north.id, name)
            uow.people.put(person)
            put(uow, world, person, *ELSEWHERE)
        put(uow, world, world.bo, JOINED, M, 1)
        put(uow, world, world.ada, *stands, 2)
        for person, by in ((world.bo, of_gone), (world.ada, of_into)):
            if by:
                uow.communities.put_handover(
                    Handover(world.community.id, person.id, world.north.id, C, by, world.now)
                )
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        asked = uow.communities.handovers(world.community.id)
    assert {one: by.asked_by for one, by in asked.items()} == ({world.ada.id: left} if left else {})


def test_who_asked_may_turn_out_to_be_another_record(keep, world):
    with keep() as uow:
        cy = type(world.bo)(type(world.bo.id)("cy"), world.north.id, "Cy")
        uow.people.put(cy)
        put(uow, world, cy, JOINED, M, 0)
        put(uow, world, world.bo, JOINED, F, 1)
        uow.communities.put_handover(
            Handover(world.community.id, cy.id, world.north.id, C, world.bo.id, world.now)
        )
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        assert uow.communities.handovers(world.community.id)[cy.id].asked_by == world.ada.id


@pytest.mark.parametrize("standing", [JOINED, PAUSED, LEFT])
def test_the_contact_is_who_has_joined_by_the_later_answer(keep, world, standing):
    with keep() as uow:
        put(uow, world, world.bo, JOINED, M, 1)
        uow.communities.put_contact(Contact(world.community.id, world.north.id, world.bo.id, world.now))
        put(uow, world, world.ada, standing, M, 2)
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        held = [one.person for one in uow.communities.contacts(world.community.id).values()]
    assert held == ([world.ada.id] if standing is JOINED else [])

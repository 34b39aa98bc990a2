"""What an admin put to rest or let go, no facilitator undoes; what a facilitator did, an admin may."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.acts import act, now_there

from coplink.core.errors import NotAllowed
from coplink.core.spaces import SpaceState
from coplink.engine import lifecycle
from coplink.testing.beginnings import once


@pytest.fixture
@once
def kim(school):
    person = replace(school.arrive("kim").person, admin=True)
    with school.services.begin() as uow:
        uow.people.put(person)
        uow.commit()
    return person


@pytest.fixture
@once
def community(school, ana):
    made = school.found(ana)
    school.work()
    return made


def place(school, community):
    (space,) = school.spaces(community)
    return space


def test_what_an_admin_let_go_only_an_admin_there_takes_up_again(school, ana, kim, community):
    act(school, lifecycle.detach, place(school, community), kim, "Pin Board", False)
    school.work()
    stranger = replace(kim, institution=school.there.id)
    for person in (ana, stranger):
        with pytest.raises(NotAllowed, match="An admin of Riverbend"):
            act(school, lifecycle.revive, place(school, community), person, "Pin Board")
    assert place(school, community).state is SpaceState.DETACHED
    act(school, lifecycle.revive, place(school, community), kim, "Pin Board")
    school.work()
    assert (place(school, community).state, place(school, community).by_admin) == (SpaceState.READY, False)


def test_what_an_admin_put_to_rest_rests_on_when_the_community_wakes(school, ana, kim, community):
    act(school, lifecycle.archive, place(school, community), kim, "Pin Board")
    act(school, lifecycle.conclude, community, ana)
    act(school, lifecycle.reopen, now_there(school, community), ana)
    school.work()
    assert place(school, community).state is SpaceState.ARCHIVED
    with pytest.raises(NotAllowed, match="An admin of Riverbend"):
        act(school, lifecycle.restore, place(school, community), ana, "Pin Board")
    act(school, lifecycle.detach, place(school, community), ana, "Pin Board", False)
    school.work()
    with pytest.raises(NotAllowed):  # nor by way of letting go
        act(school, lifecycle.revive, place(school, community), ana, "Pin Board")


def test_what_a_facilitator_decided_both_undo(school, ana, kim, community):
    for person in (ana, kim):
        act(school, lifecycle.archive, place(school, community), ana, "Pin Board")
        school.work()
        act(school, lifecycle.restore, place(school, community), person, "Pin Board")
        school.work()
        assert place(school, community).state is SpaceState.READY

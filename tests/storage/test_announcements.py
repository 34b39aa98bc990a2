"""What was said to everybody is kept with its state in each place, whoever says it and whoever they become."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.core.announcing import Post, PostState, SaidId, SaidToAll
from coplink.core.people import CommunityId
from coplink.core.spaces import SpaceId, Trouble
from coplink.core.words import say
from coplink.storage.repositories.base import AnotherInstitution


def said(world, key="said-1", person=None, hours=0):
    person = person or world.ada
    at = world.now + timedelta(hours=hours)
    text = "Bring a <text>.\n\nAnd {one} more 📚"
    return SaidToAll(SaidId(key), world.community.id, world.north.id, person.id, "Wednesday", text, at)


def test_what_was_said_comes_back_newest_first_and_counted(keep, world):
    with keep() as uow:
        for number in range(3):
            uow.announced.put(said(world, f"said-{number}", hours=number))
    with keep() as uow:
        assert [one.id for one in uow.announced.of(world.community.id)] == ["said-2", "said-1", "said-0"]
        assert [one.id for one in uow.announced.of(world.community.id, limit=1)] == ["said-2"]
        assert uow.announced.get(SaidId("said-0")) == said(world, "said-0")
        assert uow.announced.get(SaidId("nothing")) is None
        assert uow.announced.since(world.community.id, world.now + timedelta(hours=1)) == 2
        assert uow.announced.of(CommunityId("another")) == []


def test_each_place_has_its_own_state_and_what_is_open_is_listed_oldest_first(keep, world):
    other = replace(world.space, id=SpaceId("space-2"), marker="coplink:2")
    trouble = Trouble("gone", say("The {word} is gone.", word="board"), "caretaker")
    with keep() as uow:
        uow.spaces.put(other)
        for number in (1, 0):
            uow.announced.put(said(world, f"said-{number}", hours=number))
            uow.announced.put_post(Post(SaidId(f"said-{number}"), world.space.id, PostState.WAITING))
        stuck = Post(SaidId("said-0"), other.id, PostState.STUCK, trouble=trouble, at=world.now)
        uow.announced.put_post(stuck)
    with keep() as uow:
        opened = uow.announced.still_open(world.space.id)
        assert [(one.id, post.state) for one, post in opened] == [
            ("said-0", PostState.WAITING),
            ("said-1", PostState.WAITING),
        ]
        posted = Post(SaidId("said-0"), world.space.id, PostState.POSTED, "9", "https://x/9", None, world.now)
        uow.announced.put_post(posted)
    with keep() as uow:
        assert [one.id for one, _ in uow.announced.still_open(world.space.id)] == ["said-1"]
        assert [post for _, post in uow.announced.still_open(other.id)] == [stuck]
        found = uow.announced.posts([SaidId("said-0"), SaidId("said-1"), SaidId("nothing")])
        assert found[SaidId("said-0")] == sorted([posted, stuck], key=lambda post: post.space)
        assert len(found) == 2


def test_it_never_moves_to_another_institution(keep, world):
    with keep() as uow:
        uow.announced.put(said(world))
    with pytest.raises(AnotherInstitution), keep() as uow:
        uow.announced.put(replace(said(world), institution=world.south.id))


def test_two_records_that_become_one_have_said_it(keep, world):
    with keep() as uow:
        uow.announced.put(said(world, person=world.bo))
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        assert uow.announced.get(SaidId("said-1")).person == world.ada.id

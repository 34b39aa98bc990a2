"""Copied courses, orders for notices, and notices that count once, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.ports.copies import CopyState, CourseCopy, NoticeService
from coplink.ports.records import ContextLink, Registration
from coplink.storage.repositories.base import AnotherInstitution


@pytest.fixture
def copy(world):
    return CourseCopy(
        "copy-1",
        world.north.id,
        "realm",
        "course-2",
        "Reading (copy)",
        "Reading",
        world.community.id,
        CopyState.OPEN,
        world.now,
    )


@pytest.fixture
def registered(keep, world):
    there = "https://lms.example"
    with keep() as uow:
        uow.platforms.put(Registration("reg", world.north.id, there, "1", there, there, there))


def test_a_copy_is_kept_and_known_once_for_each_community(keep, world, copy):
    with keep() as uow:
        assert uow.copies.add(copy)
        assert not uow.copies.add(replace(copy, id="copy-2", title="Another name"))
    asked = replace(copy, state=CopyState.ASKED, asked_by=world.bo.id, roster={"url": "x"}, seen_at=world.now)
    with keep() as uow:
        assert uow.copies.get("copy-2") is None
        uow.copies.put(asked)
    with keep() as uow:
        assert uow.copies.get("copy-1") == asked
        assert uow.copies.of_context(world.north.id, "realm", "course-2") == [asked]
        assert uow.copies.of_context(world.south.id, "realm", "course-2") == []
        assert uow.copies.of_community(world.community.id) == [asked]


def test_a_copy_never_moves_to_another_institution(keep, world, copy):
    with keep() as uow:
        uow.copies.add(copy)
    with keep() as uow, pytest.raises(AnotherInstitution):
        uow.copies.put(replace(copy, institution=world.south.id))


def test_who_asked_is_moved_when_two_people_are_one(keep, world, copy):
    with keep() as uow:
        uow.copies.add(replace(copy, asked_by=world.bo.id))
    with keep() as uow:
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        assert uow.copies.get("copy-1").asked_by == world.ada.id


def test_origins_are_contexts_of_communities_within_one_institution(keep, world):
    link = ContextLink("x", world.north.id, "realm", "course-1", "Reading", world.community.id)
    with keep() as uow:
        uow.communities.put_context(link)
    with keep() as uow:
        assert uow.copies.origins(world.north.id, "realm", {"course-1", "course-9"}) == [link]
        assert uow.copies.origins(world.north.id, "another", {"course-1"}) == []
        assert uow.copies.origins(world.south.id, "realm", {"course-1"}) == []
        assert uow.copies.origins(world.north.id, "realm", set()) == []


def test_an_order_for_notices_is_kept_until_it_is_taken(keep, world, registered):
    order = NoticeService("n1", world.north.id, "reg", "1:a", "https://lms.example/orders", ("Copy",))
    with keep() as uow:
        uow.notice_services.put(order)
    with keep() as uow:
        assert uow.notice_services.unfilled() == [order]
        assert uow.notice_services.of(world.north.id, "reg", "1:a") == order
        assert uow.notice_services.of(world.south.id, "reg", "1:a") is None
        done = replace(order, callback="https://x", asked_at=world.now, ordered_at=world.now)
        uow.notice_services.put(done)
    with keep() as uow:
        assert uow.notice_services.unfilled() == []
        assert uow.notice_services.get("n1") == done


def test_a_notice_counts_once_and_is_forgotten_in_time(keep, world, registered):
    until = world.now + timedelta(hours=2)
    with keep() as uow:
        assert uow.notice_services.hear("reg", "a", world.now, until)
        assert not uow.notice_services.hear("reg", "a", world.now, until)
    with keep() as uow:
        assert not uow.notice_services.hear("reg", "a", world.now, until), "in another transaction as well"
    late = until + timedelta(seconds=1)
    with keep() as uow:
        assert uow.notice_services.hear("reg", "b", late, late + timedelta(hours=2))
        assert uow.notice_services.hear("reg", "a", late, late + timedelta(hours=2))

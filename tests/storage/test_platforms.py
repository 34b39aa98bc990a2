"""What is kept of learning platforms: their state, deployments, keys that come and go, invitations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.core.people import Identity, Person, PersonId
from coplink.ports.records import (
    Deployment,
    KeyPair,
    Link,
    LinkKind,
    Registration,
    RegistrationState,
    Session,
)
from coplink.storage.repositories.base import AnotherInstitution


@pytest.fixture
def registered(keep, world):
    url = "https://canvas.example/"
    made = Registration("r1", world.north.id, url, "c", url, url, url)
    with keep() as uow:
        uow.platforms.put(made)
    return made


def test_a_registration_is_open_unless_it_says_otherwise_and_keeps_its_state(keep, registered):
    with keep() as uow:
        assert uow.platforms.get("r1").state is RegistrationState.OPEN
        for state in RegistrationState:
            changed = replace(registered, state=state, managed_url="https://canvas.example/r/1")
            uow.platforms.put(changed)
            assert uow.platforms.get("r1") == changed


def test_deployments_of_one_registration_may_belong_to_several_institutions(keep, world, registered):
    ours = Deployment("r1", "d1", world.north.id, world.now)
    theirs = Deployment("r1", "d2", world.south.id, None, world.now)
    with keep() as uow:
        uow.platforms.put_deployment(theirs)
        uow.platforms.put_deployment(ours)
        assert uow.platforms.deployments_of("r1") == [ours, theirs]
        assert uow.platforms.deployments(world.south.id) == [theirs]
        assert uow.platforms.deployments_of("r2") == []


def test_a_deployment_never_moves_but_may_be_dropped_and_made_anew(keep, world, registered):
    pending = Deployment("r1", "d1", world.north.id)
    moved = replace(pending, institution=world.south.id)
    with keep() as uow:
        uow.platforms.put_deployment(pending)
    with keep() as uow, pytest.raises(AnotherInstitution):
        uow.platforms.put_deployment(moved)
    with keep() as uow:
        uow.platforms.drop_deployment("r1", "d2")
        assert uow.platforms.deployments_of("r1") == [pending]
        uow.platforms.drop_deployment("r1", "d1")
        uow.platforms.put_deployment(moved)
        assert uow.platforms.deployments_of("r1") == [moved]


def test_a_key_knows_from_when_it_signs_and_can_be_dropped(keep, world):
    later = world.now + timedelta(hours=1)
    old = KeyPair("old", "PEM", world.now - timedelta(days=1), retired_at=later)
    new = KeyPair("new", "PEM", world.now, signs_from=later)
    with keep() as uow:
        uow.platforms.put_key(new)
        uow.platforms.put_key(old)
        assert uow.platforms.keys() == [new, old]
        uow.platforms.drop_key("old")
        uow.platforms.drop_key("never was")
        assert uow.platforms.keys() == [new]


def test_invitations_of_one_institution(keep, world):
    ours = Link("l1", LinkKind.PLATFORM, "token-1", world.north.id, None, None, world.now, None)
    theirs = replace(ours, id="l2", token="token-2", institution=world.south.id)
    with keep() as uow:
        uow.links.put(ours)
        uow.links.put(theirs)
        assert uow.links.of(LinkKind.PLATFORM, institution=world.north.id) == [ours]
        assert uow.links.of(LinkKind.PLATFORM) == [ours, theirs]
        assert uow.links.of(LinkKind.ADMIN, institution=world.north.id) == []


def test_visits_of_whom_a_platform_knows_end_but_for_one(keep, world, registered):
    def came(uow, subject, realm, at):
        person = uow.people.by_identity(at.id, "lti", realm, subject)
        if person is None:
            person = Person(PersonId(f"{subject}-{realm}-{at.id}"), at.id, subject)
            uow.people.put(person)
            uow.people.put_identity(Identity(at.id, "lti", realm, subject, person.id))
        name = f"visit-{person.id}"
        until = world.now + timedelta(hours=8)
        uow.sessions.begin(Session(name, person.id, at.id, "secret", {}, world.now, world.now, until))
        return name

    with keep() as uow:
        uow.platforms.put_deployment(Deployment("r1", "d1", world.north.id, world.now))
        uow.platforms.put_deployment(Deployment("r1", "d2", world.south.id, world.now))
        ana, ben = came(uow, "ana", "r1", world.north), came(uow, "ben", "r1", world.north)
        cora, dan = came(uow, "cora", "r1", world.south), came(uow, "dan", "r2", world.north)

    def open_still(uow):
        return {one for one in (ana, ben, cora, dan) if uow.sessions.get(one, world.now)}

    with keep() as uow:
        assert uow.platforms.end_visits("r1", world.north.id, ben) == 1
        assert open_still(uow) == {ben, cora, dan}
        assert uow.platforms.end_visits("r1", None, "") == 2
        assert open_still(uow) == {dan}


def test_only_a_registration_without_a_trace_is_forgotten(keep, world, registered):
    waiting = Deployment("r1", "d1", world.north.id)
    with keep() as uow:
        for used in (replace(waiting, approved_at=world.now), replace(waiting, disabled_at=world.now)):
            uow.platforms.put_deployment(used)
            assert not uow.platforms.forget("r1")
        uow.platforms.put_deployment(waiting)
        assert uow.platforms.forget("r1")
        assert uow.platforms.get("r1") is None
        assert uow.platforms.deployments_of("r1") == []
        assert not uow.platforms.forget("r1")

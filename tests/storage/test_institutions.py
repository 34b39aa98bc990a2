from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from coplink.core.errors import NotAllowed
from coplink.core.people import Institution, InstitutionId
from coplink.core.spaces import ConnectionId, Trouble
from coplink.core.words import say
from coplink.ports.records import Deployment, KeyPair, Registration
from coplink.storage.repositories.base import AnotherInstitution


def registration(world, client="client-1", key="r1", institution=None):
    return Registration(
        key,
        institution or world.north.id,
        "https://canvas.example",
        client,
        "https://canvas.example/auth",
        "https://canvas.example/token",
        "https://canvas.example/jwks",
        "audience",
        {"account:teams": "entra_id"},
    )


def test_institutions_by_id_and_name(keep, world):
    with keep() as uow:
        assert uow.institutions.get(world.north.id) == world.north
        assert uow.institutions.named("South District") == world.south
        assert uow.institutions.named("south district") is None
        assert uow.institutions.get(InstitutionId("east")) is None
        assert uow.institutions.all() == [world.north, world.south]


def test_two_institutions_of_one_name_are_refused(keep, world):
    with pytest.raises(IntegrityError), keep() as uow:
        uow.institutions.add(Institution(InstitutionId("other"), world.north.name))


def test_adding_an_institution_again_overwrites_nothing(keep, world):
    with pytest.raises(IntegrityError), keep() as uow:
        uow.institutions.add(replace(world.north, name="Another", listed=False))
    with keep() as uow:
        assert uow.institutions.all() == [world.north, world.south]


def test_a_connection_comes_back_with_its_secrets_and_its_trouble(keep, world):
    trouble = Trouble("reauthorize", say("Sign in again at {place}.", place="Entra"), "Microsoft 365 admin")
    changed = replace(world.connected, settings={"client_secret": "new", "tenant": "t"}, trouble=trouble)
    with keep() as uow:
        assert uow.institutions.connection(world.connected.id) == world.connected
        uow.institutions.put_connection(changed)
        assert uow.institutions.connection_of(world.north.id, "teams") == changed
        uow.institutions.put_connection(world.connected)
        assert uow.institutions.connection(world.connected.id) == world.connected
        assert uow.institutions.connection_of(world.north.id, "google") is None
        assert uow.institutions.connection(ConnectionId("nothing")) is None


def test_connections_of_one_institution_or_all(keep, world):
    other = replace(world.connected, id=ConnectionId("c2"), institution=world.south.id)
    with keep() as uow:
        uow.institutions.put_connection(other)
        assert uow.institutions.connections(world.south.id) == [other]
        assert uow.institutions.connections() == [world.connected, other]
        assert uow.institutions.connection_of(world.south.id, "teams") == other


def test_one_connection_per_institution_and_integration(keep, world):
    with pytest.raises(IntegrityError), keep() as uow:
        uow.institutions.put_connection(replace(world.connected, id=ConnectionId("c2")))


def test_a_connection_never_moves_to_another_institution(keep, world):
    with keep() as uow, pytest.raises(AnotherInstitution):
        uow.institutions.put_connection(replace(world.connected, institution=world.south.id))


def test_registrations_by_issuer_and_client(keep, world):
    ours, theirs = registration(world), registration(world, "client-2", "r2", world.south.id)
    with keep() as uow:
        uow.platforms.put(ours)
        uow.platforms.put(theirs)
        assert uow.platforms.get("r1") == ours
        assert uow.platforms.get("r9") is None
        assert uow.platforms.find("https://canvas.example", "client-2") == [theirs]
        assert uow.platforms.find("https://canvas.example", None) == [ours, theirs]
        assert uow.platforms.find("https://moodle.example", None) == []
        assert uow.platforms.all() == [ours, theirs]


def test_one_registration_per_issuer_and_client(keep, world):
    with keep() as uow:
        uow.platforms.put(registration(world))
    with pytest.raises(NotAllowed, match="already registered"), keep() as uow:
        uow.platforms.put(registration(world, key="r2", institution=world.south.id))


def test_deployments_are_pending_until_approved(keep, world):
    pending = Deployment("r1", "d1", world.north.id)
    approved = replace(pending, approved_at=world.now)
    with keep() as uow:
        uow.platforms.put(registration(world))
        uow.platforms.put_deployment(pending)
        assert uow.platforms.deployment("r1", "d1") == pending
        uow.platforms.put_deployment(approved)
        assert uow.platforms.deployments(world.north.id) == [approved]
        assert uow.platforms.deployments(world.south.id) == []
        assert uow.platforms.deployment("r1", "d2") is None


def test_keys_newest_first(keep, world):
    old = KeyPair("old", "PEM old", world.now, world.now + timedelta(days=30))
    new = KeyPair("new", "PEM new", world.now + timedelta(days=30))
    with keep() as uow:
        uow.platforms.put_key(replace(old, retired_at=None))
        uow.platforms.put_key(new)
        uow.platforms.put_key(old)
        assert uow.platforms.keys() == [new, old]

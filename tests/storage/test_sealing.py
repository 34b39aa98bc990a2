from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select

from coplink.core.errors import ConfigurationError
from coplink.ports.records import KeyPair, Link, LinkKind, Login, Session
from coplink.ports.watch import Subscription
from coplink.storage.rotation import rotate
from coplink.storage.sealing import FernetSealer
from coplink.storage.tables import Table
from coplink.storage.types import SealedText
from coplink.storage.unit_of_work import SqlStorage


def a_key() -> str:
    return Fernet.generate_key().decode()


def test_what_was_sealed_opens_for_its_owner_and_purpose(sealer):
    sealed = sealer.seal("north", "settings", "geheim ✓")
    assert "geheim" not in sealed
    assert sealer.open("north", "settings", sealed) == "geheim ✓"
    assert sealer.seal("north", "settings", "geheim ✓") != sealed


@pytest.mark.parametrize(("owner", "purpose"), [("south", "settings"), ("north", "link token"), ("", "")])
def test_it_does_not_open_for_another(sealer, owner, purpose):
    sealed = sealer.seal("north", "settings", "canary-1")
    with pytest.raises(ConfigurationError) as refused:
        sealer.open(owner, purpose, sealed)
    assert "canary-1" not in str(refused.value) + refused.value.detail


def test_owner_and_purpose_cannot_be_shifted_into_each_other(sealer):
    sealed = sealer.seal("a", "b", "value")
    for owner, purpose in (("ab", ""), ("", "ab"), ('a","b', "value")):
        with pytest.raises(ConfigurationError):
            sealer.open(owner, purpose, sealed)


def test_without_the_key_it_does_not_open(sealer):
    with pytest.raises(ConfigurationError) as refused:
        FernetSealer([a_key()]).open("north", "settings", sealer.seal("north", "settings", "v"))
    assert refused.value.code == "configuration"


def test_a_changed_text_does_not_open(sealer):
    sealed = sealer.seal("north", "settings", "v")
    changed = sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:]
    with pytest.raises(ConfigurationError):
        sealer.open("north", "settings", changed)
    with pytest.raises(ConfigurationError):
        sealer.open("north", "settings", "not sealed at all")


@pytest.mark.parametrize("keys", [[], ["short"], [a_key(), "ä" * 44], [a_key()[:-2]]])
def test_keys_that_cannot_be_used_are_refused_at_once(keys):
    with pytest.raises(ConfigurationError) as refused:
        FernetSealer(keys)
    assert not any(key in refused.value.detail for key in keys)


def test_a_new_key_opens_what_the_old_one_sealed_and_rotation_frees_it():
    old, new = a_key(), a_key()
    sealed = FernetSealer([old]).seal("north", "settings", "v")
    both = FernetSealer([new, old])
    assert both.open("north", "settings", sealed) == "v"
    rotated = both.rotate(sealed)
    assert FernetSealer([new]).open("north", "settings", rotated) == "v"
    with pytest.raises(ConfigurationError):
        FernetSealer([new]).rotate(sealed)


def test_keyed_hashes_hold_as_long_as_the_oldest_key_is_kept():
    old, new = a_key(), a_key()
    before = FernetSealer([old]).keyed_hash("opt-out", "k1", "ada")
    assert FernetSealer([new, old]).keyed_hash("opt-out", "k1", "ada") == before
    assert FernetSealer([new]).keyed_hash("opt-out", "k1", "ada") != before
    assert len(before) == 64
    assert int(before, 16) >= 0


def test_keyed_hashes_tell_purpose_and_parts_apart(sealer):
    hashes = {
        sealer.keyed_hash("opt-out", "ab", "c"),
        sealer.keyed_hash("opt-out", "a", "bc"),
        sealer.keyed_hash("opt-out", "abc"),
        sealer.keyed_hash("other", "ab", "c"),
    }
    assert len(hashes) == 4


def fill(uow, world):
    """One of everything that is secret."""
    uow.platforms.put_key(KeyPair("kid-1", "-----BEGIN canary-pem-----", world.now))
    uow.logins.begin(
        Login("canary-state", "canary-nonce", "lti", "r1", "", {"verifier": "canary-verifier"}, world.now),
        world.now,
    )
    uow.links.put(
        Link("l1", LinkKind.FEED, "canary-token", world.north.id, world.community.id, None, world.now, None)
    )
    uow.watches.put(world.space.id, Subscription("sub-1", world.now), "canary-watch")


def test_rotation_seals_every_sealed_column_anew(engine: Engine, keys, keep, world):
    with keep() as uow:
        fill(uow, world)
    new = a_key()
    # settings, PEM, token, watch secret; a login has ended long before its key need be dropped
    assert rotate(engine, FernetSealer([new, *keys])) == 4
    with SqlStorage(engine, FernetSealer([new])).begin() as uow:
        assert uow.institutions.connection(world.connected.id) == world.connected
        assert uow.platforms.keys()[0].private_pem == "-----BEGIN canary-pem-----"
        link = uow.links.get("l1")
        assert link is not None
        assert link.token == "canary-token"
        watched = uow.watches.of(world.space.id)
        assert watched is not None
        assert watched[1] == "canary-watch"


def test_a_rotation_that_cannot_open_everything_changes_nothing(engine: Engine, keep, world):
    def sealed() -> list[object]:
        with engine.connect() as connection:
            return [
                value
                for table in Table.metadata.sorted_tables
                for column in table.columns
                if isinstance(column.type, SealedText)
                for value in connection.scalars(select(column).order_by(column))
            ]

    with keep() as uow:
        fill(uow, world)
    before = sealed()
    with pytest.raises(ConfigurationError):
        rotate(engine, FernetSealer([a_key()]))
    assert sealed() == before
    assert len(before) == 4


def test_what_lives_for_minutes_opens_for_its_purpose_with_any_key_that_is_left():
    old, new = a_key(), a_key()
    wrapped = FernetSealer([old]).wrap("login", "canary")
    assert "canary" not in wrapped
    assert wrapped != FernetSealer([old]).wrap("login", "canary"), "the same value never looks the same twice"
    assert FernetSealer([new, old]).unwrap("login", wrapped) == "canary"
    assert FernetSealer([old]).unwrap("session", wrapped) is None
    assert FernetSealer([new]).unwrap("login", wrapped) is None
    changed = wrapped[:20] + ("A" if wrapped[20] != "A" else "B") + wrapped[21:]
    assert FernetSealer([old]).unwrap("login", changed) is None


def test_a_login_or_session_whose_key_is_gone_has_ended(engine: Engine, keep, world):
    later = world.now + timedelta(hours=1)
    with keep() as uow:
        uow.logins.begin(Login("s1", "n1", "lti", "r1", "", {}, later), world.now)
        uow.sessions.begin(Session("h1", None, None, "csrf", {}, world.now, world.now, later))
    with SqlStorage(engine, FernetSealer([a_key()])).begin() as uow:
        assert uow.logins.consume("s1", world.now) is None
        assert uow.sessions.get("h1", world.now) is None

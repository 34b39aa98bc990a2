"""Our signing keys through a rotation: what signs, what is published, and that nobody is locked out on the way."""

from __future__ import annotations

import json
from datetime import timedelta

import jwt
import pytest

from coplink.core.errors import DomainError
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.keys import parse_key_set
from coplink.lti.our_keys import PAUSE, PUBLISHED_AFTER, OurKeys
from coplink.lti.outside import LOOPBACK

SECOND = timedelta(seconds=1)


@pytest.fixture
def keys(storage):
    return OurKeys(storage)


def published(keys, now):
    return [jwk["kid"] for jwk in keys.jwks(now)["keys"]]


def test_a_rotation_phase_by_phase(keys, storage, clock):
    old = keys.current(clock.now()).kid
    assert published(keys, clock.now()) == [old]

    clock.forward(days=1)
    start = clock.now()
    new = keys.rotate(start, PAUSE).kid
    assert keys.current(start).kid == old, "platforms have not fetched the new one yet"
    assert published(keys, start) == [new, old]
    assert keys.current(start + PAUSE - SECOND).kid == old

    assert keys.current(start + PAUSE).kid == new
    assert published(keys, start + PAUSE) == [new, old]
    until = start + PAUSE + PUBLISHED_AFTER
    assert published(keys, until - SECOND) == [new, old]
    assert published(keys, until) == [new]

    third = keys.rotate(until, PAUSE).kid
    with storage.begin() as uow:
        kept = uow.platforms.keys()
    assert {pair.kid for pair in kept} == {third, new}, "what is over is dropped"
    assert published(keys, until) == [third, new]


def test_two_keys_are_published_at_every_moment_of_a_rotation(keys, clock):
    now = clock.now()
    keys.current(now)
    keys.rotate(now, PAUSE)
    for hours in range(0, 7 * 24, 8):
        assert len(published(keys, now + timedelta(hours=hours))) == 2


def test_running_processes_follow_without_a_restart(keys, storage, clock):
    elsewhere = OurKeys(storage)
    before = elsewhere.current(clock.now()).kid
    clock.forward(days=1)
    new = keys.rotate(clock.now(), timedelta(0)).kid
    assert before != new
    assert elsewhere.current(clock.now()).kid == new
    assert published(elsewhere, clock.now()) == [new, before]


def test_no_second_rotation_while_a_key_waits(keys, clock):
    now = clock.now()
    keys.rotate(now, PAUSE)
    with pytest.raises(DomainError, match="signs from"):
        keys.rotate(now + PAUSE - SECOND, PAUSE)
    assert len(published(keys, now)) == 2
    keys.rotate(now + PAUSE, PAUSE)
    assert len(published(keys, now + PAUSE)) == 3, "the oldest is still remembered somewhere"


def test_a_leaked_key_is_gone_at_once(keys, clock):
    now = clock.now()
    leaked = keys.current(now).kid
    waiting = keys.rotate(now, PAUSE).kid
    new = keys.replace_all(now).kid
    assert published(keys, now) == [new]
    assert keys.current(now).kid == new
    assert new not in (leaked, waiting)


def test_a_platform_that_remembers_the_old_set_still_believes_us(storage, clock, door):
    """The assertion of a service call verifies against the set as it was fetched before the rotation, and after."""
    keys = OurKeys(storage)
    connector = Connector(storage, keys, clock, Egress(outside=LOOPBACK))
    registration = door.registrations["reg-north"]

    def believed(fetched):
        token = connector.assertion(registration)
        key = (parse_key_set(json.dumps(fetched).encode()) or {}).get(jwt.get_unverified_header(token)["kid"])
        return (
            key is not None
            and jwt.decode(
                token,
                key,
                ["RS256"],
                audience=registration.token_url,
                options={"verify_exp": False, "verify_iat": False},
            )["iss"]
            == registration.client_id
        )

    before = keys.jwks(clock.now())
    keys.rotate(clock.now(), PAUSE)
    between = keys.jwks(clock.now())
    assert believed(before)
    assert believed(between)
    clock.forward(seconds=PAUSE.total_seconds())
    assert believed(between), "who fetched within the pause knows the key that signs now"
    assert not believed(before)


def test_no_secret_is_published_or_shown(keys, clock):
    keys.rotate(clock.now(), PAUSE)
    for jwk in keys.jwks(clock.now())["keys"]:
        assert set(jwk) == {"kty", "n", "e", "kid", "alg", "use"}
    assert "PRIVATE" not in repr(keys.current(clock.now()))

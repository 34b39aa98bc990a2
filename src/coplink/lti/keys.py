"""Keys: our own signing keys, kept sealed in storage, and the platforms' public keys, fetched and remembered.

Source: RFC 7517 (key sets), RFC 7638 (thumbprints), LTI handbook section 1.4.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm
from pylti1p3.registration import Registration as LibraryRegistration

from coplink.lti.egress import Egress, unreachable
from coplink.lti.origins import origin
from coplink.ports.errors import IntegrationError
from coplink.ports.records import KeyPair, Registration
from coplink.ports.storage import Storage

KEY_SET_LIMIT = 256 * 1024
MOST_KEYS = 100
LEAST_BITS, MOST_BITS = 2048, 8192
LIFETIME = 3600.0
COOLDOWN = 60.0
PAUSE_AFTER_FAILURE = 2.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of our keys, ready to sign."""

    kid: str
    private: RSAPrivateKey = field(repr=False)


class OurKeys:
    """Our key set. The first key is made on first use; all that are stored are published."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._parsed: dict[str, SigningKey] = {}

    def current(self, now: datetime) -> SigningKey:
        """The newest key that is not retired."""
        pair = next(pair for pair in self._pairs(now) if pair.retired_at is None)
        if pair.kid not in self._parsed:
            private = load_pem_private_key(pair.private_pem.encode(), None)
            if not isinstance(private, RSAPrivateKey):
                raise TypeError("our signing keys are RSA keys")
            self._parsed[pair.kid] = SigningKey(pair.kid, private)
        return self._parsed[pair.kid]

    def jwks(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """The public key set for ``/lti/jwks.json``."""
        return {"keys": [{**_public_jwk(pair.private_pem), "kid": pair.kid} for pair in self._pairs(now)]}

    def _pairs(self, now: datetime) -> list[KeyPair]:
        with self._storage.begin() as uow:
            pairs = list(uow.platforms.keys())
        if any(pair.retired_at is None for pair in pairs):
            return pairs
        made = new_pair(now)  # outside the transaction: it takes a moment
        with self._storage.begin() as uow:
            pairs = list(uow.platforms.keys())
            if not any(pair.retired_at is None for pair in pairs):
                uow.platforms.put_key(made)
                uow.commit()
                pairs.insert(0, made)
        return pairs


def new_pair(now: datetime) -> KeyPair:
    """A fresh RSA key; its id is its thumbprint."""
    private = generate_private_key(public_exponent=65537, key_size=LEAST_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyPair(_public_jwk(pem)["kid"], pem, now)


def _public_jwk(private_pem: str) -> dict[str, str]:
    private = load_pem_private_key(private_pem.encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return dict(LibraryRegistration.get_jwk(public.decode()))


@dataclass(slots=True)
class _Known:
    """What is known of one registration's key set; ``tried_at`` is the last attempt, good or bad (monotonic)."""

    keys: Mapping[str, RSAPublicKey] = field(default_factory=dict)
    fetched_at: float | None = None
    tried_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeysCache:
    """The platforms' public keys, parsed, per registration.

    A launch costs no fetch in steady state. An unknown key id causes one fetch, at most one a minute. When a fetch
    fails the keys we had stay good, and nothing about the failure is remembered but its time.
    """

    def __init__(self, egress: Egress | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._egress, self._clock = egress or Egress(read=5.0, whole=10.0), clock
        self._known: dict[tuple[str, str], _Known] = {}
        self._lock = threading.Lock()

    def key(self, registration: Registration, kid: str) -> RSAPublicKey | None:
        """The key with this id, or None; raises ``IntegrationError`` when there is no key set at all to look in."""
        with self._lock:
            known = self._known.setdefault((registration.id, registration.jwks_url), _Known())
        now = self._clock()
        if kid in known.keys and known.fetched_at is not None and now - known.fetched_at < LIFETIME:
            return known.keys[kid]
        # Who has a key, if an old one, does not wait for somebody else's fetch; who has none does.
        if not known.lock.acquire(blocking=kid not in known.keys):
            return known.keys.get(kid)
        try:
            if self._due(known, kid, self._clock()):
                self._fetch(known, registration)
        finally:
            known.lock.release()
        if known.fetched_at is None:
            raise unreachable(f"no key set from {origin(registration.jwks_url)}")
        return known.keys.get(kid)

    def _due(self, known: _Known, kid: str, now: float) -> bool:
        if known.tried_at is None:
            return True
        if known.fetched_at is None:
            # Errors are never cached, but a flood of bad launches must not become a flood of fetches.
            return now - known.tried_at >= PAUSE_AFTER_FAILURE
        old = now - known.fetched_at >= LIFETIME
        return (kid not in known.keys or old) and now - known.tried_at >= COOLDOWN

    def _fetch(self, known: _Known, registration: Registration) -> None:
        known.tried_at = self._clock()
        try:
            answer = self._egress.get(registration.jwks_url, KEY_SET_LIMIT)
        except IntegrationError:
            return  # the keys we had stay good
        keys = parse_key_set(answer.body) if answer.ok else {}
        if keys:
            known.keys, known.fetched_at = keys, self._clock()


def parse_key_set(body: bytes) -> dict[str, RSAPublicKey]:
    """The usable keys of a key set by id; anything that is not one is left out, and a body that is none is empty.

    Usable: RSA of 2048 bits and more, for signatures, for RS256, with an id. Where an id occurs twice the first counts.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    listed = found.get("keys") if isinstance(found, dict) else None
    keys: dict[str, RSAPublicKey] = {}
    for jwk in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        parsed = _parse(jwk)
        if parsed is not None:
            keys.setdefault(jwk["kid"], parsed)
    return keys


def _parse(jwk: Any) -> RSAPublicKey | None:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str) or jwk.get("kty") != "RSA":
        return None
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use") not in (None, "sig") or jwk.get("alg") not in (None, "RS256"):
        return None
    if not isinstance(operations, list) or "verify" not in operations or "d" in jwk:
        return None
    try:
        key = RSAAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "n", "e")})
    except (KeyError, TypeError, ValueError, jwt.InvalidKeyError):
        return None
    return key if isinstance(key, RSAPublicKey) and LEAST_BITS <= key.key_size <= MOST_BITS else None

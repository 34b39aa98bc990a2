"""The platforms' public keys, fetched, parsed and remembered. Our own are in ``our_keys``.

Source: RFC 7517 (key sets), LTI handbook section 1.4.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from coplink.lti.egress import Egress, unreachable
from coplink.lti.origins import origin
from coplink.ports.errors import IntegrationError
from coplink.ports.records import Registration

KEY_SET_LIMIT = 256 * 1024
MOST_KEYS = 100
LEAST_BITS, MOST_BITS = 2048, 8192
LIFETIME = 3600.0
COOLDOWN = 60.0
PAUSE_AFTER_FAILURE = 2.0
LONGEST_WAIT = 12.0
LONGEST_KEPT = 24 * 3600.0


@dataclass(slots=True)
class _Known:
    """What is known of one registration's key set; ``tried_at`` is when the last attempt ended (monotonic)."""

    keys: Mapping[str, RSAPublicKey] = field(default_factory=dict)
    fetched_at: float | None = None
    tried_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeysCache:
    """The platforms' public keys, parsed, per registration.

    A launch costs no fetch in steady state. An unknown key id causes one fetch, at most one a minute. When a fetch
    fails the keys we had stay good for a day, and nothing about the failure is remembered but its time. A key set that
    was read replaces what we had, also where it is empty: so a platform takes back a key that has leaked. Whoever waits
    for another's fetch takes its result, good or bad: a platform that hangs holds nobody longer than one fetch lasts.
    """

    def __init__(self, egress: Egress | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._egress, self._clock = egress or Egress(read=5.0, whole=10.0), clock
        self._known: dict[tuple[str, str], _Known] = {}
        self._lock = threading.Lock()

    def at_hand(self, registration: Registration, kid: str) -> RSAPublicKey | None:
        """The key with this id if it is known and fresh; nobody is asked and nobody waits."""
        known = self._known.get((registration.id, registration.jwks_url))
        if known is None or known.fetched_at is None or self._clock() - known.fetched_at >= LIFETIME:
            return None
        return known.keys.get(kid)

    def key(self, registration: Registration, kid: str) -> RSAPublicKey | None:
        """The key with this id, or None; raises ``IntegrationError`` when there is no key set at all to look in."""
        with self._lock:
            known = self._known.setdefault((registration.id, registration.jwks_url), _Known())
        now = self._clock()
        if kid in known.keys and known.fetched_at is not None and now - known.fetched_at < LIFETIME:
            return known.keys[kid]
        # Who has a key, if an old one, does not wait for somebody else's fetch; who has none does.
        if known.lock.acquire(blocking=False):
            try:
                if self._due(known, kid, self._clock()):
                    self._fetch(known, registration)
            finally:
                known.lock.release()
        elif kid not in known.keys and known.lock.acquire(timeout=LONGEST_WAIT):
            known.lock.release()
        if known.fetched_at is None or self._clock() - known.fetched_at >= LONGEST_KEPT:
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
        try:
            answer = self._egress.get(registration.jwks_url, KEY_SET_LIMIT)
        except IntegrationError:
            return  # the keys we had stay good
        finally:
            known.tried_at = (
                self._clock()
            )  # a fetch that hung is over now: only from here does the pause count
        keys = parse_key_set(answer.body) if answer.ok else None
        if keys or (
            keys is not None and known.keys
        ):  # an empty set takes back what we had; it never is a beginning
            known.keys, known.fetched_at = keys, self._clock()


def parse_key_set(body: bytes) -> dict[str, RSAPublicKey] | None:
    """The usable keys of a key set by id, anything that is not one left out; None for a body that is no key set.

    Usable: RSA of 2048 bits and more, for signatures, for RS256, with an id. Where an id occurs twice the first counts.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return None
    keys: dict[str, RSAPublicKey] = {}
    for jwk in listed[:MOST_KEYS]:
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

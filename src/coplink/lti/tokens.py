"""Verifies a platform's token: key, signature, and the claims every OpenID token must carry; its form is ``jws``'s.

Sources: RFC 7515, RFC 7519, OpenID Connect Core 3.1.3.7, 1EdTech Security Framework 5.1.3; LTI handbook section 5.
"""

from __future__ import annotations

import hmac
import math
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from coplink.core.errors import BadToken, NoKeys
from coplink.core.words import say
from coplink.lti import jws
from coplink.lti.claims import Claims, refused
from coplink.lti.jws import Jws
from coplink.lti.keys import KeysCache
from coplink.ports.errors import IntegrationError
from coplink.ports.records import Registration

LEEWAY = 60
GREATEST_AGE = 300
LONGEST_LIFE = 3600


def verify(
    token: str, registration: Registration, nonce: str, keys: KeysCache, now: datetime
) -> dict[str, Any]:
    """The claims of a token that this registration's platform made for us, for this login, just now.

    Raises ``BadToken``, or ``NoKeys`` when the platform's keys cannot be had.
    """
    taken = jws.read(token)
    return judged(taken, key_of(taken, registration, keys), registration, nonce, now)


def key_of(taken: Jws, registration: Registration, keys: KeysCache) -> RSAPublicKey:
    """The key that is said to have signed a token; the platform may be asked for it.

    Raises ``BadToken`` where the platform has none of that id, ``NoKeys`` where it cannot be asked.
    """
    try:
        key = keys.key(registration, taken.kid)
    except IntegrationError as error:  # whoever came is refused for now; the trouble is the platform's
        raise NoKeys(error.message, error.detail) from error
    return _known(key)


def judged(
    taken: Jws, key: RSAPublicKey, registration: Registration, nonce: str, now: datetime
) -> dict[str, Any]:
    """The claims of a token, if key, party, times and nonce are right; asks nobody."""
    values = _fitting(taken.claims(key), registration, now)
    given = values.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode("utf-8", "replace"), nonce.encode()
    ):
        raise refused("nonce is not the one of this login")
    return values


def signed(token: str, registration: Registration, keys: KeysCache, now: datetime) -> dict[str, Any]:
    """The claims of a token that this registration's platform made for us just now; its nonce is the caller's to judge.

    Raises ``BadToken``, or ``IntegrationError`` when the platform's keys cannot be had.
    """
    taken = jws.read(token)
    return _fitting(taken.claims(_known(keys.key(registration, taken.kid))), registration, now)


def _known(key: RSAPublicKey | None) -> RSAPublicKey:
    if key is None:
        raise refused("the platform publishes no usable key with this id")
    return key


def _fitting(values: dict[str, Any], registration: Registration, now: datetime) -> dict[str, Any]:
    _check_party(values, registration)
    _check_times(values, now.timestamp())
    return values


def _check_party(values: dict[str, Any], registration: Registration) -> None:
    if values.get("iss") != registration.issuer:
        raise refused("iss is not the issuer of this login")
    audience = values.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        raise refused("aud is missing or no text")
    if registration.client_id not in audiences:
        raise refused("aud does not name us")
    party = values.get("azp")
    if party is None and len(audiences) > 1:
        raise refused("aud names several and azp nobody")
    if party is not None and party != registration.client_id:
        raise refused("azp is somebody else")


def _check_times(values: dict[str, Any], now: float) -> None:
    issued, expires = _moment(values, "iat"), _moment(values, "exp")
    if issued is None or expires is None:
        raise refused("iat or exp is missing")
    before = _moment(values, "nbf")
    if expires <= now - LEEWAY:
        raise _late("exp is past")
    if issued < now - GREATEST_AGE - LEEWAY:
        raise _late("iat is too long ago")
    if issued > now + LEEWAY or (before is not None and before > now + LEEWAY):
        raise _late("iat or nbf is in the future")
    if expires - issued > LONGEST_LIFE + LEEWAY:
        raise refused("exp is too far ahead")


def _moment(values: dict[str, Any], name: str) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or abs(value) > 1e12
        or math.isnan(value)
    ):
        raise refused(f"{name} is no time")
    return float(value)


def _late(detail: str) -> BadToken:
    message = say(
        "This launch is too old, or a clock is wrong. Please open it again from the learning platform;"
        " if that does not help, ask its administrator to check the server's clock."
    )
    return BadToken(message, detail)


def subject(claims: Claims) -> str:
    """Who came; a platform that does not say (a public course without signing in) gets a friendly sentence."""
    if "sub" not in claims:
        message = say(
            "The learning platform did not say who you are. Please sign in there and open coplink again."
        )
        raise BadToken(message, "sub is missing")
    return claims.identifier("sub")

"""Verifies a platform's token: form, key, signature, and the claims every OpenID token must carry.

Sources: RFC 7515, RFC 7519, OpenID Connect Core 3.1.3.7, 1EdTech Security Framework 5.1.3; LTI handbook section 5.
"""

from __future__ import annotations

import hmac
import json
import math
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.utils import base64url_decode

from coplink.core.errors import BadToken, NoKeys
from coplink.core.words import say
from coplink.lti.claims import Claims, refused
from coplink.lti.keys import KeysCache
from coplink.ports.errors import IntegrationError
from coplink.ports.records import Registration

LONGEST_TOKEN = 128 * 1024
LEEWAY = 60
GREATEST_AGE = 300
LONGEST_LIFE = 3600
_JWS = jwt.PyJWS(algorithms=["RS256"])


def verify(
    token: str, registration: Registration, nonce: str, keys: KeysCache, now: datetime
) -> dict[str, Any]:
    """The claims of a token that this registration's platform made for us, for this login, just now.

    Raises ``BadToken``, or ``NoKeys`` when the platform's keys cannot be had.
    """
    try:
        values = signed(token, registration, keys, now)
    except IntegrationError as error:  # whoever came is refused for now; the trouble is the platform's
        raise NoKeys(error.message, error.detail) from error
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
    kid = _key_id(token)
    key = keys.key(registration, kid)
    if key is None:
        raise refused("the platform publishes no usable key with this id")
    values = _payload(token, key)
    _check_party(values, registration)
    _check_times(values, now.timestamp())
    return values


def _key_id(token: str) -> str:
    if not token:
        raise refused("id_token is missing")
    if len(token) > LONGEST_TOKEN or not token.isascii() or token.count(".") != 2:
        raise refused("id_token has no proper form")
    try:
        header = json.loads(base64url_decode(token.partition(".")[0]), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise refused(f"id_token's header is no proper JSON ({type(error).__name__})") from error
    if not isinstance(header, dict):
        raise refused("id_token's header is no object")
    # Keys named or carried by the header itself (jku, jwk, x5u, x5c) are never looked at.
    if header.get("alg") != "RS256":
        raise refused("alg is not RS256")
    if "crit" in header:
        raise refused("crit is not supported")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise refused("kid is missing")
    return kid


def _payload(token: str, key: RSAPublicKey) -> dict[str, Any]:
    try:
        payload = _JWS.decode(token, key, algorithms=["RS256"])
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise refused(f"id_token's signature does not hold ({type(error).__name__})") from error
    try:
        values = json.loads(payload, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise refused("payload of id_token is no proper JSON") from error
    if not isinstance(values, dict):
        raise refused("payload of id_token is no object")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):  # which of the two a reader takes is anybody's guess
        raise ValueError("a name occurs twice")
    return values


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


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

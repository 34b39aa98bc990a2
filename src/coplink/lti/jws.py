"""Takes a signed token apart, strictly: one form only, so that two readers can never see two different tokens.

Exactly three parts of canonical base64url (no padding, no foreign signs, no stray bits at the end); header and payload
are objects in UTF-8 in which no name occurs twice; RS256 and nothing else. Keys that the header itself names or carries
are never looked at. Source: RFC 7515 (sections 2, 4, 5.2), RFC 8725 (2.4, 3.1, 3.11), RFC 8259 (4, 8.1).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from coplink.core.errors import BadToken
from coplink.lti.claims import refused

LONGEST_TOKEN = 128 * 1024
_PADDING, _HASH = PKCS1v15(), SHA256()


@dataclass(frozen=True, slots=True)
class Jws:
    """A token taken apart; nothing in it is verified yet."""

    kid: str
    _signed: bytes = field(repr=False)
    _values: dict[str, Any] = field(repr=False)
    _signature: bytes = field(repr=False)

    def claims(self, key: RSAPublicKey) -> dict[str, Any]:
        """What it says, once the key has confirmed it; raises ``BadToken``."""
        try:
            key.verify(self._signature, self._signed, _PADDING, _HASH)
        except InvalidSignature as error:
            raise refused("id_token's signature does not hold") from error
        return self._values

    def unproved(self, name: str) -> str:
        """A text it says, believed by nobody: good for knowing where to look, and for nothing else."""
        said = self._values.get(name)
        return said if isinstance(said, str) else ""


def read(token: str) -> Jws:
    """Take a token apart; raises ``BadToken`` for anything but the one form."""
    if not token:
        raise refused("id_token is missing")
    parts = token.split(".") if len(token) <= LONGEST_TOKEN and token.isascii() else []
    if len(parts) != 3:
        raise refused("id_token has no proper form")
    header = _object(_decoded(parts[0], "header"), "header")
    if header.get("alg") != "RS256":
        raise refused("alg is not RS256")
    if "crit" in header or "b64" in header:
        raise refused("crit is not supported")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise refused("kid is missing")
    signed = token[: token.rindex(".")].encode("ascii")
    payload = _object(_decoded(parts[1], "payload"), "payload")
    return Jws(kid, signed, payload, _decoded(parts[2], "signature"))


def attempt(token: str) -> Jws | None:
    """Take a token apart, if it has the one form; for who looks ahead and leaves the refusal to ``read``."""
    try:
        return read(token)
    except BadToken:
        return None


def issuer_unproved(token: str) -> str:
    """Who a token says it is from, believed by nobody; empty where it cannot be read."""
    parts = token.split(".") if len(token) <= LONGEST_TOKEN and token.isascii() else []
    try:
        said = _object(_decoded(parts[1], "payload"), "payload").get("iss") if len(parts) == 3 else None
    except BadToken:
        return ""
    return said if isinstance(said, str) else ""


def _decoded(part: str, which: str) -> bytes:
    """The bytes of a part; only what encodes back to exactly the same signs is taken."""
    given = part.encode("ascii")
    try:
        found = base64.urlsafe_b64decode(given + b"=" * (-len(given) % 4))
    except binascii.Error as error:
        raise refused(f"id_token's {which} is no base64url") from error
    if base64.urlsafe_b64encode(found).rstrip(b"=") != given:
        raise refused(f"id_token's {which} is no canonical base64url")
    return found


def _object(raw: bytes, which: str) -> dict[str, Any]:
    try:
        values = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise refused(f"id_token's {which} is no proper JSON ({type(error).__name__})") from error
    if not isinstance(values, dict):
        raise refused(f"id_token's {which} is no object")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):  # which of the two a reader takes is anybody's guess
        raise ValueError("a name occurs twice")
    return values


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)

"""Seals texts, so that a copy of the database gives nothing away.

What lasts is sealed with Fernet, which has no associated data: owner and purpose lie beside the value inside the sealed
text and are compared when it is opened, so that a text moved to another row does not open there.

What lives minutes or hours (a login, a session) is wrapped with AES-256-GCM under keys derived for that alone, for
every launch does so four times and Fernet takes ten times as long. Its random nonces of 96 bits are good for 2^32 texts
under one key (NIST SP 800-38D, 8.3): a large district's launches of thirty years.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coplink.core.errors import ConfigurationError
from coplink.core.words import say

HASH_KEY = b"coplink keyed hash"
SHORT_LIVED = b"coplink short-lived"
_NONCE = 12


class FernetSealer:
    """Seals with the first of ``keys`` (newest first, each 32 bytes in URL-safe base64), opens with any of them.

    Raises ``ConfigurationError`` without a key or with one that cannot be used.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ConfigurationError(say("There is no master key."))
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise ConfigurationError(say("A master key is not 32 bytes in URL-safe base64.")) from error
        self._wraps = [AESGCM(_derived(key, SHORT_LIVED)) for key in keys]
        # Hashes outlive a rotation as long as the oldest key is kept: what is stored by hash must be found again.
        self._hash_key = _derived(keys[-1], HASH_KEY)

    def seal(self, owner: str, purpose: str, value: str) -> str:
        """Seal ``value`` for one owner and purpose; the same value never looks the same twice."""
        text = json.dumps([owner, purpose, value], separators=(",", ":"))
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, owner: str, purpose: str, sealed: str) -> str:
        """The value; raises ``ConfigurationError`` when no key fits or it was sealed for something else."""
        try:
            text = self._fernet.decrypt(sealed.encode())
        except InvalidToken as error:
            raise ConfigurationError(
                say("A stored secret does not open: the master key it was sealed with is missing."),
                f"sealed text for {purpose}: no key fits",
            ) from error
        whose, what, value = json.loads(text)
        if whose != owner or what != purpose:
            raise ConfigurationError(
                say("A stored secret does not belong where it was found."),
                f"sealed text for {purpose}: owner or purpose differ",
            )
        return str(value)

    def wrap(self, purpose: str, value: str) -> str:
        """Wrap something that lives minutes or hours."""
        nonce = os.urandom(_NONCE)
        sealed = self._wraps[0].encrypt(nonce, value.encode(), purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def unwrap(self, purpose: str, wrapped: str) -> str | None:
        """The value; None when no key fits, or it was wrapped for another purpose."""
        raw = base64.urlsafe_b64decode(wrapped)
        for key in self._wraps:
            try:
                return key.decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
            except InvalidTag:
                continue
        return None

    def rotate(self, sealed: str) -> str:
        """The same text sealed with the newest key; raises ``ConfigurationError`` when no key fits."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise ConfigurationError(
                say("A stored secret does not open: the master key it was sealed with is missing.")
            ) from error

    def keyed_hash(self, purpose: str, *parts: str) -> str:
        """HMAC-SHA-256 in hex under a key derived from the oldest master key."""
        text = json.dumps([purpose, *parts], separators=(",", ":"))
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).hexdigest()


def _derived(key: str, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose, from a master key (RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(base64.urlsafe_b64decode(key))

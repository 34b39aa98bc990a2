"""Seals texts with Fernet, so that a copy of the database gives nothing away.

Fernet has no associated data, so owner and purpose lie beside the value inside the sealed text and are compared when it
is opened: a text moved to another row does not open there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coplink.core.errors import ConfigurationError
from coplink.core.words import say

HASH_KEY = b"coplink keyed hash"


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
        # Hashes outlive a rotation as long as the oldest key is kept: what is stored by hash must be found again.
        oldest = base64.urlsafe_b64decode(keys[-1])
        self._hash_key = HKDF(hashes.SHA256(), 32, salt=None, info=HASH_KEY).derive(oldest)

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

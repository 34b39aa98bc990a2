"""Our own signing keys, kept sealed in storage: which one signs, which are published.

Source: RFC 7517 (key sets), RFC 7638 (thumbprints), LTI handbook section 1.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pylti1p3.registration import Registration as LibraryRegistration

from coplink.ports.records import KeyPair
from coplink.ports.storage import Storage

BITS = 2048


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
    private = generate_private_key(public_exponent=65537, key_size=BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyPair(_public_jwk(pem)["kid"], pem, now)


def _public_jwk(private_pem: str) -> dict[str, str]:
    private = load_pem_private_key(private_pem.encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return dict(LibraryRegistration.get_jwk(public.decode()))

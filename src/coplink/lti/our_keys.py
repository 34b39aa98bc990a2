"""Our own signing keys, kept sealed in storage: which one signs, which are published.

Source: RFC 7517 (key sets), RFC 7638 (thumbprints), LTI handbook section 1.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pylti1p3.registration import Registration as LibraryRegistration

from coplink.core.errors import DomainError
from coplink.core.words import say
from coplink.ports.records import KeyPair
from coplink.ports.storage import Storage

BITS = 2048
PAUSE = timedelta(hours=1)
PUBLISHED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of our keys, ready to sign."""

    kid: str
    private: RSAPrivateKey = field(repr=False)


class OurKeys:
    """Our key set, read anew each time: every process sees a rotation at once. The first key is made on first use.

    A rotation takes three steps, all by the clock: the new key is published beside the old one, which goes on signing;
    after a pause, when platforms have fetched the set again, the new one signs; the old one stays published for
    ``PUBLISHED_AFTER`` more, for what it signed and for platforms that remember sets for long.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._parsed: dict[str, SigningKey] = {}
        self._public: dict[str, dict[str, str]] = {}

    def current(self, now: datetime) -> SigningKey:
        """The key that signs."""
        pair = next(pair for pair in self.pairs(now) if signs(pair, now))
        if pair.kid not in self._parsed:
            private = load_pem_private_key(pair.private_pem.encode(), None)
            if not isinstance(private, RSAPrivateKey):
                raise TypeError("our signing keys are RSA keys")
            self._parsed[pair.kid] = SigningKey(pair.kid, private)
        return self._parsed[pair.kid]

    def jwks(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """The public key set for ``/lti/jwks.json``."""
        published = [pair for pair in self.pairs(now) if not is_over(pair, now)]
        for pair in published:
            if pair.kid not in self._public:
                self._public[pair.kid] = {**_public_jwk(pair.private_pem), "kid": pair.kid}
        return {"keys": [dict(self._public[pair.kid]) for pair in published]}

    def pairs(self, now: datetime) -> list[KeyPair]:
        """Every key that is kept, newest first; one of them signs."""
        with self._storage.begin() as uow:
            pairs = list(uow.platforms.keys())
        if any(signs(pair, now) for pair in pairs):
            return pairs
        made = new_pair(now)  # outside the transaction: it takes a moment
        with self._storage.begin() as uow:
            pairs = list(uow.platforms.keys())
            if not any(signs(pair, now) for pair in pairs):
                uow.platforms.put_key(made)
                uow.commit()
                pairs.insert(0, made)
        return pairs

    def rotate(self, now: datetime, pause: timedelta) -> KeyPair:
        """Publish a new key that signs after ``pause``, and drop keys that are over.

        Raises ``DomainError`` while another new key waits to sign.
        """
        self.pairs(now)
        starts = now + pause
        made = replace(new_pair(now), signs_from=starts)
        with self._storage.begin() as uow:
            known = uow.platforms.keys()
            for pair in known:
                if begins(pair) > now:
                    raise _waits(begins(pair))
                if is_over(pair, now):
                    uow.platforms.drop_key(pair.kid)
                elif pair.retired_at is None:
                    uow.platforms.put_key(replace(pair, retired_at=starts))
            uow.platforms.put_key(made)
            uow.commit()
        return made

    def replace_all(self, now: datetime) -> KeyPair:
        """Sign with a new key at once and withdraw every other: for keys that somebody else has seen."""
        made = new_pair(now)
        with self._storage.begin() as uow:
            known = uow.platforms.keys()
            for pair in known:
                uow.platforms.drop_key(pair.kid)
            uow.platforms.put_key(made)
            uow.commit()
        self._parsed.clear()
        return made


def _waits(until: datetime) -> DomainError:
    return DomainError(
        say(
            "A new key is published already and signs from {moment}. Rotate again after that.",
            moment=until.strftime("%Y-%m-%d %H:%M UTC"),
        )
    )


def begins(pair: KeyPair) -> datetime:
    """When a key begins to sign."""
    return pair.signs_from or pair.made_at


def signs(pair: KeyPair, now: datetime) -> bool:
    """Whether a key may sign at this moment."""
    return begins(pair) <= now and (pair.retired_at is None or now < pair.retired_at)


def is_over(pair: KeyPair, now: datetime) -> bool:
    """Whether a key is published no longer."""
    return pair.retired_at is not None and pair.retired_at + PUBLISHED_AFTER <= now


def new_pair(now: datetime) -> KeyPair:
    """A fresh RSA key; its id is its thumbprint."""
    private = generate_private_key(public_exponent=65537, key_size=BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyPair(_public_jwk(pem)["kid"], pem, now)


def _public_jwk(private_pem: str) -> dict[str, str]:
    private = load_pem_private_key(private_pem.encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return dict(LibraryRegistration.get_jwk(public.decode()))

"""A platform that lies: it forges tokens in every known way, and answers for its key set as badly as it likes.

It is an ``LmsPlatform`` in all it does honestly, so that a test changes one thing and nothing else:

    mean.sign(claims, key=mean.rogue)                  # another key under the right name
    mean.unsigned(claims), mean.keyed_with_public(claims), mean.sealed(claims), ...
    mean.answer = mean.says(500)                        # a key set that cannot be had
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwt.algorithms import ECAlgorithm

from coplink.testing.platform import LmsPlatform, public_jwk, rsa_key, unsigned

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Claims = Mapping[str, Any]


class MeanPlatform(LmsPlatform):
    """A registered platform, or somebody who has got hold of what it sends."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.asked: list[str] = []

    def key_set(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, and remember which address was asked for."""
        self.asked.append(environ["PATH_INFO"])
        return super().key_set(environ, start_response)

    # --- keys it has no right to use ------------------------------------------------------------------------------

    @property
    def rogue(self) -> RSAPrivateKey:
        """A good key that the platform never published."""
        return rsa_key("rogue")

    def publish(self, *keys: Mapping[str, Any]) -> None:
        """Let the key set be these keys."""
        self.jwks = {"keys": list(keys)}

    def by_weak_key(self, claims: Claims) -> str:
        """Publish, under the right name, a key that is too short to be trusted, and sign with it."""
        weak = rsa_key("weak", 1024)
        self.publish(public_jwk(weak, self.kid))
        return self.with_header(claims, json.dumps({"alg": "RS256", "kid": self.kid}), weak)

    def by_curve_key(self, claims: Claims) -> str:
        """Publish, under the right name, a key of another kind, and sign with it."""
        curve = ec_key(SECP256R1())
        jwk = json.loads(ECAlgorithm.to_jwk(curve.public_key()))
        self.publish({**jwk, "kid": self.kid, "use": "sig"})
        return self.sign(claims, None, curve, "ES256")

    # --- tokens that must not be believed -------------------------------------------------------------------------

    def unsigned(self, claims: Claims, algorithm: str = "none") -> str:
        """No signature at all (RFC 7519, 6)."""
        return unsigned(claims, {"alg": algorithm, "typ": "JWT", "kid": self.kid})

    def keyed_with_public(self, claims: Claims) -> str:
        """A keyed hash, with the published key as its secret: works where a reader lets the token choose."""
        public = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        head = unsigned(claims, {"alg": "HS256", "typ": "JWT", "kid": self.kid})[:-1]
        return f"{head}.{encoded(hmac.digest(public, head.encode(), hashlib.sha256))}"

    def with_header(self, claims: Claims, header: str, key: RSAPrivateKey | None = None) -> str:
        """Properly signed, over a header that is any text at all."""
        head = f"{encoded(header.encode())}.{encoded(json.dumps(dict(claims)).encode())}"
        algorithm = jwt.get_algorithm_by_name("RS256")
        return f"{head}.{encoded(algorithm.sign(head.encode(), key or self.private))}"

    def altered(self, claims: Claims, changes: Claims) -> str:
        """Signed first, changed afterwards."""
        head, _, signature = self.sign(claims).split(".")
        return f"{head}.{encoded(json.dumps({**claims, **changes}).encode())}.{signature}"

    def sealed(self, claims: Claims) -> str:
        """Encrypted for somebody, in five parts (RFC 7516)."""
        key = JWK.from_pem(
            self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        header = json.dumps({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": self.kid})
        token = JWE(json.dumps(dict(claims)).encode(), protected=header, recipient=key)
        return str(token.serialize(compact=True))

    # --- a key set that cannot be had -----------------------------------------------------------------------------

    def says(self, status: int, body: bytes = b"") -> Callable[[], tuple[int, bytes]]:
        """An answer of this status and body."""
        return lambda: (status, body)

    def says_nothing_for(self, seconds: float) -> Callable[[], tuple[int, bytes]]:
        """An honest answer that comes too late."""

        def late() -> tuple[int, bytes]:
            time.sleep(seconds)
            return 200, json.dumps(self.jwks).encode()

        return late


def encoded(value: bytes) -> str:
    """Base64 for addresses, without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

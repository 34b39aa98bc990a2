"""An LTI platform that signs launches, and, with one thing changed, forges them.

    with LmsPlatform() as platform:
        storage ... platform.registration("r1", institution) ...
        begun = begin(storage, platform.login_form(), TOOL, "cookie", now)
        form = platform.launch_form(begun.redirect_url, now)                    # honest
        form = platform.launch_form(begun.redirect_url, now, {"exp": None})     # without exp

Its key set is served on loopback; what it answers there, and how often it was asked, is in the test's hands.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from coplink.core.people import InstitutionId
from coplink.ports.records import Registration
from coplink.sandbox.wire import Served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CORE = "https://purl.imsglobal.org/spec/lti/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
TOOL = "https://tool.example"
ISSUER = "https://lms.example"


@cache
def rsa_key(name: str, bits: int = 2048) -> RSAPrivateKey:
    """A key by name; the same name gives the same key within a process."""
    return generate_private_key(public_exponent=65537, key_size=bits)


def public_jwk(private: RSAPrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """The public half, as a key set lists it."""
    jwk = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    return {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "use": "sig", "alg": "RS256", **more}


class LmsPlatform:
    """One platform as one school registered it. ``kid`` names the key that signs, published as ``jwks`` says."""

    def __init__(
        self,
        issuer: str = ISSUER,
        client_id: str = "client-1",
        deployment_id: str = "deployment-1",
        kid: str = "kid-1",
        key: str = "platform",
        url: str = "",
        tool: str = TOOL,
    ) -> None:
        self.issuer, self.client_id, self.deployment_id, self.kid = issuer, client_id, deployment_id, kid
        self.tool = tool
        self.private = rsa_key(key)
        self.jwks: Any = {"keys": [public_jwk(self.private, kid)]}
        self.answer: Callable[[], tuple[int, bytes]] = lambda: (200, json.dumps(self.jwks).encode())
        self.fetches = 0
        self.url = url
        self._served: Served | None = None

    def __enter__(self) -> LmsPlatform:
        self._served = Served(self.key_set)
        self.url = self._served.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._served is not None:
            self._served.stop()

    def key_set(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer for the key set's address, as a WSGI application; ``url`` is where it is served."""
        self.fetches += 1
        status, body = self.answer()
        start_response(f"{status} Whatever", [("Content-Type", "application/json")])
        return [body]

    def registration(self, key: str, institution: InstitutionId, **changed: Any) -> Registration:
        """How coplink knows this platform."""
        values: dict[str, Any] = {
            "id": key,
            "institution": institution,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "authorization_url": f"{self.issuer}/authorize",
            "token_url": f"{self.issuer}/token",
            "jwks_url": f"{self.url or self.issuer}/jwks",
            "claims": {"account:canvas": "canvas_user_id", "asked:course": "canvas_course_id"},
        }
        return Registration(**{**values, **changed})

    def login_form(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """A login initiation; ``None`` leaves a field out."""
        form: dict[str, str | None] = {
            "iss": self.issuer,
            "client_id": self.client_id,
            "login_hint": "hint-of-ana",
            "lti_message_hint": "hint-of-message",
            "lti_deployment_id": self.deployment_id,
            "target_link_uri": f"{self.tool}/",
        }
        return {name: value for name, value in {**form, **(changes or {})}.items() if value is not None}

    def claims(
        self, redirect_url: str, now: datetime, changes: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The honest claims for a login, with ``changes``; ``None`` takes a claim out."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(redirect_url).query).items()}
        moment = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "azp": self.client_id,
            "iat": moment,
            "exp": moment + 3600,
            "nonce": asked["nonce"],
            "sub": "subject-of-ana",
            "name": "Ana Ruiz",
            "given_name": "Ana",
            "family_name": "Ruiz",
            "email": "ana@school.example",
            CORE + "message_type": "LtiResourceLinkRequest",
            CORE + "version": "1.3.0",
            CORE + "deployment_id": self.deployment_id,
            CORE + "target_link_uri": f"{self.tool}/",
            CORE + "resource_link": {"id": "link-1", "title": "coplink"},
            CORE + "roles": [f"{MEMBERSHIP}#Instructor"],
            CORE + "context": {"id": "course-1", "title": "Literacy", "type": ["CourseOffering"]},
            CORE + "custom": {"canvas_user_id": "1001", "canvas_course_id": "101"},
            CORE + "launch_presentation": {"return_url": f"{self.issuer}/back", "locale": "en"},
            NRPS: {"context_memberships_url": f"{self.issuer}/members", "service_versions": ["2.0"]},
        }
        return {name: value for name, value in {**claims, **(changes or {})}.items() if value is not None}

    def sign(
        self,
        claims: Mapping[str, Any],
        header: Mapping[str, Any] | None = None,
        key: Any = None,
        algorithm: str = "RS256",
    ) -> str:
        """A token over these claims; ``header`` values of ``None`` are left out."""
        extra = {"kid": self.kid, **(header or {})}
        extra = {name: value for name, value in extra.items() if value is not None}
        payload = json.dumps(claims).encode()  # ``jwt.encode`` refuses to sign some of the nonsense we need
        return jwt.PyJWS().encode(payload, self.private if key is None else key, algorithm, extra)

    def sign_text(self, payload: str, header: Mapping[str, Any] | None = None) -> str:
        """A properly signed token over any text at all: doubled names, no object, no JSON."""
        return jwt.PyJWS().encode(
            payload.encode(), self.private, algorithm="RS256", headers={"kid": self.kid, **(header or {})}
        )

    def launch_form(
        self, redirect_url: str, now: datetime, changes: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """What the platform posts back for a login, honestly signed over changed claims."""
        state = parse_qs(urlsplit(redirect_url).query)["state"][0]
        return {"state": state, "id_token": self.sign(self.claims(redirect_url, now, changes))}


def unsigned(claims: Mapping[str, Any], header: Mapping[str, Any]) -> str:
    """A token with any header and no signature."""
    parts = (json.dumps(part).encode() for part in (header, dict(claims)))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."

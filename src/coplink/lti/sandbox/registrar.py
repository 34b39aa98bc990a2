"""The site of a platform at which a tool registers by itself; ``registering`` has those of Canvas and Moodle.

It is a WSGI application. It validates a tool's registration strictly and remembers what was registered and what it
refused. It shares no code with the side of coplink that it talks to. Source: LTI Dynamic Registration 1.0.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
CANVAS = "https://canvas.instructure.com/lti/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
ALL_AGS = tuple(AGS + name for name in ("lineitem", "lineitem.readonly", "result.readonly", "score"))
TOKEN_LIFE = 3600


class Site:
    """What both models share: a key, one-time registration tokens, and a book of what was registered.

    ``base_url`` is where the site answers; ``issuer`` who it says it is (itself, unless told otherwise).
    """

    CONFIGURATION, REGISTRATION, KEYS = "/configuration", "/registrations", "/jwks"
    AUTHORIZATION, TOKENS = "/authorize", "/token"

    def __init__(self, base_url: str, clock: Callable[[], float], issuer: str = "") -> None:
        self.base_url, self.clock, self.issuer = base_url, clock, issuer or base_url
        self.kid = secrets.token_hex(4)
        self.registered: dict[str, Any] = {}
        self.refusals: list[str] = []
        self._tokens: dict[str, float] = {}

    @cached_property
    def private(self) -> RSAPrivateKey:
        """The key that launches and tokens are signed with; made when it is needed."""
        return generate_private_key(public_exponent=65537, key_size=2048)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self.answer(request)
        except No as no:
            self.refusals.append(f"{request.method} {request.path}: {no.why}")
            response = no.response
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Answer by path."""
        match request.method, request.path:
            case "GET", self.CONFIGURATION:
                self.check_token(request)
                return json_answer(self.configuration())
            case "POST", self.REGISTRATION:
                token = self.check_token(request)
                answer = self.register(request)
                del self._tokens[token]
                return answer
            case "GET", self.KEYS:
                return json_answer(self.key_set())
        raise No(404, f"unknown {request.path}")

    def invite(self) -> dict[str, str]:
        """The two parameters that the platform's frame adds to a tool's registration address."""
        token = self.new_token()
        self._tokens[token] = self.clock() + TOKEN_LIFE
        return {"openid_configuration": self.configuration_url(token), "registration_token": token}

    def new_token(self) -> str:
        """An opaque token."""
        return secrets.token_urlsafe(24)

    def configuration_url(self, token: str) -> str:
        """Where the configuration is for the holder of this token."""
        return self.base_url + self.CONFIGURATION

    def check_token(self, request: Request) -> str:
        """The bearer token, if it is one of ours and not used up or too old."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self._tokens.get(token, 0) < self.clock():
            raise No(401, "registration token")
        return token

    def key_set(self) -> dict[str, Any]:
        """The public key of launches."""
        jwk = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return {
            "keys": [
                {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": self.kid, "alg": "RS256", "use": "sig"}
            ]
        }

    def configuration(self) -> dict[str, Any]:
        """The OpenID configuration with the LTI part."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.base_url + self.AUTHORIZATION,
            "registration_endpoint": self.base_url + self.REGISTRATION,
            "jwks_uri": self.base_url + self.KEYS,
            "token_endpoint": self.base_url + self.TOKENS,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "scopes_supported": list(self.scopes()),
            "response_types_supported": ["id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
            "subject_types_supported": ["public"],
            PLATFORM: self.platform(),
        }

    def scopes(self) -> tuple[str, ...]:
        """What a tool may ask for."""
        return (NRPS, *ALL_AGS)

    def platform(self) -> dict[str, Any]:
        """The LTI part of the configuration."""
        return {
            "product_family_code": "example",
            "version": "1",
            "messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
            "variables": ["CourseSection.title"],
        }

    def register(self, request: Request) -> Response:
        """Register what was sent."""
        asked = self.checked(request)
        client_id = f"client-{len(self.registered) + 1}"
        self.registered[client_id] = asked
        return json_answer({**asked, "client_id": client_id})

    def checked(self, request: Request) -> dict[str, Any]:
        """What was sent, if it is a complete registration of an LTI tool."""
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict):
            raise No(400, "no JSON object")
        wrong = [why for why in self.wrong_with(asked) if why]
        if wrong:
            raise No(422, "; ".join(wrong), {"errors": wrong})
        return asked

    def wrong_with(self, asked: Mapping[str, Any]) -> Iterable[str]:
        """What is missing or not as the standard wants it."""
        exact = {
            "application_type": "web",
            "response_types": ["id_token"],
            "token_endpoint_auth_method": "private_key_jwt",
        }
        for name, value in exact.items():
            yield "" if asked.get(name) == value else f"{name} must be {value}"
        yield "" if set(asked.get("grant_types", ())) == {"client_credentials", "implicit"} else "grant_types"
        for name in ("initiate_login_uri", "jwks_uri", "client_name"):
            yield "" if isinstance(asked.get(name), str) and asked[name] else f"{name} is missing"
        uris = asked.get("redirect_uris")
        yield "" if isinstance(uris, list) and uris else "redirect_uris is missing"
        yield "" if isinstance(asked.get("scope"), str) else "scope is missing"
        tool = asked.get(TOOL)
        if not isinstance(tool, dict):
            yield "the tool configuration is missing"
            return
        for name, kind in (("domain", str), ("target_link_uri", str), ("messages", list), ("claims", list)):
            yield "" if isinstance(tool.get(name), kind) and tool[name] else f"{name} is missing"


class No(Exception):
    """The site refuses; ``why`` is kept for the test."""

    def __init__(self, status: int, why: str, body: Mapping[str, Any] | None = None) -> None:
        super().__init__(why)
        self.why, self.response = why, json_answer(dict(body or {"error": why}), status)


def json_answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body), status, mimetype="application/json")

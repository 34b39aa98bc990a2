"""Platforms at which a tool registers by itself: as Canvas does it, as Moodle does it, and a mean one.

Each is a WSGI application over its own site. It validates a tool's registration as strictly as its model and remembers
what was registered and what it refused. It shares no code with the side of coplink that it talks to.

Source: LTI Dynamic Registration 1.0; LTI handbook 2.1 (Moodle) and 4.4 (Canvas).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
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
                return _json(self.configuration())
            case "POST", self.REGISTRATION:
                token = self.check_token(request)
                answer = self.register(request)
                del self._tokens[token]
                return answer
            case "GET", self.KEYS:
                return _json(self.key_set())
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
        return _json({**asked, "client_id": client_id})

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


class CanvasSite(Site):
    """A Canvas: the configuration's address carries the token too; unknown scopes are errors, places it has not go."""

    CONFIGURATION, REGISTRATION = "/api/lti/security/openid-configuration", "/api/lti/registrations"
    KEYS, AUTHORIZATION, TOKENS = (
        "/api/lti/security/jwks",
        "/api/lti/authorize_redirect",
        "/login/oauth2/token",
    )
    PLACES: Mapping[str, tuple[str, ...]] = {
        "LtiResourceLinkRequest": ("account_navigation", "course_navigation", "link_selection"),
        "LtiDeepLinkingRequest": (
            "collaboration",
            "editor_button",
            "link_selection",
            "module_index_menu_modal",
            "module_menu_modal",
        ),
    }

    def configuration_url(self, token: str) -> str:
        return f"{super().configuration_url(token)}?{urlencode({'registration_token': token})}"

    def check_token(self, request: Request) -> str:
        token = super().check_token(request)
        if request.path == self.CONFIGURATION and request.args.get("registration_token") != token:
            raise No(401, "registration token in the query")
        return token

    def scopes(self) -> tuple[str, ...]:
        return (*super().scopes(), NOTICES, "https://canvas.instructure.com/lti/account_lookup/scope/show")

    def configuration(self) -> dict[str, Any]:
        return {**super().configuration(), "authorization_server": self.base_url.partition("://")[2]}

    def platform(self) -> dict[str, Any]:
        return {
            "product_family_code": "canvas",
            "version": "vCloud",
            "messages_supported": [{"type": k, "placements": list(v)} for k, v in self.PLACES.items()],
            "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
            "variables": ["Canvas.course.id", "Canvas.user.id"],
            CANVAS + "account_name": "Riverbend",
            CANVAS + "account_lti_guid": "guid:canvas-lms",
        }

    def wrong_with(self, asked: Mapping[str, Any]) -> Iterable[str]:
        yield from super().wrong_with(asked)
        for scope in str(asked.get("scope", "")).split():
            yield "" if scope in self.scopes() else f"scope {scope} is unknown"
        tool = asked.get(TOOL) or {}
        level = tool.get(CANVAS + "privacy_level", "anonymous")
        yield "" if level in ("public", "name_only", "email_only", "anonymous") else "privacy_level"
        for message in tool.get("messages", ()):
            yield "" if message.get("type") in self.PLACES else f"message {message.get('type')} is unknown"
            visible = message.get(CANVAS + "visibility", "public")
            yield "" if visible in ("admins", "members", "public") else "visibility"
            default = message.get(CANVAS + "course_navigation/default_enabled", True)
            yield "" if isinstance(default, bool) else "default_enabled"

    def register(self, request: Request) -> Response:
        asked = self.checked(request)
        client_id = str(10000000000001 + len(self.registered))
        effective = json.loads(json.dumps(asked))
        for message in effective[TOOL]["messages"]:
            known = self.PLACES[message["type"]]
            given = message.get("placements") or ["link_selection"]
            message["placements"] = [p for p in given if p.removeprefix(CANVAS) in known]
        self.registered[client_id] = effective
        where = f"{self.base_url}/api/lti/registrations/{client_id}"
        return _json(
            {
                **effective,
                "client_id": client_id,
                CANVAS + "registration_config_url": where + "/view",
                "registration_client_uri": where,
            }
        )


class MoodleSite(Site):
    """A Moodle: the token is a JWT of one hour, the answer names a deployment, and allows more than was asked for."""

    CONFIGURATION, REGISTRATION = "/mod/lti/openid-configuration.php", "/mod/lti/openid-registration.php"
    KEYS, AUTHORIZATION, TOKENS = "/mod/lti/certs.php", "/mod/lti/auth.php", "/mod/lti/token.php"

    def new_token(self) -> str:
        now = int(self.clock())
        claims = {"sub": secrets.token_hex(8), "scope": "reg", "iat": now, "exp": now + TOKEN_LIFE}
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid})

    def scopes(self) -> tuple[str, ...]:
        return ("openid", *super().scopes())

    def platform(self) -> dict[str, Any]:
        return {
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
            ],
            "variables": ["CourseSection.title", "User.username"],
        }

    def register(self, request: Request) -> Response:
        asked = self.checked(request)
        number = len(self.registered) + 1
        client_id, deployment = secrets.token_urlsafe(11), str(number)
        self.registered[client_id] = asked
        scope = " ".join((NRPS, *ALL_AGS))
        tool = {**asked[TOOL], "version": "1.3.0", "deployment_id": deployment}
        return _json({**asked, "client_id": client_id, "scope": scope, TOOL: tool})


class MeanSite(Site):
    """A site whose documents and answers are in the test's hands: ``change`` edits what it would honestly say.

    ``raw`` answers for a path instead, by name of the part: ``configuration`` or ``registration``.
    """

    def __init__(self, base_url: str, clock: Callable[[], float], issuer: str = "") -> None:
        super().__init__(base_url, clock, issuer)
        self.change: dict[str, Any] = {}
        self.says: dict[str, Any] = {}
        self.raw: dict[str, Callable[[Request], Response]] = {}
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        part = {self.CONFIGURATION: "configuration", self.REGISTRATION: "registration"}.get(request.path, "")
        return self.raw[part](request) if part in self.raw else super().answer(request)

    def configuration(self) -> dict[str, Any]:
        said = {**super().configuration(), **self.change}
        return {name: value for name, value in said.items() if value is not None}

    def register(self, request: Request) -> Response:
        honest = json.loads(super().register(request).get_data())
        said = {**honest, **self.says}
        return _json({name: value for name, value in said.items() if value is not None})


class No(Exception):
    """The site refuses; ``why`` is kept for the test."""

    def __init__(self, status: int, why: str, body: Mapping[str, Any] | None = None) -> None:
        super().__init__(why)
        self.why, self.response = why, _json(dict(body or {"error": why}), status)


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")

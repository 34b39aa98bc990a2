"""Platforms at which a tool registers by itself: as Canvas does it, as Moodle does it, and a mean one.

Source: LTI handbook 2.1 (Moodle) and 4.4 (Canvas).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import jwt
from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox.registrar import (
    ALL_AGS,
    CANVAS,
    NOTICES,
    NRPS,
    TOKEN_LIFE,
    TOOL,
    No,
    Site,
    json_answer,
)


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
        return json_answer(
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
        return json_answer({**asked, "client_id": client_id, "scope": scope, TOOL: tool})


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
        return json_answer({name: value for name, value in said.items() if value is not None})

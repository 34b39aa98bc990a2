"""The sign-in of the pretended Canvas for developer keys: the page that asks, codes, and tokens that live an hour.

Sources: the Canvas API documentation, "OAuth2 Endpoints", and open source Canvas (``oauth2_provider_controller``),
November 2026. A key names its redirect addresses and its scopes; a request for another scope is turned away.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Region
from coplink.sandbox.store import Document, Store
from coplink_canvas.sandbox.events import Events
from coplink_canvas.sandbox.page import document

LIFE = 3600.0
CODE_LIFE = 600.0


class SignIn(Events):
    """``/login/oauth2/auth`` and ``/login/oauth2/token``; not counted, as other vendors' sign-ins are not."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.route("GET", "/login/oauth2/auth", self._ask, counted=False)
        self.route("POST", "/login/oauth2/auth", self._allow, counted=False)
        self.route("POST", "/login/oauth2/token", self._token, counted=False)
        for n, district in enumerate(region.districts.values()):
            number = str(170000000000900 + n)
            if store.get("canvas.keys", number) is None:
                key = {
                    "id": number,
                    "district": district.key,
                    "secret": f"{district.key}-canvas-key-secret",
                    "scopes": sorted(self.scopes),
                    "redirects": [],
                    "includes": True,
                    "on": True,
                }
                store.put("canvas.keys", number, key)

    def key_of(self, district: str) -> Document:
        """A district's developer key."""
        return next(key for key in self.store.all("canvas.keys") if key["district"] == district)

    def change_key(self, district: str, **changes: Any) -> None:
        """An administrator edits the developer key."""
        key = {**self.key_of(district), **changes}
        self.store.put("canvas.keys", key["id"], key)

    def key_settings(self, district: str) -> Mapping[str, str]:
        """What ``connect`` takes before anybody has consented."""
        key = self.key_of(district)
        return {"base_url": self.base_url, "client_id": key["id"], "client_secret": key["secret"]}

    def consent(self, district: str, scopes: list[str] | None = None) -> str:
        """The refresh token of a consent that the service account has given."""
        key = self.key_of(district)
        refresh = f"{key['id']}~{secrets.token_hex(16)}"
        asked = key["scopes"] if scopes is None else scopes
        self.store.put("canvas.consents", refresh, {"key": key["id"], "scopes": asked})
        return refresh

    # --- the page ---------------------------------------------------------------------------------------------------

    def _ask(self, request: Request) -> Response:
        key, wrong = self._asked(request.args)
        if wrong is not None or key is None:
            return wrong or Response("unknown developer key", 400)
        asked = request.args["scope"].split()
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in request.args.items()
        )
        lines = "".join(f"<li><small>{escape(scope)}</small></li>" for scope in asked)
        name = self.region.districts[key["district"]].name
        return document(
            "Authorize",
            f"<header><p>Canvas · {escape(name)}</p><h1>coplink asks to use Canvas as the service account</h1></header>"
            f'<section><h2>It may then</h2><ul class="rows">{lines}</ul>'
            f'<form method="post" action="/login/oauth2/auth">{hidden}<button>Authorize</button></form></section>',
        )

    def _allow(self, request: Request) -> Response:
        key, wrong = self._asked(request.form)
        if wrong is not None or key is None:
            return wrong or Response("unknown developer key", 400)
        code = secrets.token_hex(16)
        kept = {
            "key": key["id"],
            "redirect": request.form["redirect_uri"],
            "scopes": request.form["scope"].split(),
            "until": self.clock() + CODE_LIFE,
        }
        self.store.put("canvas.codes", code, kept)
        back = urlencode({"code": code, "state": request.form.get("state", "")})
        return redirect(f"{request.form['redirect_uri']}?{back}", 302)

    def _asked(self, asked: Mapping[str, str]) -> tuple[Document | None, Response | None]:
        """The key that is asked for, or how this request is turned away."""
        key = self.store.get("canvas.keys", asked.get("client_id", ""))
        if key is None or not key["on"]:
            return None, Response("unknown client", 401)
        if asked.get("redirect_uri", "") not in key["redirects"] or asked.get("response_type") != "code":
            return None, Response("redirect_uri does not match client settings", 400)
        if not asked.get("scope") or not set(asked["scope"].split()) <= set(key["scopes"]):
            error = urlencode({"error": "invalid_scope", "state": asked.get("state", "")})
            return None, redirect(f"{asked['redirect_uri']}?{error}", 302)
        return key, None

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _token(self, request: Request) -> Response:
        form = request.form
        key = self.store.get("canvas.keys", form.get("client_id", ""))
        if key is None or not key["on"] or form.get("client_secret") != key["secret"]:
            return self.json({"error": "invalid_client", "error_description": "unknown client"}, 401)
        with self.store.change():
            if form.get("grant_type") == "authorization_code":
                return self._for_code(key, form)
            if form.get("grant_type") == "refresh_token":
                consent = self.store.get("canvas.consents", form.get("refresh_token", ""))
                if consent is None or consent["key"] != key["id"]:
                    return self._no_grant("refresh_token not found")
                return self.json(self._access(key, form["refresh_token"], consent["scopes"]))
        return self.json({"error": "unsupported_grant_type"}, 400)

    def _for_code(self, key: Document, form: Mapping[str, str]) -> Response:
        kept = self.store.get("canvas.codes", form.get("code", ""))
        self.store.drop("canvas.codes", form.get("code", ""))  # a code is good once
        if kept is None or kept["key"] != key["id"] or self.clock() >= kept["until"]:
            return self._no_grant("authorization_code not found")
        if kept["redirect"] != form.get("redirect_uri"):
            return self._no_grant("redirect_uri does not match")
        refresh = self.consent(key["district"], kept["scopes"])
        return self.json({**self._access(key, refresh, kept["scopes"]), "refresh_token": refresh})

    def _access(self, key: Document, refresh: str, scopes: list[str]) -> dict[str, Any]:
        token = secrets.token_hex(16)
        kept = {"key": key["id"], "consent": refresh, "scopes": scopes, "until": self.clock() + LIFE}
        self.store.put("canvas.tokens", token, kept)
        user = {"id": self.service_account(self.region.districts[key["district"]]), "name": "coplink"}
        return {"access_token": token, "token_type": "Bearer", "user": user, "expires_in": int(LIFE)}

    def _no_grant(self, why: str) -> Response:
        return self.json({"error": "invalid_grant", "error_description": why}, 400)

"""The account chooser: "Sign in as …", for everybody of the domain, as a page of plain forms.

``login_hint`` shows that one account only, as Google does.
"""

from __future__ import annotations

import secrets
from html import escape
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.directory import Directory
from coplink_google.sandbox.frame import Frame, fingerprint
from coplink_google.sandbox.look import page

ASKED = {
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "hd", "prompt", "login_hint", "access_type",
}  # fmt: skip


class Chooser:
    """Takes the request for sign-in, shows who may be chosen, and sends the browser back with a code."""

    def __init__(self, wire: Frame, directory: Directory) -> None:
        self._wire, self._store, self._directory = wire, wire.store, directory
        wire.route("GET", "/o/oauth2/v2/auth", self._choose, counted=False)
        wire.route("POST", "/o/oauth2/v2/auth", self._chosen, counted=False)

    def _choose(self, request: Request) -> Response:
        asked, district = self._asked(request.args.to_dict())
        people = [one for one in self._directory.accounts(district) if one["key"] != "robot"]
        hint = asked.pop("login_hint", "").casefold()
        shown = [one for one in people if one["email"] == hint] or people
        hidden = "".join(
            f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in asked.items()
        )
        buttons = "".join(
            f'<li><form method="post" action="/o/oauth2/v2/auth">{hidden}'
            f'<input type="hidden" name="account" value="{escape(one["email"])}">'
            f'<button class="who"><strong>Sign in as {escape(one["name"])}</strong>'
            f"<span>{escape(one['email'])}</span></button></form></li>"
            for one in shown
        )
        body = f'<p>to continue to <strong>coplink</strong></p><ul class="people">{buttons}</ul>'
        return page("Choose an account", body)

    def _chosen(self, request: Request) -> Response:
        form = request.form.to_dict()
        email = form.pop("account", "")
        asked, district = self._asked(form)
        one = self._directory.account(district, email)
        if one is None or one["key"] == "robot":
            raise Refuse(400, "invalid_request", "there is no such account")
        code = "4/" + secrets.token_urlsafe(24)
        kept = {
            "client": asked["client_id"], "redirect_uri": asked["redirect_uri"], "nonce": asked["nonce"],
            "challenge": asked["code_challenge"], "sub": one["id"], "email": one["email"], "name": one["name"],
            "hd": district.google_domain, "expires": self._wire.clock() + 600,
        }  # fmt: skip
        self._store.put("google.code", fingerprint(code), kept)
        back = urlencode({"state": asked["state"], "code": code, "scope": asked["scope"], "authuser": "0"})
        where = f"{asked['redirect_uri']}?{back}"
        return Response(status=302, headers={"Location": where, "Cache-Control": "no-store"})

    def _asked(self, values: dict[str, str]) -> tuple[dict[str, str], District]:
        unknown = values.keys() - ASKED
        if unknown:
            raise Refuse(400, "invalid_request", f"unknown parameter {sorted(unknown)[0]}")
        clients = {one.google_client_id: one for one in self._wire.districts.values()}
        district = clients.get(values.get("client_id", ""))
        if district is None:
            raise Refuse(401, "invalid_client", "The OAuth client was not found.")
        back, tool = urlsplit(values.get("redirect_uri", "")), urlsplit(self._wire.region.tool_url)
        if (back.scheme, back.netloc) != (tool.scheme, tool.netloc) or back.query or back.fragment:
            raise Refuse(
                400, "redirect_uri_mismatch", "The redirect address is not registered for this client."
            )
        right = {"response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in right.items() if values.get(name) != value]
        wrong += [name for name in ("state", "nonce", "code_challenge") if not values.get(name)]
        if wrong or "openid" not in values.get("scope", "").split():
            raise Refuse(400, "invalid_request", f"missing or wrong: {', '.join(wrong) or 'scope'}")
        return values, district

"""Tokens and keys: Google's sign-in, pretended.

The token end takes a service account's signed assertion, the robot's refresh token, or a code with its PKCE verifier.
``google-auth`` always writes Google's own token address as audience, whatever it calls, so that is what is expected.
Keys are made once and kept in the store; a restart changes nothing. Tokens live by the machine's clock, because
``google-auth`` asks no other.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.frame import Frame, fingerprint, opaque

ISSUER = "https://accounts.google.com"
AUDIENCE = "https://oauth2.googleapis.com/token"
LIFE = 3599
SCOPE = "https://www.googleapis.com/auth/"
GROUP_SCOPES = ("admin.directory.group", "apps.groups.settings", "admin.directory.user.readonly")
FOLDER_SCOPES = (
    "drive",
    "calendar.app.created",
    "calendar.calendarlist.readonly",
    "admin.directory.user.readonly",
)
CHAT_SCOPES = ("chat.spaces", "chat.memberships", "chat.messages.create")
CHAT_GROUP_SCOPES = ("cloud-identity.groups.readonly",)
ROBOT_SCOPES = ("drive", "calendar.app.created", "calendar.acls", "calendar.calendarlist.readonly")


class SignIn:
    """The OAuth and OpenID Connect ends."""

    def __init__(self, wire: Frame) -> None:
        self._wire, self._store = wire, wire.store
        with self._store.change():
            for name in ("signing", *(f"service/{key}" for key in wire.districts)):
                if self._store.get("google.key", name) is None:
                    self._store.put("google.key", name, {"pem": _fresh_key()})
            for district in wire.districts.values():
                if self._store.get("google.consent", district.key) is None:
                    self._store.put(
                        "google.consent",
                        district.key,
                        {"robot": ROBOT_SCOPES, "groups": GROUP_SCOPES + CHAT_GROUP_SCOPES},
                    )
        wire.route("POST", "/token", self._token, counted=False)
        wire.route("POST", "/revoke", self._revoke, counted=False)
        wire.route("GET", "/oauth2/v3/certs", self._keys, counted=False)

    # --- what a connection is given -------------------------------------------------------------------------------

    def settings(self, district: District) -> Mapping[str, str]:
        """What ``connect`` and ``door`` take for this district."""
        base = self._wire.base_url
        return {
            "domain": district.google_domain,
            "client_id": district.google_client_id,
            "client_secret": district.google_secret,
            "service_account": json.dumps(
                {
                    "type": "service_account",
                    "project_id": f"coplink-{district.key}",
                    "private_key_id": opaque("", 20, "key", district.key),
                    "private_key": self._pem(f"service/{district.key}"),
                    "client_email": _service_address(district),
                    "client_id": str(int(opaque("", 8, district.key).encode().hex(), 16)),
                    "token_uri": AUDIENCE,
                }
            ),
            "robot_refresh_token": _refresh_token(district),
            "robot": district.robot,
            "root_url": base,
            "auth_url": f"{base}/o/oauth2/v2/auth",
            "token_url": f"{base}/token",
            "jwks_url": f"{base}/oauth2/v3/certs",
            "issuer": ISSUER,
        }

    def consent(self, district: str, scopes: Iterable[str]) -> None:
        """The robot account grants these scopes and no others."""
        consent = self._store.get("google.consent", district) or {}
        self._store.put("google.consent", district, {**consent, "robot": list(scopes), "revoked": False})

    def delegate(self, district: str, scopes: Iterable[str] = ROBOT_SCOPES) -> None:
        """A super administrator lets the service account act as anybody in the domain, with these scopes."""
        consent = self._store.get("google.consent", district) or {}
        self._store.put("google.consent", district, {**consent, "delegated": list(scopes)})

    def withdraw(self, district: str, who: str, scope: str) -> None:
        """An admin takes one scope back from the ``robot``, the ``groups`` account, or what is ``delegated``."""
        consent = self._store.get("google.consent", district) or {}
        consent[who] = [one for one in consent[who] if one != scope]
        self._store.put("google.consent", district, consent)

    # --- the token end --------------------------------------------------------------------------------------------

    def _token(self, request: Request) -> Response:
        form = request.form
        grants = {
            "urn:ietf:params:oauth:grant-type:jwt-bearer": self._from_assertion,
            "refresh_token": self._from_refresh_token,
            "authorization_code": self._from_code,
        }
        grant = grants.get(form.get("grant_type", ""))
        try:
            if grant is None:
                raise Refuse(400, "unsupported_grant_type", "Invalid grant_type")
            with self._store.change():
                return self._wire.json(grant(form), headers={"Cache-Control": "no-store"})
        except Refuse as refused:
            body = {"error": refused.code, "error_description": refused.message}
            return self._wire.json(body, refused.status)

    def _from_assertion(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        _only(form, "grant_type", "assertion")
        claims: Mapping[str, Any] = {}
        for district in self._wire.districts.values():
            public = _private(self._pem(f"service/{district.key}")).public_key()
            try:
                claims = jwt.decode(
                    form.get("assertion", ""),
                    public,
                    algorithms=["RS256"],
                    audience=AUDIENCE,
                    issuer=_service_address(district),
                    options={"verify_exp": False, "verify_iat": False, "require": ["iss", "exp", "iat"]},
                )
            except jwt.PyJWTError:
                continue
            break
        else:
            raise Refuse(400, "invalid_grant", "Invalid JWT Signature.")
        if not claims["iat"] - 300 <= time.time() <= claims["exp"] or claims["exp"] - claims["iat"] > 3660:
            raise Refuse(
                400, "invalid_grant", "Invalid JWT: token must be short-lived and within reasonable time."
            )
        if "sub" in claims:
            return self._for_another(district, claims)
        allowed = {SCOPE + one for one in (self._store.get("google.consent", district.key) or {})["groups"]}
        asked = set(str(claims.get("scope", "")).split())
        if not asked or not asked <= {SCOPE + one for one in GROUP_SCOPES + CHAT_GROUP_SCOPES}:
            raise Refuse(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return self._issue(district, str(claims["iss"]), asked & allowed)

    def _for_another(self, district: District, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """Domain-wide delegation: all of the scopes asked for are delegated, or there is no token at all."""
        delegated = (self._store.get("google.consent", district.key) or {}).get("delegated", ())
        asked = set(str(claims.get("scope", "")).split())
        if not asked or asked - {SCOPE + one for one in delegated}:
            said = "Client is unauthorized to retrieve access tokens using this method, or not authorized for any"
            raise Refuse(401, "unauthorized_client", f"{said} of the scopes requested.")
        if claims["sub"] != district.robot:
            raise Refuse(400, "invalid_grant", "Invalid email or User ID")
        return self._issue(district, district.robot, asked)

    def _revoke(self, request: Request) -> Response:
        """The end of a consent: a refresh token takes it along (RFC 7009)."""
        _only(request.form, "token")
        for district in self._wire.districts.values():
            consent = self._store.get("google.consent", district.key) or {}
            if request.form.get("token") == _refresh_token(district) and not consent.get("revoked"):
                self._store.put("google.consent", district.key, {**consent, "revoked": True})
                return self._wire.json({})
        return self._wire.json(
            {"error": "invalid_token", "error_description": "Token expired or revoked"}, 400
        )

    def revoked(self, district: str) -> bool:
        """Whether the robot account's consent was given back."""
        return bool((self._store.get("google.consent", district) or {}).get("revoked"))

    def _from_refresh_token(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        _only(form, "grant_type", "refresh_token", "client_id", "client_secret", "scope")
        district = self._client(form)
        if not secrets.compare_digest(form.get("refresh_token", ""), _refresh_token(district)):
            raise Refuse(400, "invalid_grant", "Token has been expired or revoked.")
        if self.revoked(district.key):
            raise Refuse(400, "invalid_grant", "Token has been expired or revoked.")
        granted = {SCOPE + one for one in (self._store.get("google.consent", district.key) or {})["robot"]}
        asked = set(form.get("scope", "").split())
        if asked - granted:
            raise Refuse(400, "invalid_scope", "Some requested scopes were invalid.")
        return self._issue(district, district.robot, asked or granted)

    def _from_code(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        _only(form, "grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier")
        district = self._client(form)
        name = fingerprint(form.get("code", ""))
        code = self._store.get("google.code", name)
        self._store.drop("google.code", name)  # a code works once, also when the rest is wrong
        if (
            code is None
            or code["expires"] < self._wire.clock()
            or code["client"] != district.google_client_id
        ):
            raise Refuse(400, "invalid_grant", "Malformed auth code.")
        if code["redirect_uri"] != form.get("redirect_uri"):
            raise Refuse(400, "redirect_uri_mismatch", "Bad Request")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code["challenge"]:
            raise Refuse(400, "invalid_grant", "Invalid code verifier.")
        return {**self._issue(district, code["email"], set()), "id_token": self._id_token(code)}

    def _issue(self, district: District, subject: str, scopes: set[str]) -> dict[str, Any]:
        value = "ya29." + secrets.token_urlsafe(24)
        token = {
            "subject": subject,
            "district": district.key,
            "scopes": sorted(scopes),
            "expires": time.time() + LIFE,
        }
        self._store.put("google.token", fingerprint(value), token)
        return {
            "access_token": value,
            "expires_in": LIFE,
            "scope": " ".join(sorted(scopes)),
            "token_type": "Bearer",
        }

    def _id_token(self, code: Document) -> str:
        now = int(self._wire.clock())
        claims = {
            "iss": ISSUER, "azp": code["client"], "aud": code["client"], "sub": code["sub"], "hd": code["hd"],
            "email": code["email"], "email_verified": True, "name": code["name"], "nonce": code["nonce"],
            "iat": now, "exp": now + 3600, "locale": "en",
        }  # fmt: skip
        return jwt.encode(claims, self._pem("signing"), "RS256", headers={"kid": self._kid()})

    def _client(self, form: Mapping[str, str]) -> District:
        for district in self._wire.districts.values():
            secret = secrets.compare_digest(form.get("client_secret", ""), district.google_secret)
            if form.get("client_id") == district.google_client_id and secret:
                return district
        raise Refuse(401, "invalid_client", "The OAuth client was not found.")

    # --- keys -----------------------------------------------------------------------------------------------------

    def _pem(self, name: str) -> str:
        return str((self._store.get("google.key", name) or {})["pem"])

    def _kid(self) -> str:
        return hashlib.sha256(self._pem("signing").encode()).hexdigest()[:24]

    def _keys(self, request: Request) -> Response:
        public = RSAAlgorithm.to_jwk(_private(self._pem("signing")).public_key(), as_dict=True)
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self._kid(),
            "n": public["n"],
            "e": public["e"],
        }
        return self._wire.json({"keys": [key]}, headers={"Cache-Control": "public, max-age=3600"})

    def rotate(self) -> None:
        """Google signs with a new key from now on, and no longer publishes the old one."""
        self._store.put("google.key", "signing", {"pem": _fresh_key()})


def _only(form: Mapping[str, str], *names: str) -> None:
    unknown = set(form) - set(names)
    if unknown:
        raise Refuse(400, "invalid_request", f"unknown parameter {sorted(unknown)[0]}")


def _service_address(district: District) -> str:
    return f"coplink-groups@coplink-{district.key}.iam.gserviceaccount.com"


def _refresh_token(district: District) -> str:
    return f"1//{district.key}-robot-refresh-token"


def _fresh_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@cache
def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("an RSA key was expected")
    return key

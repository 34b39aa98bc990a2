"""Entra's sign-in service, pretended: the app's token, the directory's key set, and the tab's single sign-on token."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Resident, guid
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Refuse

if TYPE_CHECKING:
    from coplink_teams.sandbox.frame import GraphWire

TEAMS_WEB = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"
KEYS = "teams.key"
LIFE = 3600


class Signer:
    """One signing key, kept in the store so that a restarted sandbox honours its own tokens."""

    def __init__(self, store: Store) -> None:
        with store.change():
            kept = store.get(KEYS, "current")
            if kept is None:
                key = rsa.generate_private_key(65537, 2048)
                pem = key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                kept = {"kid": f"sandbox-{store.serial(KEYS)}", "pem": pem.decode()}
                store.put(KEYS, "current", kept)
        self.kept = kept
        self.kid: str = kept["kid"]
        loaded = serialization.load_pem_private_key(
            kept["pem"].encode(), None, unsafe_skip_rsa_key_validation=True
        )
        assert isinstance(loaded, rsa.RSAPrivateKey)  # noqa: S101  written by ourselves
        self._private = loaded

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact RS256 token."""
        return jwt.encode(claims, self._private, "RS256", {"kid": self.kid})

    def read(self, token: str, now: float) -> dict[str, Any]:
        """The claims of a token of ours that has not ended; raises ``jwt.PyJWTError``."""
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims: dict[str, Any] = jwt.decode(token, self._private.public_key(), ["RS256"], options=options)
        if claims["exp"] <= now:
            raise jwt.ExpiredSignatureError
        return claims

    def public(self) -> dict[str, str]:
        """The key as the directory publishes it."""
        numbers = self._private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "n": _word(numbers.n),
            "e": _word(numbers.e),
        }


class Entra:
    """The routes of the sign-in service; none of them is counted."""

    def __init__(self, wire: GraphWire, signer: Signer) -> None:
        self._wire, self._signer = wire, signer
        wire.route("POST", "/<tenant>/oauth2/v2.0/token", self.token, counted=False)
        wire.route("GET", "/<tenant>/discovery/v2.0/keys", self.keys, counted=False)
        wire.route("GET", "/_sandbox/sso", self.sso, counted=False)

    def token(self, request: Request, tenant: str) -> Response:
        """Client credentials (RFC 6749, 4.4); refusals carry Entra's codes."""
        district = self._district(tenant)
        form = request.form
        unknown = set(form) - {"grant_type", "client_id", "client_secret", "scope", "claims"}
        if district is None:
            return self._no("invalid_tenant", 90002, 400)
        if unknown or form.get("grant_type") != "client_credentials":
            return self._no("unsupported_grant_type", 70003, 400)
        if form.get("client_id") != district.graph_client_id:
            return self._no("unauthorized_client", 700016, 400)
        if form.get("client_secret") != district.graph_secret:
            return self._no("invalid_client", 7000215, 401)
        if form.get("scope") != f"{self._wire.base_url}/.default":
            return self._no("invalid_scope", 70011, 400)
        now = int(self._wire.clock())
        claims = {
            "aud": self._wire.base_url,
            "tid": tenant,
            "appid": district.graph_client_id,
            "idtyp": "app",
            "ver": "1.0",
            "roles": [name for name in self._wire.granted() if not name.endswith(".Group")],
        }
        token = self._signer.sign(claims | {"iat": now, "nbf": now, "exp": now + LIFE})
        return self._wire.json({"token_type": "Bearer", "expires_in": LIFE, "access_token": token})

    def keys(self, request: Request, tenant: str) -> Response:
        """The directory's key set."""
        if self._district(tenant) is None:
            return self._no("invalid_tenant", 90002, 400)
        return self._wire.json({"keys": [self._signer.public()]})

    def sso(self, request: Request) -> Response:
        """A fresh token for the tab, as Teams hands it to the page of that person; with ``guest=1`` as a guest."""
        person = self._wire.region.residents.get(request.args.get("person", ""))
        if person is not None and request.args.get("guest") == "1":
            return self._wire.json({"token": self.guest_token(person)})
        if person is None or not person.entra_id:
            raise Refuse(404, "NotFound", "nobody of that name has an account here")
        return self._wire.json({"token": self.tab_token(person)})

    def tab_token(self, person: Resident, **other: Any) -> str:
        """The claims Teams' single sign-on carries (v2.0); ``other`` replaces some for tests."""
        district, now = self._wire.region.districts[person.district], int(self._wire.clock())
        claims = {
            "acct": 0,  # an optional claim that the guide asks for
            "aud": district.graph_client_id,
            "iss": f"{self._wire.base_url}/{district.tenant_id}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + LIFE,
            "azp": TEAMS_WEB,
            "azpacr": "0",
            "name": person.name,
            "oid": person.entra_id,
            "preferred_username": person.upn,
            "scp": "access_as_user",
            "sub": f"pairwise-{person.key}",
            "tid": district.tenant_id,
            "ver": "2.0",
        }
        return self._signer.sign({k: v for k, v in (claims | other).items() if v is not None})

    def guest_token(self, guest: Resident, **other: Any) -> str:
        """What Teams of this directory hands to a guest: its issuer, an own object id, a foreign identity provider."""
        home = next(p for p in self._wire.region.residents.values() if p.entra_id)
        marks = {"acct": 1, "idp": f"https://sts.windows.net/{guid('tenant', guest.district)}/"}
        about = {"name": guest.name, "oid": guid("guest", guest.key), "preferred_username": guest.upn}
        return self.tab_token(home, sub=f"pairwise-guest-{guest.key}", **(about | marks | other))

    def _district(self, tenant: str) -> District | None:
        return next(
            (d for d in self._wire.region.districts.values() if d.tenant_id and d.tenant_id == tenant), None
        )

    def _no(self, error: str, number: int, status: int) -> Response:
        body = {"error": error, "error_description": f"AADSTS{number}: pretended", "error_codes": [number]}
        return Response(json.dumps(body), status, mimetype="application/json")


def _word(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

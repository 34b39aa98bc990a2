"""Access tokens for services, with the client assertion checked as strictly as any platform does.

Source: RFC 7523, 1EdTech Security Framework 4.1; LTI handbook 2.4 says what lenient platforms leave out.
"""

from __future__ import annotations

import json
import secrets

import jwt
import requests
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox.school import School
from coplink.sandbox.district import ISSUER, District
from coplink.sandbox.wire import Refuse

AUDIENCE = f"{ISSUER}/login/oauth2/token"
NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
GRANTED = frozenset({NAMES_AND_ROLES, NOTICES})
TOKEN_LIFE = 3600
LONGEST_ASSERTION = 300
SKEW = 60


class Tokens:
    """The token endpoint, and the tokens it gave."""

    def __init__(self, school: School) -> None:
        self._school = school

    def grant(self, request: Request) -> Response:
        """A token for the scopes asked, if the assertion proves who asks."""
        form = request.form
        if set(form) != {"grant_type", "client_assertion_type", "client_assertion", "scope"}:
            raise Refuse(400, "invalid_request", f"unexpected parameters: {sorted(form)}")
        if form["grant_type"] != "client_credentials":
            raise Refuse(400, "unsupported_grant_type", "client_credentials only")
        if form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            raise Refuse(400, "invalid_request", "client_assertion_type")
        district = self._who(form["client_assertion"])
        scopes = frozenset(form["scope"].split())
        if not scopes or not scopes <= GRANTED:
            raise Refuse(400, "invalid_scope", f"not granted: {sorted(scopes - GRANTED)}")
        token = secrets.token_urlsafe(32)
        self._school.store.put(
            "lti.tokens",
            token,
            {
                "district": district.key,
                "scopes": sorted(scopes),
                "expires": self._school.clock() + TOKEN_LIFE,
            },
        )
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE,
            "scope": " ".join(scopes),
        }
        return Response(json.dumps(body), mimetype="application/json", headers={"Cache-Control": "no-store"})

    def district(self, request: Request, scope: str) -> str:
        """The district whose token this request carries; refuses one that is missing, old or of another scope."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        kept = self._school.store.get("lti.tokens", token) if scheme == "Bearer" else None
        if kept is None or kept["expires"] < self._school.clock():
            raise Refuse(
                401, "invalid_token", "no such token", {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
            )
        if scope not in kept["scopes"]:
            raise Refuse(403, "insufficient_scope", scope)
        return str(kept["district"])

    def _who(self, assertion: str) -> District:
        try:
            header = jwt.get_unverified_header(assertion)
            unverified = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise Refuse(400, "invalid_client", "no JWT") from error
        district = self._school.by_client(str(unverified.get("iss")))
        if district is None or unverified.get("sub") != unverified.get("iss"):
            raise Refuse(400, "invalid_client", "iss and sub must both be the client id")
        if header.get("alg") != "RS256" or not header.get("kid"):
            raise Refuse(400, "invalid_client", "RS256 and a kid, please")
        self._check(assertion, tool_key(self._school, header["kid"]))
        return district

    def _check(self, assertion: str, key: object) -> None:
        now = self._school.clock()
        try:
            claims = jwt.decode(
                assertion,
                key,  # type: ignore[arg-type]  # what RSAAlgorithm made of the tool's key set
                algorithms=["RS256"],
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "require": ["iss", "sub", "aud", "iat", "exp", "jti"],
                },
            )
        except jwt.InvalidTokenError as error:
            raise Refuse(400, "invalid_client", type(error).__name__) from error
        if claims["aud"] not in (AUDIENCE, [AUDIENCE]):
            raise Refuse(400, "invalid_client", "aud")
        if not now - SKEW < claims["exp"] or claims["exp"] - claims["iat"] > LONGEST_ASSERTION:
            raise Refuse(400, "invalid_client", "exp")
        if not now - LONGEST_ASSERTION < claims["iat"] <= now + SKEW:
            raise Refuse(400, "invalid_client", "iat")
        with self._school.store.change():
            if self._school.store.get("lti.assertions", claims["jti"]) is not None:
                raise Refuse(400, "invalid_client", "jti was used before")
            self._school.store.put("lti.assertions", claims["jti"], {"expires": claims["exp"]})


def tool_key(school: School, kid: str) -> object:
    """The tool's public key of that id, as it publishes it now."""
    try:
        answer = requests.get(f"{school.region.tool_url}/lti/jwks.json", timeout=5, allow_redirects=False)
        keys = answer.json()["keys"] if answer.status_code == 200 else []
    except (requests.RequestException, ValueError, KeyError) as error:
        raise Refuse(400, "invalid_client", "the tool's key set cannot be read") from error
    for jwk in keys:
        if set(jwk) & {"d", "p", "q"}:
            raise Refuse(400, "invalid_client", "the tool publishes private parts")
        if jwk.get("kid") == kid and jwk.get("kty") == "RSA" and jwk.get("use") == "sig":
            return RSAAlgorithm.from_jwk(jwk)
    raise Refuse(400, "invalid_client", "the tool publishes no such key")

"""Sign-in with Google: OpenID Connect, authorization code with PKCE (RFC 7636), ending in an ``Arrival``.

Who comes is decided by ``sub`` within our domain, never by an address; ``hd`` must be the connection's own domain.
Rules for the identity token: OpenID Connect Core 1.0, section 3.1.3.7, and Google's page on validating it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import jwt

from coplink.core.arrival import Arrival, ProvedAccount
from coplink.core.errors import BadToken, LaunchError, LostState
from coplink.core.people import AccountId, InstitutionId
from coplink.core.words import Said, say
from coplink.ports.door import InboundRequest, Knock, Reply, TokenPage
from coplink.ports.errors import Throttled
from coplink.ports.integration import Call, Surroundings
from coplink_google.fetch import NoAnswer, fetch_json
from coplink_google.keyset import key_set
from coplink_google.options import Options
from coplink_google.quota import Quota

LEEWAY = 60  # seconds our clock and Google's may differ
OLDEST = 600  # seconds a fresh identity token may be old
LONGEST = 16_384  # characters of an identity token
BLOCKED = ("admin_policy_enforced", "access_not_configured", "org_internal", "disallowed_useragent")


class GoogleDoor:
    """The way in for people of one domain."""

    def __init__(self, institution: str, options: Options, around: Surroundings) -> None:
        self._institution, self._options, self._around = InstitutionId(institution), options, around
        self._quota = Quota(around.pace)

    @property
    def page(self) -> TokenPage | None:
        return None

    @property
    def frame_ancestors(self) -> tuple[str, ...]:
        return ()

    def begin(self, knock: Knock) -> Reply:
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(knock.verifier.encode()).digest()).decode().rstrip("=")
        )
        asked = {
            "client_id": self._options.client_id,
            "redirect_uri": knock.return_url,
            "response_type": "code",
            "scope": "openid email profile",
            "state": knock.state,
            "nonce": knock.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "hd": self._options.domain,
            "prompt": "select_account",
        }
        location = f"{self._options.auth_url}?{urlencode(asked)}"
        return Reply(303, {"location": location, "cache-control": "no-store"})

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        query = request.query
        if knock is None or not _same(query.get("state", ""), knock.state):
            raise LostState(say("This sign-in was started elsewhere or too long ago. Please start again."))
        if "error" in query:
            raise _declined(query["error"], self._options.domain)
        code = query.get("code", "")
        if not 0 < len(code) <= 2_048:
            raise BadToken(say("Google's answer is incomplete. Please start again."), "no code")
        claims = self._claims(self._exchange(code, knock), knock)
        sub, email = str(claims["sub"]), str(claims["email"]).casefold()
        return Arrival(
            door="google",
            institution=self._institution,
            realm=self._options.realm,
            subject=sub,
            name=_text(claims.get("name")),
            email=email,
            locale=_text(claims.get("locale")),
            accounts=(ProvedAccount("google", AccountId(sub), email),),
        )

    def _exchange(self, code: str, knock: Knock) -> str:
        """Trade the code for the identity token."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": knock.return_url,
            "client_id": self._options.client_id,
            "client_secret": self._options.client_secret,
            "code_verifier": knock.verifier,
        }
        try:
            self._quota.take("sign-in")
        except Throttled as error:
            raise _silent(error.detail) from None
        begun, status = self._around.clock.now(), 0
        try:
            status, body, _ = fetch_json(self._options.token_url, self._around.timeout, form)
        except NoAnswer as error:
            raise _silent(str(error)) from None
        finally:
            seconds = (self._around.clock.now() - begun).total_seconds()
            self._around.record(Call("google", "door.token", status, seconds))
        if status >= 500 or status == 429:
            raise _silent(f"token {status}")
        if status != 200:
            error_code = str(body.get("error", ""))
            if error_code == "invalid_client":
                raise LaunchError(
                    say(
                        "The sign-in with Google is not set up correctly here; your administrator must mend it."
                    ),
                    f"token {status} invalid_client",
                )
            raise BadToken(say("Google did not accept this sign-in. Please start again."), f"token {status}")
        token = body.get("id_token")
        if not isinstance(token, str) or not 0 < len(token) <= LONGEST:
            raise BadToken(say("Google's answer is incomplete. Please start again."), "no id_token")
        return token

    def _claims(self, token: str, knock: Knock) -> Mapping[str, Any]:
        now = self._around.clock.now().timestamp()
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
                raise _bad("algorithm or key id")
            key = key_set(self._options.jwks_url).key(header["kid"], now, self._around.timeout, self._quota)
            if key is None:
                raise _bad("unknown key")
            # times are checked below, against coplink's own clock
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                options={
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_aud": False,
                    "require": ["exp", "iat", "sub"],
                },
            )
        except NoAnswer as error:
            raise _silent(f"keys: {error}") from None
        except jwt.PyJWTError as error:
            raise _bad(type(error).__name__) from None
        self._check(claims, knock, now)
        return claims

    def _check(self, claims: Mapping[str, Any], knock: Knock, now: float) -> None:
        issuers = {self._options.issuer}
        if self._options.issuer == "https://accounts.google.com":
            issuers.add("accounts.google.com")  # Google documents both spellings
        audience = claims.get("aud")
        ours = self._options.client_id
        expires, issued = _time(claims.get("exp")), _time(claims.get("iat"))
        if claims.get("iss") not in issuers:
            raise _bad("iss")
        if audience not in (ours, [ours]) or claims.get("azp", ours) != ours:
            raise _bad("aud or azp")
        if expires is None or issued is None:
            raise _bad("times")
        if expires <= now - LEEWAY or issued > now + LEEWAY or issued < now - OLDEST - LEEWAY:
            raise BadToken(say("This sign-in has expired. Please start again."), "exp or iat")
        if not _same(str(claims.get("nonce", "")), knock.nonce):
            raise _bad("nonce")
        if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
            raise _bad("sub")
        if str(claims.get("hd", "")).casefold() != self._options.domain:
            said = say("Please sign in with your account of {domain}.", domain=self._options.domain)
            raise BadToken(said, "hd")
        if claims.get("email_verified") not in (True, "true") or not _text(claims.get("email")):
            raise BadToken(say("Google has not verified the address of this account."), "email_verified")


def _same(one: str, other: str) -> bool:
    return bool(other) and hmac.compare_digest(one.encode(), other.encode())


def _time(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value.strip()[:300] or None if isinstance(value, str) else None


def _bad(what: str) -> BadToken:
    return BadToken(
        say("Google's answer could not be verified. Please start again."), f"identity token: {what}"
    )


def _silent(detail: str) -> LaunchError:
    return LaunchError(say("Google does not answer at the moment. Please try again in a minute."), detail)


def _declined(error: str, domain: str) -> LaunchError:
    """What Google's sign-in page said instead of a code; only known words go into the log."""
    said: Said
    if error in BLOCKED:
        said = say(
            "The administrator of {domain} has not allowed coplink in Google Workspace yet.", domain=domain
        )
        return LaunchError(said, error)
    return LaunchError(
        say("You did not sign in with Google. You can start again at any time."), "access denied"
    )

"""Checks tokens that Microsoft's sign-in service issued for our API, by the keys it publishes.

The rules are those of Microsoft's pages on claims validation and on single sign-on in a tab: RS256 only, key by ``kid``
from the directory's own key set, issuer and ``tid`` of exactly this directory, audience this app, version 2.0, the
scope ``access_as_user``, the client a Teams client. Nothing is decided by an address or a name.

A guest (B2B) of the directory carries its ``iss`` and ``tid`` like everybody else, but is no person of this
institution: the optional claim ``acct`` says so, and ``idp`` wherever another directory or service signed them in
(Microsoft's pages on access token claims and on optional claims).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWK

from coplink.core.errors import BadToken, LaunchError
from coplink.core.words import say
from coplink.ports.errors import IntegrationError
from coplink.ports.pace import Pace
from coplink_teams.limits import SIGN_IN
from coplink_teams.settings import Settings
from coplink_teams.signin import SmallClient

TEAMS_CLIENTS = frozenset(
    {
        "1fec8e78-bce4-4aaf-ab1b-5451cc387264",  # Teams on desktops and phones
        "5e3ce6c0-2b1f-4285-8d4b-75ee78787346",  # Teams in a browser
    }
)
SCOPE = "access_as_user"
LEEWAY = 120.0  # seconds; Microsoft allows clocks five minutes, two are enough
LONGEST = 16 * 1024
COOLDOWN = 60.0  # seconds between two readings of a key set
FRESH = 24 * 3600.0
_INVALID = say("Teams did not tell coplink surely enough who you are. Close this tab and open it again.")
_GUEST = say(
    "You are a guest in this organisation’s Teams. Open coplink in your own organisation: there it knows who you are."
)
_NO_KEYS = say("Microsoft’s sign-in service does not answer just now. Try again in a minute.")


@dataclass(slots=True)
class _Keys:
    keys: Mapping[str, PyJWK]
    read_at: float


class KeySet:
    """The published keys of one directory; read again when a day old, or for an unknown key after a cool-down."""

    def __init__(self, address: str, client: SmallClient, now: Callable[[], float], pace: Pace) -> None:
        self._address, self._client, self._now, self._pace = address, client, now, pace
        self._lock = threading.Lock()
        self._known: _Keys | None = None

    def key(self, kid: str) -> PyJWK | None:
        """The key of that id, or None where the directory has published none."""
        with self._lock:
            known, now = self._known, self._now()
            stale = known is None or now - known.read_at > FRESH
            if known is not None and not stale and kid not in known.keys:
                stale = now - known.read_at > COOLDOWN
            if stale:
                try:
                    known = self._known = _Keys(self._read(), now)
                except LaunchError:
                    if known is None or kid not in known.keys:
                        raise
                    known.read_at = now - FRESH + COOLDOWN  # yesterday's keys serve while Microsoft is away
            return known.keys.get(kid) if known else None

    def _read(self) -> Mapping[str, PyJWK]:
        try:
            with self._pace.taking((SIGN_IN, "")):
                page = self._client.get(self._address)
            listed = json.loads(page.text)["keys"] if page.status_code == 200 else None
        except (IntegrationError, ValueError, LookupError, TypeError) as error:
            raise LaunchError(_NO_KEYS, f"key set: {type(error).__name__}") from error
        if not isinstance(listed, list):
            raise LaunchError(_NO_KEYS, f"key set: {page.status_code}")
        keys = {}
        for entry in listed:
            if isinstance(entry, dict) and entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig":
                try:
                    keys[str(entry["kid"])] = PyJWK(entry, algorithm="RS256")
                except (jwt.PyJWTError, LookupError, ValueError):
                    continue
        return keys


def verified(token: str, settings: Settings, keys: KeySet, now: float) -> Mapping[str, Any]:
    """The claims of a tab token, every rule checked.

    Raises ``BadToken`` with a detail for the security log, and a ``LaunchError`` for the sound token of a guest.
    """
    if not token or len(token) > LONGEST:
        raise BadToken(_INVALID, "token missing or too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise BadToken(_INVALID, f"header: {type(error).__name__}") from error
    if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
        raise BadToken(_INVALID, "algorithm or key id")
    key = keys.key(header["kid"])
    if key is None:
        raise BadToken(_INVALID, "unknown key")
    try:
        # times are checked below, by the house's clock
        options: Any = {
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": False,
            "require": ["exp"],
        }
        claims: Mapping[str, Any] = jwt.decode(token, key.key, algorithms=["RS256"], options=options)
    except jwt.PyJWTError as error:
        raise BadToken(_INVALID, f"signature: {type(error).__name__}") from error
    wrong = [name for name, fits in _rules(claims, settings, now).items() if not fits]
    if wrong:
        raise BadToken(_INVALID, f"claims: {', '.join(wrong)}")
    foreign = [name for name, fits in _at_home(claims, settings).items() if not fits]
    if foreign:
        raise LaunchError(_GUEST, f"claims of a guest: {', '.join(foreign)}")
    return claims


def _rules(claims: Mapping[str, Any], settings: Settings, now: float) -> dict[str, bool]:
    tid, oid = claims.get("tid"), claims.get("oid")
    return {
        "tid": tid == settings.tenant_id,
        "iss": claims.get("iss") == f"{settings.login_url}/{settings.tenant_id}/v2.0",
        "aud": claims.get("aud") == settings.client_id,
        "ver": claims.get("ver") == "2.0",
        "scp": SCOPE in str(claims.get("scp") or "").split(),
        "azp": claims.get("azp") in TEAMS_CLIENTS,
        "idtyp": claims.get("idtyp") != "app",
        "oid": isinstance(oid, str) and 0 < len(oid) <= 64,
        "exp": _number(claims.get("exp")) > now - LEEWAY,
        "nbf": _number(claims.get("nbf", 0)) <= now + LEEWAY,
        "iat": _number(claims.get("iat", 0)) <= now + LEEWAY,
    }


def _at_home(claims: Mapping[str, Any], settings: Settings) -> dict[str, bool]:
    """Whether somebody belongs to the directory: ``acct`` is 0 for its own people; ``idp``, where it is there at all,
    is the address of a sign-in service with the directory's id in its path.
    """
    idp = claims.get("idp")
    return {
        "acct": claims.get("acct") in (None, 0, "0"),
        "idp": idp is None or (isinstance(idp, str) and settings.tenant_id in idp.split("/")),
    }


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")

"""What every call to Canvas is signed with: an access token as it was entered, or one fetched for a consent.

Tokens of a developer key live an hour; the refresh token that consent brought stays until it is revoked (Canvas API
documentation, "OAuth2 Endpoints", November 2026). A new one is fetched a minute early, or when Canvas turns one away,
once for all threads; it is kept in memory only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

import requests

from coplink.core.words import say
from coplink.ports.errors import Reauthorize, UnexpectedReply
from coplink.ports.integration import Surroundings
from coplink_canvas import ADMIN
from coplink_canvas.names import Access
from coplink_canvas.operations import scopes

AUTHORIZE, TOKEN = "/login/oauth2/auth", "/login/oauth2/token"
EARLY = timedelta(seconds=60)
SHORTEST_LIFE, USUAL_LIFE = 120.0, 3600.0

Post = Callable[[Mapping[str, str]], Mapping[str, Any]]


class Tokens(Protocol):
    """Gives the token to sign a call with."""

    def current(self) -> str:
        """A token that should be good now; raises ``Reauthorize`` without consent."""
        ...

    def renewed(self, spent: str) -> str | None:
        """Another one in the place of one that Canvas turned away; None where there is no other."""
        ...


class Entered:
    """A token that a person made and entered."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        """That token."""
        return self._token

    def renewed(self, spent: str) -> str | None:
        """None: only a person can make another."""
        return None


class Fetched:
    """Tokens fetched for the consent given to a developer key. Safe to use from several threads."""

    def __init__(self, access: Access, post: Post, around: Surroundings) -> None:
        self._access, self._post, self._clock = access, post, around.clock
        self._lock = threading.Lock()
        self._token, self._until = "", datetime.min.replace(tzinfo=around.clock.now().tzinfo)

    def current(self) -> str:
        """The token at hand, or a new one where it is about to end."""
        with self._lock:
            if not self._token or self._clock.now() >= self._until - EARLY:
                self._fetch()
            return self._token

    def renewed(self, spent: str) -> str | None:
        """The token that another thread has fetched meanwhile, or a new one."""
        with self._lock:
            if self._token == spent:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        if not self._access.refresh_token:
            raise Reauthorize(
                say("Nobody has let coplink into Canvas yet: give consent on the connections page."), ADMIN
            )
        answer = self._post(
            {
                "grant_type": "refresh_token",
                "client_id": self._access.client_id,
                "client_secret": self._access.client_secret,
                "refresh_token": self._access.refresh_token,
            }
        )
        self._token = _text(answer, "access_token")
        life = answer.get("expires_in")
        seconds = float(life) if isinstance(life, (int, float)) and not isinstance(life, bool) else USUAL_LIFE
        self._until = self._clock.now() + timedelta(seconds=max(seconds, SHORTEST_LIFE))


class KeyConsent:
    """The round trip by which an administrator, signed in as the service account, lets coplink in."""

    def __init__(self, base_url: str, settings: Mapping[str, str], access: Access, post: Post) -> None:
        self._base_url, self._settings, self._access, self._post = base_url, settings, access, post

    def begin(self, state: str, return_url: str) -> str:
        """Canvas' page that asks; it names every scope the key must have."""
        asked = {
            "client_id": self._access.client_id,
            "response_type": "code",
            "redirect_uri": return_url,
            "state": state,
            "scope": " ".join(scopes(self._settings)),
        }
        return f"{self._base_url}{AUTHORIZE}?{urlencode(asked)}"

    def finish(self, code: str, return_url: str) -> Mapping[str, str]:
        """The refresh token for the code that came back."""
        answer = self._post(
            {
                "grant_type": "authorization_code",
                "client_id": self._access.client_id,
                "client_secret": self._access.client_secret,
                "redirect_uri": return_url,
                "code": code,
            }
        )
        return {"refresh_token": _text(answer, "refresh_token")}


def posting(base_url: str, through: requests.Session) -> Post:
    """Asks the token endpoint of this Canvas through a guarded session."""

    def post(form: Mapping[str, str]) -> Mapping[str, Any]:
        answer = through.post(f"{base_url}{TOKEN}", data=dict(form)).json()
        if not isinstance(answer, dict):
            raise _odd()
        return answer

    return post


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise _odd()
    return value


def _odd() -> UnexpectedReply:
    return UnexpectedReply(
        say("Canvas answered something coplink does not understand."), "the answer of the token endpoint"
    )

"""The app's own token (client credentials): fetched, kept until shortly before it ends, dropped when refused.

How it is fetched is handed in: MSAL for https sign-in addresses, a plain request of the same form for an address on
this machine, because MSAL refuses authorities without https. Which one is decided by the address alone.
"""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from coplink.core.words import say
from coplink.ports.errors import IntegrationError, Misconfigured, Reauthorize, Throttled
from coplink.ports.integration import Call, Surroundings
from coplink_teams import ADMIN
from coplink_teams.limits import SIGN_IN
from coplink_teams.replies import strange, unreachable
from coplink_teams.settings import Settings

Fetch = Callable[[str | None], Mapping[str, Any]]
MOST = 256 * 1024
CALLS = 2  # MSAL reads the directory's addresses before it asks for a token


@functools.cache
def tls() -> ssl.SSLContext:
    """Reading the machine's certificates takes longer than a call: once for each process."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Page:
    """What the sign-in service answered; the small surface MSAL asks of an HTTP client's response."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        """Raise for 4xx and 5xx, as MSAL expects."""
        if self.status_code >= 400:
            raise unreachable("sign-in", str(self.status_code))


class SmallClient:
    """An HTTP client with a time-out and a size limit, in the shape MSAL takes."""

    def __init__(
        self, timeout: float, transport: httpx.BaseTransport | None = None, trust_env: bool = True
    ) -> None:
        self._timeout, self._transport, self._trust_env = timeout, transport, trust_env

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Page:
        """One GET."""
        return self._ask("GET", url, params=params, headers=headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Page:
        """One POST of a form."""
        return self._ask("POST", url, params=params, data=data, headers=headers)

    def close(self) -> None:
        """Nothing is kept open."""

    def _ask(self, method: str, url: str, **what: Any) -> Page:
        body = bytearray()
        try:
            with (
                httpx.Client(
                    timeout=self._timeout, transport=self._transport, trust_env=self._trust_env, verify=tls()
                ) as client,
                client.stream(method, url, **what) as response,
            ):
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST:
                        raise strange("sign-in answer too long")
                page = Page(response.status_code, body.decode("utf-8", "replace"), dict(response.headers))
        except httpx.HTTPError as error:  # signing in changes nothing: safe to repeat
            raise unreachable("sign-in", type(error).__name__) from error
        if page.status_code >= 500:
            raise unreachable("sign-in", str(page.status_code))
        return page


def plain_fetch(settings: Settings, client: SmallClient) -> Fetch:
    """The client-credentials request (RFC 6749, 4.4) in Entra's v2.0 form, without MSAL."""

    def fetch(claims: str | None) -> Mapping[str, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "scope": scope_of(settings),
            **({"claims": claims} if claims else {}),
        }
        page = client.post(f"{settings.login_url}/{settings.tenant_id}/oauth2/v2.0/token", data=form)
        return {**httpx.Response(page.status_code, text=page.text).json(), "status": page.status_code}

    return fetch


def scope_of(settings: Settings) -> str:
    """Everything the app was granted on this Graph."""
    scheme, _, rest = settings.graph_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/.default"


class Tokens:
    """The current token of one connection; safe to use from many threads."""

    def __init__(self, fetch: Fetch, now: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._now = fetch, now
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    @property
    def current(self) -> str:
        """The token last fetched; empty before the first."""
        return self._token

    def get(self, around: Surroundings) -> str:
        """A token that lives for another two minutes; raises what the sign-in service says."""
        with self._lock:
            if self._now() >= self._until:
                self._renew(None, around)
            return self._token

    def renew(self, refused: str, claims: str | None, around: Surroundings) -> str:
        """Another token than the one just refused, with the claims the service asks for."""
        with self._lock:
            if self._token == refused or claims:
                self._renew(claims, around)
            return self._token

    def _renew(self, claims: str | None, around: Surroundings) -> None:
        with around.pace.taking((SIGN_IN, ""), weight=CALLS):
            answer = self._asked(claims, around)
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            refused = _no_token(answer)
            if isinstance(refused, Throttled):
                around.pace.told(SIGN_IN, "", refused.retry_after)
            raise refused
        self._token = token
        self._until = self._now() + max(30.0, float(answer.get("expires_in") or 0) - 120.0)

    def _asked(self, claims: str | None, around: Surroundings) -> Mapping[str, Any]:
        began, answer = time.monotonic(), dict[str, Any]()
        try:
            answer = dict(self._fetch(claims))
        except IntegrationError:
            raise
        except Exception as error:
            # whatever the sign-in kit raises: only its kind is told, its words may quote the secret
            raise strange(f"sign-in {type(error).__name__}") from error
        finally:
            status = 200 if "access_token" in answer else int(answer.get("status") or 0)
            around.record(Call("teams", "POST token", status, time.monotonic() - began))
        return answer


def _no_token(answer: Mapping[str, Any]) -> IntegrationError:
    code = str(answer.get("error") or "")[:60]
    numbers = " ".join(str(n) for n in (answer.get("error_codes") or ())[:3])
    detail = f"sign-in {answer.get('status', '')} {code} {numbers}".strip()
    if answer.get("status") == 429:
        return Throttled(say("Microsoft asks coplink to slow down; it goes on by itself."), detail)
    if code in ("invalid_client", "unauthorized_client"):
        return Reauthorize(
            say(
                "Microsoft does not accept the client id and secret of the coplink app: the secret may have ended."
            ),
            ADMIN,
            detail,
        )
    if code in ("invalid_tenant", "invalid_request", "invalid_scope", "invalid_instance"):
        return Misconfigured(say("Microsoft does not know this directory (tenant) id."), ADMIN, detail)
    if int(answer.get("status") or 0) >= 500 or code in ("temporarily_unavailable", "server_error"):
        return unreachable("sign-in", detail)
    return Reauthorize(say("Microsoft refuses to sign the coplink app in."), ADMIN, detail)

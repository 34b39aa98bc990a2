"""Microsoft Graph through Microsoft's own kit; the only importer of ``msgraph`` and ``msal``.

The kit is asyncio only: one background loop serves the whole process, and clients are made inside it (anew after a
fork). Its typed builders make every address. Bodies go out and come back as JSON through the kit's own authenticated
client: no model is built, because the first one costs a second and a page of 999 people four. The kit's retries and
redirects are off; ``coplink`` repeats what may be repeated. Measured with msgraph-sdk 1.65 and kiota 1.16.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import msal
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    AnonymousAuthenticationProvider,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import RedirectHandlerOption, RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.graph_request_adapter import options as kit_options
from msgraph_core import GraphClientFactory

from coplink.ports.errors import IntegrationError
from coplink.ports.integration import Call, Surroundings
from coplink_teams.limits import Quota
from coplink_teams.replies import Answer, accepted, silent, strange, unreachable
from coplink_teams.settings import Settings, is_loopback
from coplink_teams.signin import Fetch, SmallClient, Tokens, plain_fetch, scope_of

MOST = 8 * 1024 * 1024
PAGES = 500
Builder = Callable[[Any], Any]
# Without the first, Graph hides shared channels behind "unknownFutureValue".
ALWAYS = "include-unknown-enum-members"


def _load_builders() -> None:
    """Load the kit's builders that are used here: it does so late, and warns about its own deprecated classes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        kit = GraphServiceClient(request_adapter=GraphRequestAdapter(AnonymousAuthenticationProvider()))
        channel = kit.teams.by_team_id("t").channels.by_channel_id("c")
        event = kit.users.by_user_id("u").events.by_event_id("e")
        item = kit.drives.by_drive_id("d").items.by_drive_item_id("i")
        _ = (
            kit.teams.by_team_id("t").members, channel.members.by_conversation_member_id("m"), channel.tabs,
            channel.files_folder, event.instances, event.cancel, item.delta, kit.subscriptions.by_subscription_id("s"),
        )  # fmt: skip


_load_builders()


class _Bearer(AccessTokenProvider):  # type: ignore[misc]  # the kit is not followed by mypy
    """Puts the token on requests to our Graph only: a next link is input and could carry it elsewhere."""

    def __init__(self, base: str, tokens: Tokens) -> None:
        self._base, self._tokens = base, tokens

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        return self._tokens.current if same_origin(uri, self._base) else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([urlsplit(self._base).hostname or ""])


class _Loop:
    """The process's one event loop, in a thread of its own."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="coplink-graph", daemon=True).start()

    def run(self, work: Any, timeout: float) -> Any:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout), self._loop).result(
            timeout + 5
        )


class _Client:
    """What connections with the same settings share: the kit's client, the token, the limits."""

    def __init__(self, loop: _Loop, settings: Settings, fetch: Fetch, share: float, transport: Any) -> None:
        self.loop, self.base = loop, settings.graph_url
        self.tokens = Tokens(fetch)
        self.quota = Quota(settings.calls_per_second, share)
        loop.run(self._open(transport, trust_env=not is_loopback(self.base)), 60)

    async def _open(self, transport: Any, trust_env: bool) -> None:
        off = {
            RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False),
            RedirectHandlerOption.get_key(): RedirectHandlerOption(max_redirect=0, should_redirect=False),
        }
        self._http = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(timeout=30, transport=transport, trust_env=trust_env),
            options={**kit_options, **off},
        )
        bearer = BaseBearerTokenAuthenticationProvider(_Bearer(self.base, self.tokens))
        self._adapter = GraphRequestAdapter(bearer, client=self._http)
        self._adapter.base_url = self.base
        self.kit = GraphServiceClient(request_adapter=self._adapter)

    def address(self, info: RequestInformation) -> str:
        """Where a request goes, with the base in front."""
        self._adapter.set_base_url_for_request_information(info)
        return str(info.url)

    def exchange(self, info: RequestInformation, timeout: float) -> tuple[int, dict[str, str], bytes]:
        """Send once, read the answer up to the size limit."""
        self._adapter.set_base_url_for_request_information(info)
        return self.loop.run(self._exchange(info), timeout)  # type: ignore[no-any-return]

    async def _exchange(self, info: RequestInformation) -> tuple[int, dict[str, str], bytes]:
        request = await self._adapter.convert_to_native_async(info)
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST:
                    raise strange("answer larger than 8 MB")
            return response.status_code, dict(response.headers), bytes(body)
        finally:
            await response.aclose()


class Graph:
    """One connection's calls: bounded, limited, recorded; raises only ``IntegrationError`` kinds."""

    def __init__(self, client: _Client, around: Surroundings) -> None:
        self._client, self._around = client, around
        self.base = client.base

    def send(
        self,
        method: str,
        at: Builder | str,
        *,
        service: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        prefer: str = "",
        operation: str = "",
        weight: int = 1,
        write: bool | None = None,
    ) -> Answer:
        """One exchange, whatever its status. ``at`` picks a builder of the kit, or is a link Graph gave us."""
        writes = method != "GET" if write is None else write
        name = operation or self._name(method, at)
        with self._client.quota.taking(service, weight, name):
            token = self._client.tokens.get()
            answer = self._once(name, self._info(method, at, query, body, prefer), writes)
            if answer.status == 401:  # a token ended early, or a claims challenge: once more with a fresh one
                claims = _claims(answer.headers.get("www-authenticate", ""))
                self._client.tokens.renew(token, claims)
                answer = self._once(name, self._info(method, at, query, body, prefer), writes)
        return answer

    def get(
        self, at: Builder | str, *, service: str, query: Mapping[str, str] | None = None, prefer: str = ""
    ) -> dict[str, Any]:
        """One JSON object, read."""
        return accepted(self.send("GET", at, service=service, query=query, prefer=prefer), 200).json()

    def pages(
        self, at: Builder, *, service: str, query: Mapping[str, str] | None = None, prefer: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Every page of a listing; next links to another origin and loops raise ``UnexpectedReply``."""
        name, seen = self._name("GET", at), set[str]()
        where: Builder | str = at
        while True:
            answer = self.send("GET", where, service=service, query=query, prefer=prefer, operation=name)
            page = accepted(answer, 200).json()
            yield page
            link = page.get("@odata.nextLink")
            if link is None:
                return
            where, query = self.own_link(link, name), None
            if where in seen or len(seen) >= PAGES:
                raise strange(f"{name} next links go in a circle")
            seen.add(where)

    def listed(
        self, at: Builder, *, service: str, query: Mapping[str, str] | None = None, prefer: str = ""
    ) -> list[dict[str, Any]]:
        """Every entry of a listing, all pages."""
        return [
            entry
            for page in self.pages(at, service=service, query=query, prefer=prefer)
            for entry in page["value"]
        ]

    def own_link(self, link: object, name: str) -> str:
        """A link that stays on our Graph; anything else is refused, since the token would go with it."""
        if not isinstance(link, str) or not same_origin(link, self.base):
            raise strange(f"{name} link to another origin")
        return link

    def relative(self, method: str, at: Builder) -> str:
        """The address as a part of a $batch wants it."""
        return self._client.address(self._info(method, at, None, None, "")).removeprefix(self.base)

    def _name(self, method: str, at: Builder | str) -> str:
        if isinstance(at, str):
            return f"{method} link"
        path = str(at(self._client.kit).url_template).partition("{?")[0].partition("?")[0]
        return f"{method} {path.replace('{+baseurl}', '').replace('%2D', '-')}"

    def _info(
        self,
        method: str,
        at: Builder | str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        prefer: str,
    ) -> RequestInformation:
        if isinstance(at, str):
            info = RequestInformation(Method(method))
            info.url = at
        else:
            builder = at(self._client.kit)
            info = RequestInformation(Method(method), builder.url_template, dict(builder.path_parameters))
            for name, value in (query or {}).items():
                info.query_parameters[name.replace("$", "%24")] = value
        info.headers.add("Accept", "application/json")
        info.headers.add("Prefer", f"{ALWAYS}, {prefer}" if prefer else ALWAYS)
        if body is not None:
            info.headers.add("Content-Type", "application/json")
            info.content = json.dumps(body, ensure_ascii=False).encode()
        return info

    def _once(self, name: str, info: RequestInformation, write: bool) -> Answer:
        began, status = time.monotonic(), 0
        try:
            status, headers, body = self._client.exchange(info, self._around.timeout)
            return Answer(name, status, headers, body, write)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise unreachable(name, type(error).__name__) from error
        except IntegrationError:
            raise
        except (
            Exception
        ) as error:  # a time-out, a broken connection, or whatever the kit makes of a broken answer
            raise silent(name, write, type(error).__name__) from error
        finally:
            self._around.record(Call("teams", name, status, time.monotonic() - began))


_lock = threading.Lock()
_loops: list[_Loop] = []
_clients: OrderedDict[tuple[object, ...], _Client] = OrderedDict()
_MOST_CLIENTS = 64


def open_graph(settings: Settings, around: Surroundings, transport: Any = None, sign_in: Any = None) -> Graph:
    """The way to one institution's Graph; client, token and limits are shared by equal settings in this process.

    ``transport`` and ``sign_in`` replace httpx's own transports (asynchronous and not) for tests of odd replies.
    """
    secret = hashlib.sha256(settings.client_secret.encode()).hexdigest()
    key = (
        os.getpid(), settings.graph_url, settings.login_url, settings.tenant_id, settings.client_id, secret,
        settings.calls_per_second, around.share, around.timeout, id(transport), id(sign_in),
    )  # fmt: skip
    with _lock:
        if not _loops or _loops[-1].pid != os.getpid():
            _loops.append(_Loop())
        if key not in _clients:
            fetch = _fetch(
                settings, SmallClient(around.timeout, sign_in, not is_loopback(settings.login_url)), around
            )
            _clients[key] = _Client(_loops[-1], settings, fetch, around.share, transport)
            while len(_clients) > _MOST_CLIENTS:
                _clients.popitem(last=False)
        _clients.move_to_end(key)
        return Graph(_clients[key], around)


def same_origin(link: str, base: str) -> bool:
    """Whether a link stays below our base address: scheme, host, port and path prefix, letter by letter."""
    return link.startswith(f"{base}/") and urlsplit(link).netloc == urlsplit(base).netloc


def _fetch(settings: Settings, client: SmallClient, around: Surroundings) -> Fetch:
    fetch = (
        plain_fetch(settings, client) if settings.login_url.startswith("http://") else _msal(settings, client)
    )

    def recorded(claims: str | None) -> Mapping[str, Any]:
        began, status = time.monotonic(), 0
        try:
            answer = fetch(claims)
            status = 200 if "access_token" in answer else int(answer.get("status") or 400)
            return answer
        finally:
            around.record(Call("teams", "POST token", status, time.monotonic() - began))

    return recorded


def _msal(settings: Settings, client: SmallClient) -> Fetch:
    def fetch(claims: str | None) -> Mapping[str, Any]:
        app = msal.ConfidentialClientApplication(
            settings.client_id,
            client_credential=settings.client_secret,
            authority=f"{settings.login_url}/{settings.tenant_id}",
            http_client=client,
            instance_discovery=False,
        )
        answer: Mapping[str, Any] = app.acquire_token_for_client(
            [scope_of(settings)], claims_challenge=claims
        )
        return answer

    return fetch


def _claims(challenge: str) -> str | None:
    """The claims a 401 asks for (WWW-Authenticate), decoded; None where there are none."""
    found = re.search(r'claims="([A-Za-z0-9+/=_-]+)"', challenge)
    if not found:
        return None
    try:
        return base64.b64decode(found[1] + "=" * (-len(found[1]) % 4), altchars=b"-_").decode()
    except ValueError:
        return None

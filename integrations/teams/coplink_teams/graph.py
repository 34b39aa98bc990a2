"""Microsoft Graph through Microsoft's own kit; the only importer of ``msgraph`` and ``msal``.

The kit is asyncio only: one background loop serves the whole process, and clients are made inside it (anew after a
fork). Its typed builders make every address. Bodies go out and come back as JSON through the kit's own authenticated
client: no model is built, because the first one costs a second and a page of 999 people four. The kit's retries and
redirects are off; ``coplink`` repeats what may be repeated. Measured with msgraph-sdk 1.65 and kiota 1.16.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Mapping
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

from coplink.ports.integration import Surroundings
from coplink_teams.calls import ALWAYS, Builder, Graph, Query, same_origin
from coplink_teams.replies import strange
from coplink_teams.settings import Settings, is_loopback
from coplink_teams.signin import Fetch, SmallClient, Tokens, plain_fetch, scope_of, tls

MOST = 8 * 1024 * 1024
MOST_CLIENTS = 64
LINGER = 120.0  # seconds an evicted client still answers those who hold it


def _load_builders() -> None:
    """Load the kit's builders that are used here: it does so late, and warns about its own deprecated classes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        nobody = AnonymousAuthenticationProvider()
        unused = httpx.AsyncClient(
            verify=tls()
        )  # the kit's own would read the machine's certificates once more
        kit = GraphServiceClient(request_adapter=GraphRequestAdapter(nobody, client=unused))
        channel = kit.teams.by_team_id("t").channels.by_channel_id("c")
        event = kit.users.by_user_id("u").events.by_event_id("e")
        item = kit.drives.by_drive_id("d").items.by_drive_item_id("i")
        team = kit.teams.by_team_id("t")
        for members in (team.members, channel.members):
            _ = (members.add, members.remove, members.by_conversation_member_id("m"))
        _ = (
            team.archive, team.unarchive, team.send_activity_notification, team.installed_apps, team.primary_channel,
            team.operations.by_teams_async_operation_id("o"), kit.users.by_user_id("u").joined_teams,
            channel.tabs.by_teams_tab_id("t"), channel.files_folder, event.instances, event.cancel, item.delta,
            kit.subscriptions.by_subscription_id("s"), kit.invitations,
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
        """Wait for a coroutine from a thread."""
        bounded = asyncio.wait_for(work, timeout)
        return asyncio.run_coroutine_threadsafe(bounded, self._loop).result(timeout + 5)

    def later(self, seconds: float, make: Any) -> None:
        """Start a coroutine some time from now."""
        begin = lambda: self._loop.call_later(seconds, lambda: self._loop.create_task(make()))  # noqa: E731
        self._loop.call_soon_threadsafe(begin)


class Client:
    """What connections with the same settings share: the kit and the token."""

    def __init__(self, loop: _Loop, settings: Settings, fetch: Fetch, transport: Any) -> None:
        self._loop, self.base = loop, settings.graph_url
        self.tokens = Tokens(fetch)
        self.calls_per_second = settings.calls_per_second
        loop.run(self._open(transport, trust_env=not is_loopback(self.base)), 60)

    async def _open(self, transport: Any, trust_env: bool) -> None:
        off = {
            RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False),
            RedirectHandlerOption.get_key(): RedirectHandlerOption(max_redirect=0, should_redirect=False),
        }
        self._http = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(timeout=30, transport=transport, trust_env=trust_env, verify=tls()),
            options={**kit_options, **off},
        )
        bearer = BaseBearerTokenAuthenticationProvider(_Bearer(self.base, self.tokens))
        self._adapter = GraphRequestAdapter(bearer, client=self._http)
        self._adapter.base_url = self.base
        self._kit = GraphServiceClient(request_adapter=self._adapter)

    def close_later(self) -> None:
        """Let go of the connections once nobody can be waiting for them."""
        self._loop.later(LINGER, self._http.aclose)

    def template(self, at: Builder) -> str:
        """The path of a builder with its placeholders, without query."""
        path = str(at(self._kit).url_template).partition("{?")[0].partition("?")[0]
        return path.replace("{+baseurl}", "").replace("%2D", "-")

    def request(
        self, method: str, at: Builder | str, query: Query, body: object, prefer: str, low: bool = False
    ) -> RequestInformation:
        """One request, ready to be sent; ``low`` tells Microsoft to throttle it before others."""
        if isinstance(at, str):
            info = RequestInformation(Method(method))
            info.url = at
        else:
            builder = at(self._kit)
            info = RequestInformation(Method(method), builder.url_template, dict(builder.path_parameters))
            for name, value in (query or {}).items():
                info.query_parameters[name.replace("$", "%24")] = value
        info.headers.add("Accept", "application/json")
        info.headers.add("Prefer", f"{ALWAYS}, {prefer}" if prefer else ALWAYS)
        if low:
            info.headers.add("x-ms-throttle-priority", "low")
        if body is not None:
            info.headers.add("Content-Type", "application/json")
            info.content = json.dumps(body, ensure_ascii=False).encode()
        self._adapter.set_base_url_for_request_information(info)
        return info

    def address(self, request: RequestInformation) -> str:
        """Where a request goes."""
        return str(request.url)

    def exchange(self, request: RequestInformation, timeout: float) -> tuple[int, dict[str, str], bytes]:
        """Send once, read the answer up to the size limit."""
        return self._loop.run(self._exchange(request), timeout)  # type: ignore[no-any-return]

    async def _exchange(self, request: RequestInformation) -> tuple[int, dict[str, str], bytes]:
        native = await self._adapter.convert_to_native_async(request)
        response = await self._http.send(native, stream=True, follow_redirects=False)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST:
                    raise strange("answer larger than 8 MB")
            return response.status_code, dict(response.headers), bytes(body)
        finally:
            await response.aclose()


_lock = threading.Lock()
_loops: list[_Loop] = []
_clients: OrderedDict[tuple[object, ...], Client] = OrderedDict()


def open_graph(settings: Settings, around: Surroundings, transport: Any = None, sign_in: Any = None) -> Graph:
    """The way to one institution's Graph; client and token are shared by equal settings in this process.

    ``transport`` and ``sign_in`` replace httpx's own transports (asynchronous and not) for tests of odd replies.
    """
    secret = hashlib.sha256(settings.client_secret.encode()).hexdigest()
    key = (
        os.getpid(), settings.graph_url, settings.login_url, settings.tenant_id, settings.client_id, secret,
        settings.calls_per_second, around.timeout, id(transport), id(sign_in),
    )  # fmt: skip
    with _lock:
        if not _loops or _loops[-1].pid != os.getpid():
            _loops.append(_Loop())
        if key not in _clients:
            small = SmallClient(around.timeout, sign_in, not is_loopback(settings.login_url))
            plain = settings.login_url.startswith("http://")  # settings allow that on this machine only
            fetch = plain_fetch(settings, small) if plain else _msal(settings, small)
            _clients[key] = Client(_loops[-1], settings, fetch, transport)
            while len(_clients) > MOST_CLIENTS:
                _clients.popitem(last=False)[1].close_later()
        _clients.move_to_end(key)
        return Graph(_clients[key], around)


def _msal(settings: Settings, client: SmallClient) -> Fetch:
    def fetch(claims: str | None) -> Mapping[str, Any]:
        try:
            app = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=settings.client_secret,
                authority=f"{settings.login_url}/{settings.tenant_id}",
                http_client=client,
                instance_discovery=False,
            )
        except ValueError:  # what MSAL makes of a directory that does not exist
            return {"error": "invalid_tenant", "status": 400}
        asked: Mapping[str, Any] = app.acquire_token_for_client([scope_of(settings)], claims_challenge=claims)
        return asked

    return fetch

"""One connection's calls to Microsoft Graph: bounded, limited, recorded, and only the port's own errors come out.

Knows nothing of the kit: it says what to send, ``graph.py`` sends it. An address is a choice of a builder
(``lambda g: g.teams.by_team_id(team).channels``) or a link Graph gave us.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from coplink.ports.errors import IntegrationError
from coplink.ports.integration import Call, Surroundings
from coplink_teams.answers import Answer
from coplink_teams.limits import Quota
from coplink_teams.replies import accepted, silent, strange, unreachable
from coplink_teams.signin import Tokens

PAGES = 500
Builder = Callable[[Any], Any]
Query = Mapping[str, str] | None
# Without it, Graph hides shared channels behind "unknownFutureValue".
ALWAYS = "include-unknown-enum-members"


class Kit(Protocol):
    """What ``graph.py`` offers: Microsoft's kit, opened for one institution, its token and its rate."""

    @property
    def base(self) -> str: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def calls_per_second(self) -> float: ...

    def template(self, at: Builder) -> str:
        """The path of a builder with its placeholders."""
        ...

    def request(
        self, method: str, at: Builder | str, query: Query, body: object, prefer: str, low: bool = False
    ) -> Any:
        """One request, ready to be sent; to be made anew for a repetition. ``low``: it can wait for others."""
        ...

    def address(self, request: Any) -> str:
        """Where a request goes."""
        ...

    def exchange(self, request: Any, timeout: float) -> tuple[int, dict[str, str], bytes]:
        """Send once, read the answer up to the size limit."""
        ...


class Graph:
    """What the ports use."""

    def __init__(self, kit: Kit, around: Surroundings) -> None:
        self._kit, self._around = kit, around
        self.quota = Quota(around.pace, kit.calls_per_second)
        self.base = kit.base

    def send(
        self,
        method: str,
        at: Builder | str,
        *,
        service: str,
        query: Query = None,
        body: Mapping[str, Any] | None = None,
        prefer: str = "",
        operation: str = "",
        among: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """One exchange, whatever its status; ``service`` names the limits it counts against.

        ``among`` names the parts of a batch by method and address: each counts as a call of its own.
        """
        name = operation or self._name(method, at)
        low = self.quota.background
        request = self._kit.request(method, at, query, body, prefer, low)
        calls = among or ((method, self._kit.address(request)),)
        with self.quota.taking(service, calls):
            token = self._kit.tokens.get(self._around)
            answer = self._once(name, request, method)
        if answer.status == 401:  # a token ended early, or a claims challenge: once more with a fresh one
            claims = _claims(answer.headers.get("www-authenticate", ""))
            self._kit.tokens.renew(token, claims, self._around)
            with self.quota.taking(service, calls):
                answer = self._once(name, self._kit.request(method, at, query, body, prefer, low), method)
        # An envelope that was refused as a whole is about none of the teams and mailboxes its parts name.
        self.quota.answered(service, method, "" if among else calls[0][1], answer)
        return answer

    def fresh_token(self) -> str:
        """A token fetched just now: it tells what has been granted meanwhile. Raises what the sign-in says."""
        return self._kit.tokens.renew(self._kit.tokens.current, None, self._around)

    def get(
        self, at: Builder | str, *, service: str, query: Query = None, prefer: str = ""
    ) -> dict[str, Any]:
        """One JSON object, read."""
        return accepted(self.send("GET", at, service=service, query=query, prefer=prefer), 200).json()

    def pages(
        self, at: Builder, *, service: str, query: Query = None, prefer: str = ""
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
        self, at: Builder, *, service: str, query: Query = None, prefer: str = ""
    ) -> list[dict[str, Any]]:
        """Every entry of a listing, all pages."""
        pages = self.pages(at, service=service, query=query, prefer=prefer)
        return [entry for page in pages for entry in page["value"]]

    def own_link(self, link: object, name: str) -> str:
        """A link that stays on our Graph; anything else is refused, since the token would go with it."""
        if not isinstance(link, str) or not same_origin(link, self.base):
            raise strange(f"{name} link to another origin")
        return link

    def relative(self, method: str, at: Builder, query: Query = None) -> str:
        """The address as a part of a $batch wants it."""
        return self._kit.address(self._kit.request(method, at, query, None, "")).removeprefix(self.base)

    def _name(self, method: str, at: Builder | str) -> str:
        return f"{method} {'link' if isinstance(at, str) else self._kit.template(at)}"

    def _once(self, name: str, request: Any, method: str) -> Answer:
        began, status, write = time.monotonic(), 0, method != "GET"
        try:
            status, headers, body = self._kit.exchange(request, self._around.timeout)
            return Answer(name, status, headers, body, write)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise unreachable(name, type(error).__name__) from error
        except IntegrationError as error:  # an answer of which we read no more: done, for all we know
            if write:
                raise silent(name, write, error.detail) from error
            raise
        except Exception as error:  # too slow, broken off, or whatever the kit makes of a broken answer
            raise silent(name, write, type(error).__name__) from error
        finally:
            self._around.record(Call("teams", name, status, time.monotonic() - began))


def same_origin(link: str, base: str) -> bool:
    """Whether a link stays below our base address: scheme, host, port and path prefix, letter by letter."""
    return link.startswith(f"{base}/") and urlsplit(link).netloc == urlsplit(base).netloc


def _claims(challenge: str) -> str | None:
    """The claims a 401 asks for (WWW-Authenticate), decoded; None where there are none."""
    found = re.search(r'claims="([A-Za-z0-9+/=_-]+)"', challenge)
    if not found:
        return None
    try:
        return base64.b64decode(found[1] + "=" * (-len(found[1]) % 4), altchars=b"-_").decode()
    except ValueError:
        return None

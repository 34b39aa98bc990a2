"""A line to one of a platform's hosts, for many readings in a row.

``Egress`` works out certificates and the pool of judged addresses for every call; for a roster of two thousand pages
that costs more than reading them, so a line does it once. Everything else is as strict as there: no redirects, no
cookies, short time-outs, a bound for each answer and for how long it may take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from coplink.core.words import say
from coplink.lti.egress import Answer, described, unreachable
from coplink.lti.origins import origin, split
from coplink.lti.outside import forbidden
from coplink.lti.patience import PATIENCE
from coplink.ports.errors import UnexpectedReply


class Line:
    """Reads addresses of one origin over kept connections; belongs to one thread."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        timeout: tuple[float, float],
        whole: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if split(url) is None:
            raise _unusable(described("GET", url))
        adapter = session.get_adapter(url)
        assert isinstance(adapter, HTTPAdapter)  # noqa: S101  (the session is made by ``Egress``)
        request = requests.Request("GET", url).prepare()
        pool = adapter.get_connection_with_tls_context(request, verify=session.verify, proxies={}, cert=None)
        assert isinstance(pool, HTTPConnectionPool)  # noqa: S101
        self._pool = pool
        self._origin, parts = origin(url), split(url)
        self._here = f"{parts.scheme}://{parts.netloc}" if parts else ""
        self._headers = {
            "User-Agent": str(session.headers["User-Agent"]),
            "Accept-Encoding": str(session.headers["Accept-Encoding"]),
        }
        self._timeout = Timeout(connect=timeout[0], read=timeout[1])
        self._whole, self._clock = whole, clock

    def get(self, url: str, limit: int, headers: Mapping[str, str]) -> Answer:
        """Read an address of this line's origin; ``limit`` in bytes."""
        target = self.target(url)
        if target is None:
            raise _unusable(described("GET", url))
        with PATIENCE.call(self._whole):
            return self._read(url, target, limit, headers)

    def _read(self, url: str, target: str, limit: int, headers: Mapping[str, str]) -> Answer:
        ends = self._clock() + self._whole
        try:
            response = self._pool.urlopen(
                "GET",
                target,
                headers={**self._headers, **headers},
                redirect=False,
                retries=False,
                timeout=self._timeout,
                preload_content=False,
            )
            try:
                body = self._body(response, limit, ends, url)
            except BaseException:
                response.close()
                raise
            finally:
                response.release_conn()
        except (HTTPError, OSError) as error:
            if why := forbidden(error):
                raise _unusable(f"{described('GET', url)}: {why}") from error
            raise unreachable(f"{described('GET', url)}: {type(error).__name__}") from error
        # By name: what comes in several fields (``Link``) is joined then, and lost when the fields are listed.
        return Answer(response.status, {k.lower(): response.headers[k] for k in response.headers}, body)

    def target(self, url: str) -> str | None:
        """What to ask this line's host for (path and query), or None when the address lies elsewhere.

        Nearly every address begins, letter for letter, like the first one; the others are compared with care.
        """
        rest = url[len(self._here) :]
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
        if plain and rest[:1] in ("/", "?") and url.startswith(self._here):
            rest = rest.partition("#")[0]
            return rest if rest[:1] == "/" else f"/{rest}"
        parts = split(url)
        if parts is None or origin(url) != self._origin:
            return None
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def _body(self, response: BaseHTTPResponse, limit: int, ends: float, url: str) -> bytes:
        # In one piece and, unless it is packed, past the buffers for unpacking: they cost more than the reading.
        packed = response.headers.get("content-encoding", "identity") != "identity"
        body = response.read(limit + 1, decode_content=packed)
        if len(body) > limit:
            message = say("The learning platform sent far too much.")
            raise UnexpectedReply(message, f"{described('GET', url)}: > {limit} bytes")
        if self._clock() > ends:  # cut: what came looks like an answer, and may be half of one
            raise unreachable(f"{described('GET', url)}: dripping")
        if response.length_remaining:
            raise unreachable(f"{described('GET', url)}: half an answer")
        return body


def _unusable(where: str) -> UnexpectedReply:
    return UnexpectedReply(say("An address of the learning platform cannot be used."), where)

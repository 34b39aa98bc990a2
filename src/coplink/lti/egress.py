"""Calls that leave the house for a platform: short time-outs, small answers, no redirects, no cookies, no proxies.

Only hosts that ``outside`` allows are called, judged anew at each connection; certificates are always checked (against
the authorities that ``REQUESTS_CA_BUNDLE`` names, if it does).

Raises only ``coplink.ports.errors``: what does not answer is ``Unavailable``; an odd answer is ``UnexpectedReply``.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import requests

from coplink.core.words import say
from coplink.lti.origins import origin, split
from coplink.lti.outside import Outside, PinnedAdapter, forbidden
from coplink.lti.patience import PATIENCE
from coplink.ports.errors import Unavailable, UnexpectedReply

if TYPE_CHECKING:
    from coplink.lti.line import Line

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0
WHOLE_SECONDS = 30.0
_SLICE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answered; header names in lower case, the body complete and within the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300


class Egress:
    """One way out, for many threads; each keeps its own connections."""

    def __init__(
        self,
        connect: float = CONNECT_SECONDS,
        read: float = READ_SECONDS,
        whole: float = WHOLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        outside: Outside | None = None,
    ) -> None:
        self._timeout, self._whole, self._clock = (connect, read), whole, clock
        self._outside = outside or Outside()
        self._mine = threading.local()

    def get(self, url: str, limit: int, headers: Mapping[str, str] | None = None) -> Answer:
        """Read an address; ``limit`` in bytes."""
        return self._call("GET", url, limit, headers, None)

    def post_form(self, url: str, limit: int, form: Mapping[str, str]) -> Answer:
        """Send a form; ``limit`` in bytes."""
        return self._call("POST", url, limit, {"Accept": "application/json"}, form)

    def send_json(
        self, method: str, url: str, limit: int, body: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a JSON document (``method`` POST or PUT); ``limit`` in bytes."""
        told = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        return self._call(method, url, limit, told, json.dumps(body).encode())

    def line(self, url: str) -> Line:
        """A line to this address's host, for many readings in a row; it belongs to the calling thread."""
        from coplink.lti.line import Line

        return Line(self._session(), url, self._timeout, self._whole, self._clock)

    def _call(
        self,
        method: str,
        url: str,
        limit: int,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | bytes | None,
    ) -> Answer:
        where = described(method, url)
        if split(url) is None:
            raise _unusable(where)
        ends = self._clock() + self._whole
        try:
            with (
                PATIENCE.call(self._whole),
                self._session().request(
                    method,
                    url,
                    headers=headers,
                    data=form,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                body = self._body(response, limit, ends, where)
                return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)
        except (requests.RequestException, OSError) as error:
            if why := forbidden(error):
                raise _unusable(f"{where}: {why}") from error
            raise unreachable(f"{where}: {type(error).__name__}") from error

    def _body(self, response: requests.Response, limit: int, ends: float, where: str) -> bytes:
        body = bytearray()
        for piece in response.iter_content(_SLICE):
            body += piece
            if len(body) > limit:
                raise UnexpectedReply(
                    say("The learning platform sent far too much."), f"{where}: > {limit} bytes"
                )
        if self._clock() > ends:  # cut: what came looks like an answer, and may be half of one
            raise unreachable(f"{where}: dripping")
        return bytes(body)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._mine, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = (
                False  # no proxy of the machine's, no .netrc: what was judged is what is called
            )
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
            for scheme in ("https://", "http://"):
                session.mount(scheme, PinnedAdapter(self._outside))
            session.headers["User-Agent"] = "coplink"
            # Two schools share one host: a cookie of one must never travel with the other.
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            self._mine.session = session
        return session


def _unusable(detail: str) -> UnexpectedReply:
    return UnexpectedReply(say("An address of the learning platform cannot be used."), detail)


def unreachable(detail: str) -> Unavailable:
    """The platform does not answer."""
    return Unavailable(
        say("The learning platform does not answer right now. Please try again in a minute."), detail
    )


def described(method: str, url: str) -> str:
    """Method, origin and path for the log; queries may hold cursors and stay out."""
    parts = split(url)
    return f"{method} {origin(url)}{parts.path}" if parts else f"{method} (unusable address)"

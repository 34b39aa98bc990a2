"""The wire under the SDK: an adapter that bounds, paces, reports and judges every single HTTP call.

Time: ``around.timeout`` for the whole call. Size: 8 MB. Pace: Canvas publishes no number of calls, it charges them by
the time they take and says with each answer how much is left; calls slow down before nothing is.
"""

from __future__ import annotations

import json
import re
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from coplink.core.words import say
from coplink.ports.errors import (
    IntegrationError,
    Misconfigured,
    OutcomeUnknown,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink.ports.integration import Call, Surroundings
from coplink.ports.pace import Limit, Rate
from coplink_canvas import ADMIN, replies
from coplink_canvas.tokens import TOKEN, Tokens

# Canvas API documentation, "Throttling", November 2026: what calls cost leaks out of a bucket of 700 at 10 a second;
# a call that begins while others of the same token run is charged 50 for each of them, so they go one after the other.
# The rate only stops a runaway.
LIMIT = Limit("canvas", (Rate(50, 1.0),), at_once=1)
BUDGET = 700.0
LARGEST = 8 * 1024 * 1024


class Guarded(HTTPAdapter):
    """Sends one request and hands back only an answer that is JSON, in time and small enough."""

    def __init__(self, around: Surroundings, tokens: Tokens | None = None) -> None:
        super().__init__(pool_connections=2, pool_maxsize=8, max_retries=0)
        self._around = around
        self._tokens = tokens

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """One call, signed; again with another token where Canvas turned the first away, which did nothing."""
        if self._tokens is None:
            return self._once(request, verify, cert, proxies)
        token = self._tokens.current()
        request.headers["Authorization"] = f"Bearer {token}"
        try:
            return self._once(request, verify, cert, proxies)
        except Reauthorize:
            fresh = self._tokens.renewed(token)
            if fresh is None or fresh == token:
                raise
            request.headers["Authorization"] = f"Bearer {fresh}"
            return self._once(request, verify, cert, proxies)

    def _once(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any, proxies: Any
    ) -> requests.Response:
        """One call in its turn; when Canvas asks to slow down, everybody does."""
        with self._around.pace.taking((LIMIT, "")):
            try:
                response = self._answered(request, verify, cert, proxies)
            except Throttled as error:
                self._around.pace.told(LIMIT, "", error.retry_after)
                raise
        left = _left(response)
        if left is not None:
            self._around.pace.left(LIMIT, "", left)
        return response

    def _answered(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any, proxies: Any
    ) -> requests.Response:
        """One call, reported however it ends; raises an ``IntegrationError`` for everything but a good answer."""
        started, status = time.monotonic(), 0
        call = f"{request.method} {operation(request)}"
        write = request.method not in ("GET", "HEAD") and call != f"POST {TOKEN}"
        try:
            response = super().send(request, True, self._around.timeout, verify, cert, proxies)
            status = response.status_code
            body = self._body(response, started, call, write)
        except (requests.RequestException, HTTPError) as error:
            raise self._no_answer(error, call, write) from error
        finally:
            self._around.record(Call("canvas", call, status, time.monotonic() - started))
        text = body.decode("utf-8", "replace")
        if not 200 <= status < 300:
            raise replies.error(status, response.headers, text, call, write, self._around.clock.now())
        try:
            json.loads(text)
        except ValueError:
            if write:  # "done", in words nobody can read: it may have happened
                raise OutcomeUnknown(f"{call} -> {status}, not JSON") from None
            raise UnexpectedReply(
                say("Canvas answered something coplink does not understand."), f"{call} -> {status}, not JSON"
            ) from None
        return response

    def _body(self, response: requests.Response, started: float, call: str, write: bool) -> bytes:
        pieces, size = [], 0
        while piece := response.raw.read1(
            65536, decode_content=True
        ):  # what has come, not what will have come
            size += len(piece)
            late = time.monotonic() - started > self._around.timeout
            if size > LARGEST or late:
                response.close()
                if write:
                    raise OutcomeUnknown(f"{call}: time is up" if late else f"{call}: over {LARGEST} bytes")
                if late:
                    raise Unavailable(say("Canvas takes too long to answer."), f"{call}: time is up")
                raise UnexpectedReply(
                    say("Canvas answered more than coplink reads."), f"{call}: over {LARGEST} bytes"
                )
            pieces.append(piece)
        response.raw.release_conn()
        response._content = b"".join(pieces)  # so that the SDK reads what we have read, not the wire
        return response._content

    def _no_answer(self, error: Exception, call: str, write: bool) -> IntegrationError:
        """Whether a call without an answer may have been carried out."""
        detail = f"{call}: {type(error).__name__}"
        if isinstance(error, requests.exceptions.SSLError):
            return Misconfigured(say("The certificate of Canvas’ address cannot be trusted."), ADMIN, detail)
        reason = getattr(error.args[0], "reason", None) if error.args else None
        never_sent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
        if write and not never_sent:
            return OutcomeUnknown(detail)
        return Unavailable(say("Canvas does not answer at the moment."), detail)


def session(adapter: HTTPAdapter) -> requests.Session:
    """A session that only knows this adapter, takes no cookies and no password from the machine."""
    fresh = requests.Session()
    fresh.mount("https://", adapter)
    fresh.mount("http://", adapter)
    fresh.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    fresh.auth = _as_it_is  # else requests would put a login from .netrc in the place of our token
    return fresh


def operation(request: requests.PreparedRequest) -> str:
    """The path without ids and query: what was asked for, and of nobody in particular."""
    path = (request.path_url or "/").partition("?")[0].removeprefix("/api/v1")
    return re.sub(r"(?<=/)(\d+|(?<=/pages/)[^/]+)(?=/|$)", ":id", path)


def _left(response: requests.Response) -> float | None:
    """The part of its budget that Canvas says is left, if it does."""
    told = response.headers.get("x-rate-limit-remaining", "")
    return min(1.0, float(told) / BUDGET) if re.fullmatch(r"\d{1,6}(\.\d+)?", told) else None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request

"""One thread's way to Google, bounded in time and size, and what it means when no usable answer comes back.

Nothing is sent twice: the transport never repeats a request (httplib2 would, after a lost answer). Redirects are not
followed, answers are bounded, and only known origins are called.
"""

from __future__ import annotations

import http.client
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httplib2
from google.auth import exceptions as auth_errors
from googleapiclient.errors import BatchError

from coplink.core.words import say
from coplink.ports.errors import (
    IntegrationError,
    OutcomeUnknown,
    PermissionMissing,
    Reauthorize,
    Unavailable,
    UnexpectedReply,
)
from coplink_google import ADMIN
from coplink_google.options import is_loopback, origin
from coplink_google.quota import Quota
from coplink_google.replies import scopes_of

LARGEST = 8 * 1024 * 1024
STALE = 20.0  # seconds; an idle connection may be closed by the other side, and then a write would look lost


class NotSent(Exception):
    """The call itself never left: no connection, or no token."""


class Transport(httplib2.Http):  # type: ignore[misc]  # the library ships no types
    """One thread's way out: bounded in time and size, one attempt, known origins only."""

    def __init__(self, timeout: float, origins: frozenset[str], token_url: str, quota: Quota) -> None:
        here = all(is_loopback(urlsplit(one).hostname) for one in origins)
        proxy = None if here else httplib2.proxy_info_from_environment
        super().__init__(timeout=timeout, proxy_info=proxy)
        self.follow_redirects = False
        self.more_time = 0.0  # a batch of a thousand takes longer than one call
        self._origins, self._token_url, self._quota = origins, token_url, quota
        self._last = time.monotonic()

    def __deepcopy__(self, memo: Any) -> Any:
        """Refused: google-auth would take a copy into a thread of its own, and ask about regions past our pace."""
        raise TypeError("one way out belongs to one thread")

    def __del__(self) -> None:
        self.close()

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **more: Any
    ) -> Any:
        where = origin(uri)
        if where not in self._origins and not ("" in self._origins and _is_google(uri)):
            raise NotSent(f"refused to call {where}")
        if uri == self._token_url:
            self._quota.take("sign-in")
        asked = {**(headers or {}), "accept-encoding": "identity"}  # a compressed answer could be any size
        try:
            return super().request(uri, method, body=body, headers=asked, **more)
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error) as error:
            if uri == self._token_url:
                raise NotSent(f"no token: {type(error).__name__}") from error
            raise

    def _conn_request(self, conn: Any, request_uri: str, method: str, body: Any, headers: Any) -> Any:
        if time.monotonic() - self._last > STALE:
            conn.close()
        try:
            if conn.sock is None:
                conn.connect()
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error) as error:
            raise NotSent(f"no connection: {type(error).__name__}") from error
        patience = float(self.timeout) + self.more_time
        ends = time.monotonic() + patience
        try:
            conn.sock.settimeout(patience)
            conn.request(method, request_uri, body, headers)
            with closing(conn.getresponse()) as response:
                content = _bounded(response, ends)
        except BaseException:
            conn.close()
            raise
        self._last = time.monotonic()
        return httplib2.Response(response), content


def _bounded(response: http.client.HTTPResponse, ends: float) -> bytes:
    """The whole body, within size and time."""
    content = b""
    while chunk := response.read(65_536):
        content += chunk
        if len(content) > LARGEST or time.monotonic() > ends:
            raise http.client.HTTPException("the answer is too large or too slow")
    if response.length:  # reading in pieces does not complain when the last ones never come
        raise http.client.HTTPException("the answer is cut short")
    return content


def _is_google(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "https" and (parts.hostname or "").endswith(".googleapis.com")


def trouble(error: Exception, operation: str, writes: bool) -> IntegrationError:
    """The error for a call without a usable answer."""
    detail = f"{operation} {type(error).__name__}"
    match error:
        case IntegrationError():
            return error
        case NotSent():
            return Unavailable(say("Google cannot be reached at the moment."), f"{detail}: {error}")
        case auth_errors.RefreshError():
            return _no_token(error, operation, detail)
        case auth_errors.GoogleAuthError():
            return Unavailable(say("Google cannot be reached at the moment."), detail)
        case BatchError() | KeyError():  # an envelope nobody can read, or with a part less than was asked
            return OutcomeUnknown(detail) if writes else Unavailable(say("Google did not answer."), detail)
        case OSError() | http.client.HTTPException() | httplib2.HttpLib2Error():
            return OutcomeUnknown(detail) if writes else Unavailable(say("Google did not answer."), detail)
        case ValueError() if writes:  # "done", in words nobody can read: it may have happened
            return OutcomeUnknown(detail)
        case _:
            return UnexpectedReply(say("Google answered something coplink does not understand."), detail)


def _no_token(error: Any, operation: str, detail: str) -> IntegrationError:
    if error.retryable:
        return Unavailable(say("Google's sign-in service is not available at the moment."), detail)
    told = str(error.args[0]) if error.args else ""
    if "unauthorized_client" in told or "invalid_scope" in told:
        said = say("Google does not give coplink the permissions it asks for.")
        return PermissionMissing(said, ADMIN, scopes_of(operation), f"{detail} unauthorized_client")
    return Reauthorize(say("Google no longer accepts coplink's credentials."), ADMIN, detail)

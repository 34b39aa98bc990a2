"""Google's client as coplink uses it: the only module that imports googleapiclient, google.auth and httplib2.

* A service object belongs to one thread: shared ones hand out *each other's answers*, silently (measured with 2.202).
* Discovery documents are the bundled ones; another root address is patched into them, because ``api_endpoint`` moves
  neither batches nor uploads.
* Nothing is sent twice: no ``num_retries``, and the transport below never repeats a request (httplib2 would, after a
  lost answer). Redirects are not followed, answers are bounded, and only known origins are called.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import google_auth_httplib2
import httplib2
from google.auth import exceptions as auth_errors
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from coplink.core.words import say
from coplink.ports.errors import (
    IntegrationError,
    Misconfigured,
    OutcomeUnknown,
    PermissionMissing,
    Reauthorize,
    Unavailable,
    UnexpectedReply,
)
from coplink.ports.integration import Call, Surroundings
from coplink_google import ADMIN, GROUP_SCOPES, replies
from coplink_google.options import Options, is_loopback, origin
from coplink_google.quota import Quota

APIS = {
    "drive": ("drive", "v3", "robot"),
    "calendar": ("calendar", "v3", "robot"),
    "directory": ("admin", "directory_v1", "groups"),
    "settings": ("groupssettings", "v1", "groups"),
}
LARGEST = 8 * 1024 * 1024
STALE = 20.0  # seconds; an idle connection may be closed by the other side, and then a write would look lost
PAGES = 1000


class NotSent(Exception):
    """The call itself never left: no connection, or no token."""


class Transport(httplib2.Http):  # type: ignore[misc]  # the library ships no types
    """One thread's way out: bounded in time and size, one attempt, known origins only."""

    def __init__(self, timeout: float, origins: frozenset[str], token_url: str) -> None:
        here = all(is_loopback(urlsplit(one).hostname) for one in origins)
        proxy = None if here else httplib2.proxy_info_from_environment
        super().__init__(timeout=timeout, proxy_info=proxy)
        self.follow_redirects = False
        self._origins, self._token_url = origins, token_url
        self._last = time.monotonic()

    def __del__(self) -> None:
        self.close()

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **more: Any
    ) -> Any:
        where = origin(uri)
        if where not in self._origins and not ("" in self._origins and _is_google(uri)):
            raise NotSent(f"refused to call {where}")
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
        ends = time.monotonic() + float(self.timeout)
        try:
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


class Workspace:
    """Calls Google for one connection: ``call("drive.files.list", …)`` names API and method as the documents do."""

    def __init__(self, options: Options, around: Surroundings) -> None:
        self._options, self._around = options, around
        self._quota = Quota(around.share)
        self._local = threading.local()
        self._credentials = {"robot": self._robot(), "groups": self._service_account()}
        root = origin(options.root_url) if options.root_url else ""
        self._origins = frozenset({root, origin(options.token_url)})

    def call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Make one call and return its JSON; raises the ``IntegrationError`` of ``replies`` for anything else."""
        api, _, path = operation.partition(".")
        *names, verb = path.split(".")
        resource = self._service(api)
        for name in names:
            resource = getattr(resource, name)()
        request = getattr(resource, verb)(**parameters)
        writes = request.method != "GET"
        self._quota.take(api)
        begun, status = time.monotonic(), 0
        try:
            answer = request.execute(num_retries=0)
            status = 200  # the client tells the status of refusals only
        except HttpError as error:
            status = int(error.resp.status)
            raise replies.refused(operation, writes, status, error.content, error.resp) from None
        except Exception as error:
            raise _trouble(error, operation, writes) from None
        finally:
            self._around.record(Call("google", operation, status, time.monotonic() - begun))
        if isinstance(answer, dict):
            return answer
        if answer in (b"", ""):  # methods that answer nothing
            return {}
        if writes:
            raise OutcomeUnknown(operation)
        raise UnexpectedReply(say("Google answered something coplink does not understand."), operation)

    def pages(self, operation: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """Every page of a listing; a page token seen twice raises ``UnexpectedReply``."""
        seen: set[str] = set()
        token: str | None = None
        while True:
            page = self.call(operation, **parameters, **({"pageToken": token} if token else {}))
            yield page
            token = page.get("nextPageToken")
            if not token:
                return
            if token in seen or len(seen) >= PAGES:
                raise UnexpectedReply(say("Google's listing does not come to an end."), operation)
            seen.add(token)

    def _service(self, api: str) -> Any:
        box = self._local.__dict__.setdefault("services", {})
        key = (self._options.domain, APIS[api])
        if key not in box:
            name, version, subject = APIS[api]
            document = json.loads(discovery_cache.get_static_doc(name, version))
            if self._options.root_url:
                document["rootUrl"] = self._options.root_url + "/"
                document.pop("mtlsRootUrl", None)
            transport = Transport(self._around.timeout, self._origins, self._options.token_url)
            authorized = google_auth_httplib2.AuthorizedHttp(self._credentials[subject], http=transport)
            box[key] = build_from_document(document, http=authorized)
        return box[key]

    def _robot(self) -> Any:
        return user_credentials.Credentials(
            None,
            refresh_token=self._options.robot_refresh_token,
            token_uri=self._options.token_url,
            client_id=self._options.client_id,
            client_secret=self._options.client_secret,
        )  # no scopes: what was granted is granted, and one that is missing stops its own feature only

    def _service_account(self) -> Any:
        # Unscoped credentials would ask for every scope in the document; the key's own token address is not trusted.
        scopes = [scope.name for scope in GROUP_SCOPES]
        try:
            info = {**json.loads(self._options.service_account), "token_uri": self._options.token_url}
            return service_account.Credentials.from_service_account_info(info, scopes=scopes)
        except (ValueError, TypeError, auth_errors.GoogleAuthError):
            said = say("The service account key is not the JSON key file that Google Cloud made.")
            raise Misconfigured(said, ADMIN) from None


def _trouble(error: Exception, operation: str, writes: bool) -> IntegrationError:
    """The error for a call without a usable answer."""
    detail = f"{operation} {type(error).__name__}"
    match error:
        case IntegrationError():
            return error
        case NotSent():
            return Unavailable(say("Google cannot be reached at the moment."), f"{detail}: {error}")
        case auth_errors.RefreshError():
            return _no_token(error, detail)
        case auth_errors.GoogleAuthError():
            return Unavailable(say("Google cannot be reached at the moment."), detail)
        case OSError() | http.client.HTTPException() | httplib2.HttpLib2Error():
            return OutcomeUnknown(detail) if writes else Unavailable(say("Google did not answer."), detail)
        case ValueError() if writes:  # "done", in words nobody can read: it may have happened
            return OutcomeUnknown(detail)
        case _:
            return UnexpectedReply(say("Google answered something coplink does not understand."), detail)


def _no_token(error: Any, detail: str) -> IntegrationError:
    if error.retryable:
        return Unavailable(say("Google's sign-in service is not available at the moment."), detail)
    told = str(error.args[0]) if error.args else ""
    if "unauthorized_client" in told or "invalid_scope" in told:
        said = say("Google does not give coplink the permissions it asks for.")
        return PermissionMissing(said, ADMIN, (), f"{detail} unauthorized_client")
    return Reauthorize(say("Google no longer accepts coplink's credentials."), ADMIN, detail)

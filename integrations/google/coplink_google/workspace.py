"""Google's client as coplink uses it: beside ``transport`` the only module that imports it.

* A service object belongs to one thread: shared ones hand out *each other's answers*, silently (measured with 2.202).
* Discovery documents are the bundled ones; another root address is patched into them, because ``api_endpoint`` moves
  neither batches nor uploads.
* The client never sees the credentials: for a batch it would fetch tokens by a connection of its own, without a limit
  of time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import google_auth_httplib2
from google.auth import exceptions as auth_errors
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import BatchError, HttpError

from coplink.core.words import say
from coplink.ports.errors import (
    IntegrationError,
    Misconfigured,
    OutcomeUnknown,
    UnexpectedReply,
)
from coplink.ports.integration import Call, Surroundings
from coplink_google import ADMIN, AUTH, replies
from coplink_google.operations import DELEGATION, GROUPS, ROBOT, of_mode, scopes
from coplink_google.options import Options, origin
from coplink_google.quota import Quota
from coplink_google.transport import Transport, trouble

APIS = {
    "drive": ("drive", "v3"),
    "calendar": ("calendar", "v3"),
    "directory": ("admin", "directory_v1"),
    "settings": ("groupssettings", "v1"),
    "chat": ("chat", "v1"),
    "identity": ("cloudidentity", "v1"),
}
PAGES = 1000
LARGEST = {
    "directory": 1_000,
    "drive": 100,
    "calendar": 1_000,
}  # parts of one batch, as Google publishes them
A_PART = 0.05  # seconds more that one part of a batch may take

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One call of a batch."""

    operation: str
    parameters: Mapping[str, Any]


class Unseen:
    """An authorized way out whose credentials Google's client does not find."""

    def __init__(self, way: Any) -> None:
        self._way = way

    def request(self, *args: Any, **more: Any) -> Any:
        """Send one request."""
        return self._way.request(*args, **more)

    def close(self) -> None:
        """Let go of the connections."""
        self._way.close()


@dataclass(frozen=True, slots=True)
class Service:
    """One thread's service object of one API, and what lies below it."""

    root: Any
    transport: Transport
    credentials: Any

    def renew(self) -> None:
        """Fetch a fresh token, over the same bounded way."""
        self.credentials.refresh(google_auth_httplib2.Request(self.transport))


class Workspace:
    """Calls Google for one connection: ``call("drive.files.list", …)`` names API and method as the documents do."""

    def __init__(self, options: Options, around: Surroundings) -> None:
        self._options, self._around = options, around
        self._quota = Quota(around.pace)
        self._local = threading.local()
        self._operations = of_mode(options.mode, options.has_chat)
        self._credentials = self._all_credentials()
        root = origin(options.root_url) if options.root_url else ""
        self._origins = frozenset({root, origin(options.token_url)})

    def call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Make one call and return its JSON; raises the ``IntegrationError`` of ``replies`` for anything else."""
        request = self._request(operation, parameters)
        writes = request.method != "GET"
        api = operation.partition(".")[0]
        self._quota.take(api)
        begun, status = time.monotonic(), 0
        try:
            answer = request.execute(num_retries=0)
            status = 200  # the client tells the status of refusals only
        except HttpError as error:
            status = int(error.resp.status)
            raise self._told(
                api, replies.refused(operation, writes, status, error.content, error.resp)
            ) from None
        except Exception as error:
            raise trouble(error, operation, writes) from None
        finally:
            self._around.record(Call("google", operation, status, time.monotonic() - begun))
        return _understood(answer, operation, writes)

    def send(self, parts: Sequence[Part]) -> list[Answer | IntegrationError]:
        """Send these parts of one API in one envelope, once; each part's answer, or how it was refused.

        Raises what befell the envelope as a whole before it can have done anything.
        """
        api = parts[0].operation.partition(".")[0]
        found: dict[int, Answer | IntegrationError] = {}
        requests = [self._request(one.operation, one.parameters) for one in parts]
        writes = any(one.method != "GET" for one in requests)
        service = self._service(api)

        def take(name: str, answer: Any, refused: Any) -> None:
            one, request = parts[int(name)], requests[int(name)]
            found[int(name)] = self._judged(api, one.operation, request.method != "GET", answer, refused)

        batch = service.root.new_batch_http_request(callback=take)
        for number, request in enumerate(requests):
            batch.add(request, request_id=str(number))
        self._quota.take(api, len(parts))
        begun, status = time.monotonic(), 0
        service.transport.more_time = A_PART * len(parts)
        try:
            batch.execute()
            status = 200
        except BatchError as error:  # an envelope in no readable form
            raise trouble(error, f"{api}.batch", writes) from None
        except HttpError as error:
            status = int(error.resp.status)
            refused = replies.refused(f"{api}.batch", writes, status, error.content, error.resp)
            raise self._told(api, refused) from None
        except Exception as error:
            raise trouble(error, f"{api}.batch", writes) from None
        finally:
            service.transport.more_time = 0.0
            self._around.record(Call("google", f"{api}.batch", status, time.monotonic() - begun))
        return [found.get(number, OutcomeUnknown(one.operation)) for number, one in enumerate(parts)]

    def most(self, api: str) -> int:
        """How many parts one envelope of an API may hold: Google's bound, and our part of its quota."""
        return min(LARGEST[api], self._quota.most(api))

    def renew(self, api: str) -> None:
        """Fetch a fresh token for an API that no longer takes the one we have."""
        try:
            self._service(api).renew()
        except Exception as error:
            raise trouble(error, f"{api}.batch", writes=False) from None

    def act_as_robot(self, scope: str) -> None:
        """See whether the service account may act as the robot account with this scope; its token is dropped."""
        credentials = self._service_account([scope], self._options.robot)
        try:
            credentials.refresh(google_auth_httplib2.Request(self._way_out()))
        except Exception as error:
            raise trouble(error, "delegation", writes=False) from None

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

    def _request(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        api, _, path = operation.partition(".")
        if operation not in self._operations:
            said = say(
                "This was made in another mode of the connection to Google; coplink leaves it as it is."
            )
            raise Misconfigured(said, ADMIN, f"{operation} is not of mode {self._options.mode}")
        *names, verb = path.split(".")
        resource = self._service(api).root
        for name in names:
            resource = getattr(resource, name)()
        return getattr(resource, verb)(**parameters)

    def _judged(
        self, api: str, operation: str, writes: bool, answer: Any, refused: Any
    ) -> Answer | IntegrationError:
        """What one part of a batch came to."""
        try:
            if refused is None:
                return _understood(answer, operation, writes)
            status, content = int(refused.resp.status), refused.content
            return self._told(api, replies.refused(operation, writes, status, content, refused.resp))
        except IntegrationError as error:
            return error

    def _told(self, api: str, refused: IntegrationError) -> IntegrationError:
        """The same refusal; when Google asks to slow down, everybody does."""
        return self._quota.told(api, refused)

    def _service(self, api: str) -> Service:
        box: dict[Any, Service] = self._local.__dict__.setdefault("services", {})
        key = (self._options.domain, APIS[api])
        if key not in box:
            name, version = APIS[api]
            document = json.loads(discovery_cache.get_static_doc(name, version))
            if self._options.root_url:
                document["rootUrl"] = self._options.root_url + "/"
                document.pop("mtlsRootUrl", None)
            transport, credentials = self._way_out(), self._credentials[api]
            authorized = google_auth_httplib2.AuthorizedHttp(credentials, http=transport)
            box[key] = Service(build_from_document(document, http=Unseen(authorized)), transport, credentials)
        return box[key]

    def _way_out(self) -> Transport:
        return Transport(self._around.timeout, self._origins, self._options.token_url, self._quota)

    def _all_credentials(self) -> dict[str, Any]:
        """Those of each API; where the service account acts for the robot, a scope not delegated stops its API only."""
        mode, chat, made = self._options.mode, self._options.has_chat, dict[str, Any]()
        subjects = {one.api: one.subject for one in self._operations.values()}
        wanted = [AUTH + one for one in scopes(GROUPS, mode, chat=chat)]
        groups = self._service_account(wanted) if wanted else None
        robot = None if mode == DELEGATION else self._robot()
        for api, subject in subjects.items():
            if subject == GROUPS:
                made[api] = groups
            elif robot is not None:
                made[api] = robot
            else:
                wanted = [AUTH + one for one in scopes(ROBOT, mode, api, chat)]
                made[api] = self._service_account(wanted, self._options.robot)
        return made

    def _robot(self) -> Any:
        return user_credentials.Credentials(
            None,
            refresh_token=self._options.robot_refresh_token,
            token_uri=self._options.token_url,
            client_id=self._options.client_id,
            client_secret=self._options.client_secret,
        )  # no scopes: what was granted is granted, and one that is missing stops its own feature only

    def _service_account(self, wanted: Sequence[str], subject: str | None = None) -> Any:
        # Unscoped credentials would ask for every scope in the document; the key's own token address is not trusted.
        try:
            info = {**json.loads(self._options.service_account), "token_uri": self._options.token_url}
            return service_account.Credentials.from_service_account_info(info, scopes=wanted, subject=subject)
        except (ValueError, TypeError, auth_errors.GoogleAuthError):
            said = say("The service account key is not the JSON key file that Google Cloud made.")
            raise Misconfigured(said, ADMIN) from None


def _understood(answer: Any, operation: str, writes: bool) -> Answer:
    """The JSON of an answer; raises for one that is none."""
    if isinstance(answer, dict):
        return answer
    if answer in (b"", ""):  # methods that answer nothing
        return {}
    if writes:
        raise OutcomeUnknown(operation)
    raise UnexpectedReply(say("Google answered something coplink does not understand."), operation)

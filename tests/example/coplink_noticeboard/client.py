"""The only importer of ``requests``: bounded, paced and recorded calls, and what each odd answer means.

400 401 403     our bug · the token ended · a permission is missing, named in ``error``
404 409 429     not there · a board is full · too many, with Retry-After
5xx, silence    an outage for a reading; for a write nobody knows whether it happened
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from coplink.core.words import say
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    LimitReached,
    OutcomeUnknown,
    PermissionMissing,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink.ports.integration import Call, Surroundings
from coplink.ports.pace import Limit, Rate
from coplink_noticeboard import ADMIN

LIMIT = Limit("boards", (Rate(calls=600, seconds=60),), at_once=8)  # published by the vendor, January 2026
LARGEST = 2_000_000
PAGE = 50

Row = Mapping[str, Any]


class Client:
    """Calls with one institution's token; used by several threads at once."""

    def __init__(self, settings: Mapping[str, str], around: Surroundings) -> None:
        self._base, self._around = settings["board_url"].rstrip("/"), around
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {settings['token'].strip()}"

    def call(
        self, method: str, operation: str, path: str, body: object = None, key: str = "", **query: object
    ) -> Row:
        """One call. ``operation`` names it in metrics; ``key`` makes a create idempotent at the vendor's."""
        write, status, started = method != "GET", 0, time.monotonic()
        headers = {"Idempotency-Key": key} if key else {}
        with self._around.pace.taking((LIMIT, "")):
            try:
                with self._session.request(
                    method,
                    self._base + path,
                    params={name: str(value) for name, value in query.items()},
                    json=body,
                    headers=headers,
                    timeout=self._around.timeout,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    status = answer.status_code
                    text = answer.raw.read(LARGEST + 1, decode_content=True)
            except (requests.RequestException, OSError) as error:
                raise _silence(operation, write, type(error).__name__) from error
            finally:
                self._around.record(Call("noticeboard", operation, status, time.monotonic() - started))
            if status == 429:
                self._around.pace.told(LIMIT, "", _seconds(answer))
        if status >= 400:
            raise _refused(operation, write, answer, _json(text))
        said = {} if status == 204 else _json(text)
        if not isinstance(said, dict) or len(text) > LARGEST:
            raise OutcomeUnknown(f"{operation} -> {status}, no JSON") if write else _odd(operation, status)
        return said

    def pages(self, operation: str, path: str, name: str, **query: object) -> Iterator[list[Row]]:
        """The pages of a listing, as they are asked for."""
        page: object = 1
        while page:
            answer = self.call("GET", operation, path, page=page, size=PAGE, **query)
            rows = answer.get(name)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise _odd(operation, 200)
            yield rows
            page = answer.get("next")


def text_of(row: Row, name: str) -> str:
    """A text that must be there."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise _odd(f"an answer without {name}", 200)
    return value


def _json(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _seconds(answer: requests.Response) -> float | None:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else None


def _odd(operation: str, status: int) -> UnexpectedReply:
    return UnexpectedReply(say("The Notice Board answered something odd."), f"{operation} -> {status}")


def _silence(operation: str, write: bool, kind: str) -> IntegrationError:
    detail = f"{operation}: {kind}"
    return OutcomeUnknown(detail) if write else Unavailable(say("The Notice Board does not answer."), detail)


def _refused(operation: str, write: bool, answer: requests.Response, said: object) -> IntegrationError:
    status = answer.status_code
    named = said.get("error") if isinstance(said, dict) else None
    code = named if isinstance(named, str) and named.isascii() and len(named) < 60 else "?"
    detail = f"{operation} -> {status} {code}"
    if status == 401:
        return Reauthorize(say("The token of the Notice Board has ended; make a new one."), ADMIN, detail)
    if status == 403:
        sentence = say("The token lacks the permission “{name}”.", name=code)
        return PermissionMissing(sentence, ADMIN, (code,), detail)
    if status == 404:
        return Gone(say("It is not there on the Notice Board any more."), detail)
    if status == 409:
        return LimitReached(say("This board holds no more people."), ADMIN, detail)
    if status == 429:
        return Throttled(say("The Notice Board asks us to slow down."), detail, _seconds(answer))
    if status >= 500:
        return _silence(operation, write, str(status))
    return UnexpectedReply(say("The Notice Board did not understand us."), detail)

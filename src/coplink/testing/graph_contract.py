"""Requests and answers checked against Microsoft Graph's own contract, and permissions against what it asks.

The contract is the OpenAPI subset kept beside the project (``../shared/contracts``, seen from the repository); it is
read where it lies. Where it is absent, ``required()`` skips a test with that reason. Query options are generic in it:
the sandbox itself enforces them. Permissions come from ``x-permissions``.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from werkzeug.wrappers import Request, Response

from coplink.sandbox.wire import Wire

FILE = Path(__file__).resolve().parents[4] / "shared" / "contracts" / "graph-v1.0-subset.json"
VERSION = "/v1.0"

# Operations for which Microsoft's permission list has no row: what its reference pages ask instead.
BY_HAND: Mapping[str, tuple[str, ...]] = {
    "POST /$batch": (),
    "GET /subscriptions": ("Files.Read.All",),
    "POST /subscriptions": ("Files.Read.All",),
    "PATCH /subscriptions/{subscription-id}": ("Files.Read.All",),
    "DELETE /subscriptions/{subscription-id}": ("Files.Read.All",),
    "GET /drives/{drive-id}/items/{driveItem-id}/delta()": ("Files.Read.All",),
    "GET /teams/{team-id}/operations/{teamsAsyncOperation-id}": (
        "Team.Create",
        "TeamSettings.ReadWrite.Group",
        "Channel.Create.Group",
    ),
    "POST /teams/{team-id}/channels/{channel-id}/members/add": ("ChannelMember.ReadWrite.Group",),
    "POST /teams/{team-id}/channels/{channel-id}/members/remove": ("ChannelMember.ReadWrite.Group",),
}
# A write permission holds its read permission; the list names only the latter for some readings.
HOLDS: Mapping[str, tuple[str, ...]] = {"Calendars.ReadWrite": ("Calendars.Read", "Calendars.ReadBasic")}

# Answers that the subset does not list: long-running creation of shared channels.
BEYOND = {("POST /teams/{team-id}/channels", 202)}


# What the subset's result of a bulk action leaves out: the answer names the account (aadUserConversationMemberResult,
# "Add members in bulk to a team", as of 2026-11).
RESULT = {"userId": {"type": ["string", "null"]}}


class Contract:
    """The subset, with one validator for each operation and direction."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, Draft202012Validator] = {}
        paths = document["paths"]
        # the templates with the fewest placeholders first
        self._templates = [
            (
                template,
                re.compile("".join(_piece(p) for p in re.split(r"(\{[^}]+\})", template)), re.IGNORECASE),
            )
            for template in sorted(paths, key=lambda path: path.count("{"))
        ]

    def operation(self, method: str, path: str) -> tuple[str, Mapping[str, Any]] | None:
        """``METHOD template`` and the operation of a path without version and query."""
        plain = re.sub(r"\('([^']*)'\)", r"/\1", path) if "(token=" not in path else path
        plain = re.sub(r"/delta(\(\))?$", "/delta()", plain)
        for template, pattern in self._templates:
            if pattern.fullmatch(plain) and method.lower() in self._document["paths"][template]:
                return f"{method} {template}", self._document["paths"][template][method.lower()]
        return None

    def permissions(self, method: str, path: str) -> frozenset[str] | None:
        """Every permission that allows a call without a person, one is enough; None for an unknown operation."""
        found = self.operation(method, path)
        if found is None:
            return None
        name, operation = found
        if name in BY_HAND:
            return frozenset(BY_HAND[name])
        kinds = operation.get("x-permissions") or {}
        return frozenset(p for kind in ("application", "rsc") for p in (kinds.get(kind) or {}).get("all", ()))

    def problems(self, method: str, path: str, sent: bytes, status: int, received: bytes) -> Iterable[str]:
        """What is wrong with one request and its answer; the parts of a batch are looked into."""
        found = self.operation(method, path)
        if found is None:
            yield f"{method} {path} is not in the contract"
            return
        name, operation = found
        if sent:
            yield from self._against(f"{name} request", operation.get("requestBody"), sent)
        elif (operation.get("requestBody") or {}).get("required"):
            yield f"{name} request: a body is needed"
        answers = operation["responses"]
        answer = answers.get(str(status)) or answers.get(f"{str(status)[0]}XX")
        if answer is None and (name, status) not in BEYOND:
            yield f"{name}: status {status} is not in the contract"
        elif received and answer:
            if "$ref" in answer:
                answer = self._document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            yield from self._against(f"{name} answer {status}", answer, received)
        if name == "POST /$batch" and status == 200:
            yield from self._parts(json.loads(sent)["requests"], json.loads(received)["responses"])

    def _parts(
        self, requests: Iterable[Mapping[str, Any]], responses: Iterable[Mapping[str, Any]]
    ) -> Iterable[str]:
        answers = {answer["id"]: answer for answer in responses}
        for part in requests:
            answer, path = answers[part["id"]], str(part["url"]).partition("?")[0]
            sent = json.dumps(part["body"]).encode() if "body" in part else b""
            received = json.dumps(answer["body"]).encode() if answer.get("body") is not None else b""
            yield from self.problems(part["method"], _unquoted(path), sent, answer["status"], received)

    def _against(self, where: str, described: Mapping[str, Any] | None, body: bytes) -> Iterable[str]:
        schema = ((described or {}).get("content") or {}).get("application/json", {}).get("schema")
        if schema is None:
            yield f"{where}: the contract knows no JSON body"
            return
        if where not in self._validators:
            self._validators[where] = Draft202012Validator(
                {**schema, "components": self._document["components"]}
            )
        for error in self._validators[where].iter_errors(json.loads(body)):
            at = "/".join(map(str, error.absolute_path))
            yield f"{where} at /{at}: {error.message[:200]}"


@functools.cache
def contract() -> Contract | None:
    """The contract, or None where the project stands alone."""
    if not FILE.is_file():
        return None
    document = json.loads(FILE.read_text())
    document["components"]["schemas"]["actionResultPart"]["properties"].update(RESULT)
    return Contract(document)


def required() -> Contract:
    """The contract; skips the test where it is absent."""
    found = contract()
    if found is None:
        pytest.skip("no Graph contract: ../shared/contracts is absent")
    return found


def calls_of(method: str, path: str, body: bytes) -> list[tuple[str, str]]:
    """Method and path (without version and query) of a request, or of each part of a batch, after the batch itself."""
    calls = [(method, path)]
    if path == "/$batch":
        parts = json.loads(body)["requests"]
        calls += [(part["method"], _unquoted(str(part["url"]).partition("?")[0])) for part in parts]
    return calls


def hang_on(
    wire: Wire,
    granted: Callable[[], Iterable[str]] | None = None,
    used: set[tuple[str, str]] | None = None,
) -> bool:
    """Check every call of a sandbox from now on; problems are kept in ``wire.violations``. False: no contract here.

    ``granted`` names the permissions the app has: a call they do not allow is a problem too, unless it was refused.
    ``used`` takes each operation that the connector called, with its path; what a test asks by itself says no
    ``Prefer``.
    """
    found = contract()
    if found is None:
        return False

    def check(request: Request, response: Response) -> Iterable[str]:
        if not request.path.startswith(f"{VERSION}/"):
            return
        path = request.path.removeprefix(VERSION)
        if response.status_code == 404 and b"UnknownRoute" in response.get_data():
            return
        yield from found.problems(
            request.method, path, request.get_data(), response.status_code, response.get_data()
        )
        calls = calls_of(request.method, path, request.get_data())
        if used is not None and "unknown-enum-members" in request.headers.get("Prefer", ""):
            known = ((found.operation(method, where), where) for method, where in calls)
            used.update((operation[0], where) for operation, where in known if operation is not None)
        if granted is not None and response.status_code < 400:
            have = {p for name in granted() for p in (name, *HOLDS.get(name, ()))}
            for method, where in calls:
                needed = found.permissions(method, where)
                if needed and not needed & have:
                    yield f"{method} {where}: none of the granted permissions allows it"

    wire.checks.append(check)
    return True


def _piece(piece: str) -> str:
    return "[^/]+" if piece.startswith("{") else re.escape(piece)


def _unquoted(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)

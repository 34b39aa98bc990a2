"""The wire of the Google sandbox: every API call is looked up in Google's documents, then tokens, scopes, fields."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import Refuse, Wire
from coplink_google.sandbox import contract, masks

# what Drive answers when no fields are asked for
DEFAULT_FIELDS = {
    "drive.files.get": "kind,id,name,mimeType,driveId",
    "drive.files.create": "kind,id,name,mimeType,driveId",
    "drive.files.list": "kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType,driveId)",
    "drive.permissions.list": "kind,nextPageToken,permissions(kind,id,type,role)",
    "drive.permissions.create": "kind,id,type,role",
    "drive.permissions.update": "kind,id,type,role",
    "drive.changes.list": (
        "kind,nextPageToken,newStartPageToken,changes(kind,changeType,type,removed,fileId,time,file(id,name,mimeType))"
    ),
}

# calls in any minute, one account: what stands at the beginning of a path, and how Google refuses more
RATES = {
    "/admin/directory/": (2_400, Refuse(403, "quotaExceeded", "Quota exceeded for quota metric.")),
    "/groups/v1/": (2_400, Refuse(403, "quotaExceeded", "Quota exceeded for quota metric.")),
    "/drive/": (12_000, Refuse(403, "userRateLimitExceeded", "User Rate Limit Exceeded")),
    "/v1/spaces": (60, Refuse(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric.")),
    "/calendar/": (600, Refuse(403, "rateLimitExceeded", "Rate Limit Exceeded")),
}
MINUTE = 60.0

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}


@dataclass(frozen=True, slots=True)
class Asked:
    """One API call that passed the checks: who calls (an address), its values, and what it found when it began."""

    caller: str
    district: District
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    seen: Any = None


Api = Callable[[Asked], Mapping[str, Any] | None]
Before = Callable[[Mapping[str, str]], Any]


class Frame(Wire):
    """``lag_seconds``: how long something new stays invisible to the calls that build on it."""

    key = "google"

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.lag_seconds = 0.0
        self.methods: set[str] = set()  # that are answered here, and those that were asked
        self.used: set[str] = set()
        self._taken: dict[str, deque[float]] = {}
        self.districts = {one.key: one for one in region.districts.values() if one.suite == "google"}
        self.route("POST", "/_sandbox/lag", self._set_lag, counted=False)

    def api(self, name: str, view: Api, before: Before | None = None) -> None:
        """Answer the method of that name, as Google's document describes it. ``before`` looks first, unguarded."""
        called = contract.method(name)
        self.methods.add(name)
        path = called.path.replace("{", "<").replace("}", ">")
        self.route(
            called.http, path, lambda request, **values: self._serve(called, view, before, request, values)
        )

    def _serve(
        self,
        called: contract.Method,
        view: Api,
        before: Before | None,
        request: Request,
        values: Mapping[str, str],
    ) -> Response:
        token = self._token(request, called)
        asked = Asked(
            token["subject"],
            self.districts[token["district"]],
            values,
            contract.query(called, dict(request.args.lists())),
            contract.body(called, _json(request)),
            before(values) if before else None,
        )
        mask = asked.query.get("fields") or DEFAULT_FIELDS.get(called.name)
        tree = masks.read(mask) if mask else None
        with self.store.change() if called.http != "GET" else nullcontext():
            found = view(asked)
        self.violations.extend(contract.answer(called, found))
        self.used.add(called.name)
        if found is None:
            return Response(status=204)
        return self.json(masks.apply(tree, found))

    def _token(self, request: Request, called: contract.Method) -> Document:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self.store.get("google.token", fingerprint(value)) if scheme == "Bearer" and value else None
        if token is None or token["expires"] <= time.time():
            raise Refuse(
                401,
                "authError",
                "Invalid Credentials",
                CHALLENGE,
            )
        if not called.scopes & set(token["scopes"]):
            raise Refuse(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        return token

    def refusal(self, refused: Refuse) -> Response:
        one = {"message": refused.message, "domain": "global", "reason": refused.code}
        body = {"error": {"code": refused.status, "message": refused.message, "errors": [one]}}
        return self.json(body, refused.status, refused.headers)

    def over_limit(self, request: Request) -> Refuse | None:
        """Google's published rates, each for one account in any minute; an envelope itself is no call."""
        api = next((one for one in RATES if request.path.startswith(one)), None)
        if api is None:
            return None
        token = request.headers.get("Authorization", "").partition(" ")[2]
        caller = (self.store.get("google.token", fingerprint(token)) or {}).get("subject", "")
        most, refused = RATES[api]
        taken, now = self._taken.setdefault(f"{api} {caller}", deque()), self.clock()
        while taken and taken[0] <= now - MINUTE:
            taken.popleft()
        if len(taken) >= most:
            return refused
        taken.append(now)
        return None

    def _set_lag(self, request: Request) -> Response:
        self.lag_seconds = float(request.get_json()["seconds"])
        return Response(status=204)

    # --- what the parts share -------------------------------------------------------------------------------------

    def moment(self) -> str:
        """The present, as Google writes it."""
        return (
            datetime.fromtimestamp(self.clock(), UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )

    def fresh_id(self, kind: str, prefix: str, length: int) -> str:
        """A new id that looks like Google's and is never given twice."""
        return opaque(prefix, length, kind, self.store.serial("google." + kind))

    def etag(self) -> str:
        """A new etag."""
        return f'"{self.store.serial("google.etag")}"'

    def visible(self, document: Mapping[str, Any]) -> bool:
        """Whether something made earlier is there for everybody."""
        return bool(self.clock() - document["made"] >= self.lag_seconds)

    def page(self, rows: list[Any], size: int, token: str | None, about: Any) -> tuple[list[Any], str | None]:
        """One page of a listing and the token of the next; a token fits only the listing it was given for."""
        name, start = opaque("", 12, json.dumps(about, sort_keys=True, default=str)), 0
        if token:
            given, _, number = token.partition(".")
            if given != name or not number.isdigit():
                raise Refuse(400, "invalid", "Invalid Value: pageToken")
            start = int(number)
        size = min(size, self.most_per_page)
        onward = f"{name}.{start + size}" if start + size < len(rows) else None
        return rows[start : start + size], onward


def opaque(prefix: str, length: int, *words: object) -> str:
    """Letters and digits that say nothing, the same for the same words."""
    digest = hashlib.sha512("/".join(map(str, words)).encode()).digest()
    return prefix + base64.b32encode(digest).decode().lower()[:length]


def grant(kind: str, role: str, address: str, name: str) -> Document:
    """A permission as Drive shows it."""
    who = {"emailAddress": address, "displayName": name}
    return {"kind": "drive#permission", "id": permission_id(address), "type": kind, "role": role, **who}


def permission_id(address: str) -> str:
    """A permission id: digits, and not the account's id."""
    return str(int(opaque("", 12, "permission", address).encode().hex(), 16))[:20]


def fingerprint(secret: str) -> str:
    """What a token is kept under: the store does not hold the token itself."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _json(request: Request) -> Any:
    if not request.get_data():
        return None
    if request.mimetype != "application/json":
        raise Refuse(400, "parseError", "the body must be JSON")
    try:
        return json.loads(request.get_data())
    except ValueError:
        raise Refuse(400, "parseError", "Parse Error") from None

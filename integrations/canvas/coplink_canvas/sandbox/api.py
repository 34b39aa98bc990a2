"""The frame of the pretended Canvas API: tokens, permissions, typed parameters, paging, throttling, refusals.

Sources: the Canvas API documentation (pagination, throttling) and the behaviour of open source Canvas, November 2026.
Unlike Canvas, which ignores what it does not know, an unknown parameter is refused.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import Refuse, Wire
from coplink_canvas.sandbox.budget import RESERVED, Budget
from coplink_canvas.sandbox.keys import Bearer, bearer, scope_of, without_includes

PERMISSIONS = (
    "manage_groups_add",
    "manage_groups_manage",
    "read_roster",
    "read_course_content",
    "manage_wiki_create",
    "manage_wiki_update",
    "manage_wiki_delete",
    "manage_course_content_add",
    "manage_course_content_edit",
    "manage_course_content_delete",
    "read_announcements",
    "moderate_forum",
)
COST = 0.1  # of a quick call
WRITE_COST, ROW_COST = (
    1.0,
    0.01,
)  # with ``enforce_limits``: of a call that writes, and of a row that is listed

Kind = Callable[[str], Any]


class Ordinary(Refuse):
    """A refusal that is in the nature of things: somebody who is not in the course, a course that has ended."""


class Api(Wire):
    """What every part of the API shares. ``lag_seconds``: how late readings show what was made.

    ``scopes`` are what its routes demand of a token of a developer key, ``seen`` those of the routes that were called.
    """

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.lag_seconds = 0.0
        self.budget = Budget()
        self.throttled_with = 403
        self.scopes: set[str] = set()
        self.seen: set[str] = set()

    def api(self, methods: str, path: str, view: Callable[..., Any]) -> None:
        """A route of the API: ``view(district, request, **ids)`` returns a JSON body, or a response."""

        wanted = {method: scope_of(method, path) for method in methods.split()}
        self.scopes |= set(wanted.values())

        def answer(request: Request, **ids: Any) -> Response:
            token = self._begin(request)
            cost = COST
            try:
                response = self._served(request, view, wanted[request.method], ids)
                if self.enforce_limits:
                    cost = _cost(request, response)
            finally:
                remaining = self.budget.end(token, self.clock(), cost)
            response.headers["X-Request-Cost"] = str(cost)
            response.headers["X-Rate-Limit-Remaining"] = f"{remaining:.1f}"
            return response

        self.route(methods, f"/api/v1{path}", answer)

    def _served(
        self, request: Request, view: Callable[..., Any], scope: str, ids: Mapping[str, Any]
    ) -> Response:
        bearer = self._bearer(request)
        if bearer.scopes is not None:
            if scope not in bearer.scopes:
                raise Refuse(401, "unscoped", "Insufficient scopes on access token.")
            if not bearer.includes:
                without_includes(request)
        self.seen.add(scope)
        district = self.region.districts[bearer.district]
        try:
            if request.method == "GET":
                body = view(district, request, **ids)
            else:
                with self.store.change():
                    body = view(district, request, **ids)
        except Ordinary as no:  # an answer that a faultless client gets, too: not one of the ``refusals``
            body = self.refusal(no)
        return body if isinstance(body, Response) else self.json(body)

    # --- who asks, and may they -------------------------------------------------------------------------------------

    def _bearer(self, request: Request) -> Bearer:
        """Whose token came along; ``401`` with a challenge for none."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        for district in self.region.districts.values():
            revoked = self.store.get("canvas.revoked", district.key) is not None
            if scheme == "Bearer" and token == district.canvas_token and not revoked:
                return Bearer(district.key)
        found = bearer(self.store, token, self.clock()) if scheme == "Bearer" else None
        if found is not None:
            return found
        raise Refuse(
            401, "unauthenticated", "Invalid access token.", {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
        )

    def need(self, district: District, *permissions: str) -> None:
        """Refuse unless the service account's role has one of these permissions."""
        role = self.store.get("canvas.roles", district.key)
        granted = role["permissions"] if role else PERMISSIONS
        if not set(permissions) & set(granted):
            raise forbidden()

    def service_account(self, district: District) -> int:
        """The Canvas user id of the district's service account."""
        return 9000 + list(self.region.districts).index(district.key)

    # --- readings ---------------------------------------------------------------------------------------------------

    def shown(self, document: Document | None) -> Document:
        """A document that readings already show; ``404`` otherwise."""
        if document is None or not self.visible(document):
            raise absent()
        return document

    def visible(self, document: Document) -> bool:
        """Whether the replica that answers readings has this yet."""
        return self.clock() - float(document.get("made", 0)) >= self.lag_seconds

    def page(self, request: Request, rows: Sequence[Any], done: tuple[str, str] | None = None) -> Response:
        """One page of a listing with ``Link`` relations; ``done`` is remembered once all pages were served in a row."""
        size = min(number(request.args.get("per_page", "10"), "per_page"), 100, self.most_per_page)
        page = number(request.args.get("page", "1"), "page")
        last = max(1, -(-len(rows) // size))
        kept = [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name not in ("page", "per_page")
        ]

        def link(to: int, relation: str) -> str:
            query = urlencode([*kept, ("page", to), ("per_page", size)])
            return f'<{self.base_url}{request.path}?{query}>; rel="{relation}"'

        links = [link(page, "current"), link(1, "first"), link(last, "last")]
        if page < last:
            links.insert(1, link(page + 1, "next"))
        if done is not None:
            self._follow(request, done, page, last)
        return self.json(rows[(page - 1) * size : page * size], headers={"Link": ",".join(links)})

    def _follow(self, request: Request, done: tuple[str, str], page: int, last: int) -> None:
        key = f"{done[0]} {done[1]}"
        reached = int((self.store.get("canvas.readings", key) or {"page": 0})["page"])
        if page == 1 or page == reached + 1:
            self.store.put("canvas.readings", key, {"page": page})
            if page == last:
                self.read_completely(*done)

    # --- refusals and throttling ------------------------------------------------------------------------------------

    def refusal(self, refused: Refuse) -> Response:
        """A refusal as Canvas words it."""
        if refused.code == "throttled":
            return Response(
                f"{refused.status} Forbidden (Rate Limit Exceeded)\n", refused.status, refused.headers
            )
        if refused.code == "unauthorized":
            body: Any = {"status": "unauthorized", "errors": [{"message": refused.message}]}
        elif refused.code == "switched_off":
            body = {"message": refused.message}
        elif refused.code.startswith("invalid:"):
            name = refused.code.partition(":")[2]
            body = {"errors": {name: [{"attribute": name, "type": "invalid", "message": refused.message}]}}
        else:
            body = {"errors": [{"message": refused.message}]}
        return Response(json.dumps(body), refused.status, refused.headers, mimetype="application/json")

    def _begin(self, request: Request) -> str:
        """Let a call begin whose token has something left; its bucket."""
        token = request.headers.get("Authorization", "")
        self.budget.reserved = RESERVED if self.enforce_limits else 0.0
        if self.budget.begin(token, self.clock()):
            return token
        self.throttled += 1
        raise Refuse(
            self.throttled_with, "throttled", "Rate Limit Exceeded", {"X-Rate-Limit-Remaining": "0.0"}
        )

    def now(self) -> str:
        """The present as Canvas writes times."""
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cost(request: Request, response: Response) -> float:
    """What Canvas would charge: by the time a call takes, and so by what it writes or lists."""
    if request.method != "GET":
        return WRITE_COST
    rows = response.get_json(silent=True)
    return COST + ROW_COST * (len(rows) if isinstance(rows, list) else 1)


def absent() -> Refuse:
    """Not there, or not to be known of."""
    return Refuse(404, "not_found", "The specified resource does not exist.")


def forbidden(role: bool = True) -> Refuse:
    """Signed in, but not allowed: by its role, or (``role`` False) because of what is asked for."""
    return (Refuse if role else Ordinary)(403, "unauthorized", "user not authorized to perform that action")


def invalid(name: str, message: str) -> Refuse:
    """A value that Canvas does not take."""
    return Refuse(400, f"invalid:{name}", message)


def take(request: Request, **kinds: Kind) -> dict[str, Any]:
    """The request's parameters, each of a known name and type; ``a__b`` stands for ``a[b]``, ``a__`` for ``a[]``."""
    names = {re.sub(r"__(\w*)$", r"[\1]", name): (name, kind) for name, kind in kinds.items()}
    listing = {
        "per_page": ("per_page", lambda v: number(v, "per_page")),
        "page": ("page", lambda v: number(v, "page")),
    }
    known: Mapping[str, tuple[str, Kind]] = {**names, **listing} if request.method == "GET" else names
    pairs: Iterable[tuple[str, str]] = request.args.items(multi=True)
    if request.method != "GET":
        if request.args:
            raise Refuse(400, "parameter", f"parameters belong into the body: {sorted(request.args)}")
        if request.get_data() and request.mimetype != "application/x-www-form-urlencoded":
            raise Refuse(400, "parameter", f"a form was expected, not {request.mimetype}")
        pairs = request.form.items(multi=True)
    taken: dict[str, Any] = {}
    for raw, value in pairs:
        if raw not in known:
            raise Refuse(
                400, "parameter", f"Canvas knows no parameter {raw} of {request.method} {request.path}"
            )
        name, kind = known[raw]
        if raw.endswith("[]"):
            taken.setdefault(name, []).append(kind(value))
        elif name in taken:
            raise Refuse(400, "parameter", f"{raw} came twice")
        else:
            taken[name] = kind(value)
    return taken


def number(value: str, name: str = "id") -> int:
    """A positive whole number."""
    if not re.fullmatch(r"[1-9]\d{0,18}", value):
        raise Refuse(400, "parameter", f"{name} is no number: {value!r}")
    return int(value)


def yes_or_no(value: str) -> bool:
    """``true`` or ``false``."""
    if value not in ("true", "false"):
        raise Refuse(400, "parameter", f"neither true nor false: {value!r}")
    return value == "true"


def text(value: str) -> str:
    """Any text."""
    return value


def one_of(*values: str) -> Kind:
    """One of these words."""

    def kind(value: str) -> str:
        if value not in values:
            raise Refuse(400, "parameter", f"{value!r} is none of {values}")
        return value

    return kind


def moment(value: str) -> str:
    """A time with its zone, as Canvas keeps it: UTC."""
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        raise Refuse(400, "parameter", f"no time: {value!r}") from None
    if when.tzinfo is None:
        raise Refuse(400, "parameter", f"a time without a zone: {value!r}")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

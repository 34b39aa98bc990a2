"""What every part of the pretended Graph stands on: sign-in and consent checked, parameters strict, pages, lag."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region, Resident
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import Refuse, View, Wire
from coplink_teams import manifest
from coplink_teams.sandbox.entra import Signer

ROOT = "/v1.0"
CONSENT = "teams.consent"
INSTALLED = "teams.installed"  # the app in a team: what its consent holds there, None for everything


class GraphWire(Wire):
    """A wire that speaks like Graph. ``page_size`` is how many entries a page has at most, ``lag_seconds`` how late
    things become visible.
    """

    key = "teams"

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.signer = Signer(store)
        self.page_size = 100
        self.lag_seconds = 0.0

    @property
    def district(self) -> District:
        """The one district that lives in Microsoft 365."""
        return next(d for d in self.region.districts.values() if d.tenant_id)

    # --- requests -------------------------------------------------------------------------------------------------

    def api(
        self,
        method: str,
        path: str,
        view: View,
        permission: str | tuple[str, ...],
        query: Iterable[str] = (),
    ) -> None:
        """A route of Graph that needs ``permission`` (or one of several) and takes these query options only."""
        allowed = frozenset(query)
        enough = (permission,) if isinstance(permission, str) else permission

        def guarded(request: Request, **values: Any) -> Response:
            self._signed_in(request)
            if unknown := set(request.args) - allowed:
                raise Refuse(400, "BadRequest", f"unknown query option {sorted(unknown)}")
            if permission and not any(self.holds(one, str(values.get("team", ""))) for one in enough):
                raise Refuse(403, "Forbidden", f"Missing permission {' or '.join(enough)}")
            return view(request, **values)

        self.route(method, ROOT + path, guarded)

    def granted(self) -> list[str]:
        """What the admin consented to: all of the manifest, until told otherwise."""
        kept = self.store.get(CONSENT, self.district.key)
        return list(kept["granted"]) if kept else [scope.name for scope in manifest.scopes]

    def holds(self, permission: str, team: str) -> bool:
        """Whether the app has a permission; one that ends in ``.Group`` holds only in teams where it is installed."""
        if permission not in self.granted():
            return False
        if not permission.endswith(".Group"):
            return True
        installed = self.store.get(INSTALLED, team)
        if installed is None:
            return self.store.get("teams.team", team) is None  # the route itself says 404
        return installed["permissions"] is None or permission in installed["permissions"]

    def _signed_in(self, request: Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = self.signer.read(token, self.clock())
        except (jwt.PyJWTError, KeyError):
            claims = {}
        if scheme != "Bearer" or claims.get("idtyp") != "app" or claims.get("aud") != self.base_url:
            raise Refuse(
                401, "InvalidAuthenticationToken", "Access token is missing, ended or not for this service"
            )

    def body(self, request: Request, allowed: Iterable[str], required: Iterable[str] = ()) -> Document:
        """The JSON object of a request; unknown and missing properties are refused."""
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise Refuse(400, "BadRequest", "a JSON object is needed")
        if unknown := set(body) - set(allowed) - {"@odata.type"}:
            raise Refuse(400, "BadRequest", f"unknown property {sorted(unknown)}")
        if missing := set(required) - set(body):
            raise Refuse(400, "BadRequest", f"missing property {sorted(missing)}")
        return body

    # --- answers --------------------------------------------------------------------------------------------------

    def refusal(self, refused: Refuse) -> Response:
        """Graph's error envelope; ``code/inner`` carries an inner code."""
        code, _, inner = refused.code.partition("/")
        error: Document = {
            "code": code,
            "message": refused.message,
            "innerError": {"request-id": "pretended"},
        }
        if inner:
            error["innerError"]["code"] = inner
        return self.json({"error": error}, refused.status, refused.headers)

    def page(
        self,
        request: Request,
        entries: Sequence[Document],
        done: Callable[[], None] | None = None,
        most: int | None = None,
    ) -> Response:
        """One page of a listing; ``done`` is called when the last page is served.

        ``most`` is how many ``$top`` may ask for where that is more than a page has by itself.
        """
        start = int(request.args.get("$skiptoken", "0"))
        size = min(int(request.args.get("$top", self.page_size)), most or self.page_size, self.most_per_page)
        body: Document = {"value": [self.selected(request, e) for e in entries[start : start + size]]}
        if start + size < len(entries):
            rest = {**request.args.to_dict(), "$skiptoken": str(start + size)}
            body["@odata.nextLink"] = self.link(request, rest)
        elif done:
            done()
        return self.json(body)

    def link(self, request: Request, query: Mapping[str, str]) -> str:
        """The request's own address with another query."""
        path = quote(request.path, safe="/()@:!,")
        return f"{self.base_url}{path}?{urlencode(query)}"

    def selected(self, request: Request, entry: Document) -> Document:
        """The properties asked for by ``$select``, and the id."""
        wanted = request.args.get("$select")
        if not wanted:
            return entry
        names = {"id", *wanted.split(",")}
        return {name: value for name, value in entry.items() if name in names or name.startswith("@")}

    # --- time and people ------------------------------------------------------------------------------------------

    def visible(self, since: float) -> bool:
        """Whether something written at ``since`` has reached everybody."""
        return self.clock() >= since + self.lag_seconds

    def stamp(self, moment: float | None = None) -> str:
        """A moment as Graph writes it."""
        return datetime.fromtimestamp(self.clock() if moment is None else moment, UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )

    def resident(self, name: str) -> Resident | None:
        """A resident of the district by object id or sign-in name."""
        people = (p for p in self.region.of(self.district.key) if p.entra_id)
        return next(
            (p for p in people if name in (p.entra_id, p.upn) or name.casefold() == p.upn.casefold()), None
        )

    def document(self, kind: str, key: str) -> Document:
        """A stored document, or Graph's 404."""
        kept = self.store.get(kind, key)
        if kept is None:
            raise Refuse(404, "NotFound", "The resource was not found")
        return kept

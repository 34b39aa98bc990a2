"""A sandbox as a WSGI application: strict routes, counted calls, weather, and a loopback server.

A vendor sandbox subclasses ``Wire``, registers its routes with ``route`` and refuses what the vendor would refuse with
``Refuse``. Unknown routes are refused and remembered in ``refusals``. Under ``/_sandbox/`` every sandbox answers what
it was asked (``calls``), takes weather (``weather``, ``held``, ``release``) and lists its doors (``doors``).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import http_date
from werkzeug.routing import Map
from werkzeug.routing import Rule as Route
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from coplink.sandbox import tape
from coplink.sandbox.district import Region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Rule, Weather

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Noted:
    """One request as counted: a batch is noted part by part. ``write``: it would create, change or delete.

    ``filtered``: it asked for some rows by a filter, and not for a listing.
    """

    number: int
    method: str
    path: str
    status: int
    write: bool
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class DoorLink:
    """A way into the pretend suite for a visitor of the demo. ``group`` heads a list on the start page."""

    title: str
    url: str
    group: str


class Refuse(Exception):
    """The vendor would refuse this; answered through ``Wire.refusal`` in the vendor's own form."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})


class Wire:
    """The frame of a vendor sandbox. ``key`` is the integration's; ``base_url`` is set when it is served.

    ``checks`` see every API request with its answer (a test hangs contract checks there); what they return stays
    in ``violations``. With ``enforce_limits`` the vendor's published rates hold on the wire's clock (``over_limit``);
    ``throttled`` counts what was refused for them. ``most_per_page`` makes the pages of listings smaller than the
    vendor's. Every route is counted but those registered with ``counted=False`` (tokens, pages).
    """

    key = ""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.region, self.store, self.clock = region, store, clock
        self.base_url = ""
        self.weather = Weather()
        self.most_per_page = 1000
        self.enforce_limits = False
        self.throttled = 0
        self.calls: list[Noted] = []
        self.complete_reads: list[tuple[str, str]] = []
        self.refusals: list[str] = []
        self.violations: list[str] = []
        self.checks: list[Callable[[Request, Response], Iterable[str]]] = []
        self._lock = threading.Lock()
        self._views: dict[str, tuple[View, bool, bool | None]] = {}
        self._map = Map(strict_slashes=False)
        self._control()
        tape.hung_on(self)

    # --- for vendor sandboxes -------------------------------------------------------------------------------------

    def route(
        self, methods: str, path: str, view: View, *, counted: bool = True, write: bool | None = None
    ) -> None:
        """Answer ``methods`` ("GET POST") on ``path`` (werkzeug syntax). ``write`` None: all but GET and HEAD."""
        name = f"{methods} {path}"
        self._views[name] = (view, counted, write)
        self._map.add(Route(path, methods=methods.split(), endpoint=name))

    def dispatch(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Response:
        """Answer a part of a batch (``path`` may have a query, ``body`` is JSON) by its route and count it as a call.

        Weather that answers (``answer``, ``apply``) falls on it too; what befalls a connection, and the checks, belong
        to the envelope.
        """
        data = json.dumps(body).encode() if body is not None else None
        request = Request(
            EnvironBuilder(path, method=method, headers=list(headers.items()), data=data).get_environ()
        )
        line = f"{method} {request.full_path.rstrip('?')}"
        rule = self.weather.due(line)
        if rule and rule.act == "answer":
            response = self._told(rule)
        else:
            response = self._routed(request, line)
            if rule and rule.act == "apply" and response.status_code < 400:
                response = self._told(rule)
        writes = method not in ("GET", "HEAD", "OPTIONS")
        self.note(method, request.path, response.status_code, writes, "$filter" in request.args)
        return response

    def note(self, method: str, path: str, status: int, write: bool, filtered: bool = False) -> None:
        """Count one request (or one part of a batch)."""
        with self._lock:
            self.calls.append(Noted(len(self.calls) + 1, method, path, status, write, filtered))

    def read_completely(self, what: str, key: str) -> None:
        """Remember that a ``space``, ``calendar`` or ``library`` was listed to its last page."""
        with self._lock:
            self.complete_reads.append((what, key))

    def refusal(self, refused: Refuse) -> Response:
        """A refusal in the vendor's form; vendors override it."""
        return self.json(
            {"error": {"code": refused.code, "message": refused.message}}, refused.status, refused.headers
        )

    def over_limit(self, request: Request) -> Refuse | None:
        """Count this request (or part of a batch) against the vendor's published limits; how it is refused, if it is.

        Asked only with ``enforce_limits``, one request after the other; vendors override it.
        """
        return None

    def ended(self, request: Request) -> None:
        """A request that was let in has been answered: for limits on how many run at once."""

    def json(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """A JSON answer."""
        return Response(json.dumps(body), status, dict(headers or {}), mimetype="application/json")

    def settings(self, district: str) -> Mapping[str, str]:
        """Exactly what the integration's ``connect()`` takes for this district; ``LookupError`` where it has none."""
        raise LookupError(district)

    def doors(self) -> Iterable[DoorLink]:
        """What a visitor of the demo can open here."""
        return ()

    def state(self) -> Mapping[str, Any]:
        """A summary of what exists over here, for tests and the demo's check."""
        return {}

    # --- WSGI -----------------------------------------------------------------------------------------------------

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except _Dropped:
            _drop(environ)
            response = Response(b"", 500)
        response.headers.setdefault("Date", http_date(self.clock()))
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        line = f"{request.method} {request.full_path.rstrip('?')}"
        try:
            name, values = self._map.bind_to_environ(request.environ).match()
        except (NotFound, MethodNotAllowed):
            return self._no_route(line)
        except HTTPException as error:
            return Response(str(error), error.code or 400)
        view, counted, write = self._views[name]
        rule = self.weather.due(line, counted)
        if not counted:
            bad = rule and rule.act == "answer"
            return self._told(rule) if rule and bad else self._view(view, request, values)
        writes = request.method not in ("GET", "HEAD", "OPTIONS") if write is None else write
        if rule and rule.act == "slow":
            time.sleep(rule.seconds)
        if rule and rule.act == "hold-before":
            self.weather.hold(line)
            raise _Dropped
        if rule and rule.act == "answer":
            response = self._told(rule)
        else:
            response = self._limited(view, request, values)
            for check in self.checks:
                self.violations.extend(check(request, response))
            if rule and rule.act == "apply" and response.status_code < 400:
                response = self._told(rule)
        self.note(request.method, request.path, response.status_code, writes, "$filter" in request.args)
        if rule and rule.act == "hold-after":
            self.weather.hold(line)
            raise _Dropped
        if rule and rule.act == "lose":
            raise _Dropped
        if rule and rule.act == "garble":
            return Response(
                "<!doctype html><title>Maintenance</title>", response.status_code, mimetype="text/html"
            )
        return response

    def _routed(self, request: Request, line: str) -> Response:
        try:
            name, values = self._map.bind_to_environ(request.environ).match()
        except HTTPException:
            return self._no_route(line)
        return self._limited(self._views[name][0], request, values)

    def _told(self, rule: Rule) -> Response:
        return self.json(rule.body, rule.status, rule.headers)

    def _limited(self, view: View, request: Request, values: Mapping[str, Any]) -> Response:
        """The view, unless a published limit stands in the way."""
        if not self.enforce_limits:
            return self._view(view, request, values)
        with self._lock:
            refused = self.over_limit(request)
            self.throttled += refused is not None
        if refused is not None:
            return self.refusal(refused)
        try:
            return self._view(view, request, values)
        finally:
            with self._lock:
                self.ended(request)

    def _no_route(self, line: str) -> Response:
        self.refusals.append(line)
        return self.refusal(Refuse(404, "UnknownRoute", f"The sandbox knows no {line}"))

    def _view(self, view: View, request: Request, values: Mapping[str, Any]) -> Response:
        try:
            return view(request, **values)
        except Refuse as refused:
            if refused.status in (400, 401, 403):
                self.refusals.append(f"{request.method} {request.path}: {refused}")
            return self.refusal(refused)
        except HTTPException as error:
            return self.refusal(Refuse(error.code or 400, "BadRequest", error.description or "bad request"))

    # --- what tests and the demo ask ------------------------------------------------------------------------------

    def _control(self) -> None:
        self.route("GET", "/favicon.ico", lambda request: Response(status=204), counted=False)
        self.route("GET", "/_sandbox/calls", self._report, counted=False)
        self.route("POST", "/_sandbox/calls/clear", self._forget, counted=False)
        self.route("GET", "/_sandbox/state", lambda request: self.json(self.state()), counted=False)
        self.route("POST", "/_sandbox/pages", self._set_pages, counted=False)
        self.route("POST", "/_sandbox/weather", self._take_rule, counted=False)
        self.route("POST", "/_sandbox/weather/clear", self._clear, counted=False)
        self.route("GET", "/_sandbox/held", lambda request: self.json(self.weather.held), counted=False)
        self.route("POST", "/_sandbox/release", self._release, counted=False)
        self.route("GET", "/_sandbox/doors", self._doors, counted=False)
        self.route("GET", "/_sandbox/settings/<district>", self._settings, counted=False)

    def _report(self, request: Request) -> Response:
        with self._lock:
            body = {
                "calls": [asdict(call) for call in self.calls],
                "writes": sum(call.write for call in self.calls),
                "reads": sum(not call.write for call in self.calls),
                "complete": [list(pair) for pair in self.complete_reads],
                "refusals": self.refusals,
                "violations": self.violations,
                "throttled": self.throttled,
            }
        return self.json(body)

    def _forget(self, request: Request) -> Response:
        with self._lock:
            self.calls.clear()
            self.complete_reads.clear()
            self.throttled = 0
        return Response(status=204)

    def _take_rule(self, request: Request) -> Response:
        self.weather.add(Rule(**request.get_json()))
        return Response(status=204)

    def _set_pages(self, request: Request) -> Response:
        self.most_per_page = int(request.get_json()["size"])
        return Response(status=204)

    def _clear(self, request: Request) -> Response:
        self.weather.clear()
        return Response(status=204)

    def _release(self, request: Request) -> Response:
        self.weather.release()
        return Response(status=204)

    def _doors(self, request: Request) -> Response:
        return self.json([asdict(door) for door in self.doors()])

    def _settings(self, request: Request, district: str) -> Response:
        """The settings for one district; empty where the vendor has no customer there."""
        try:
            return self.json(dict(self.settings(district)))
        except LookupError:
            return self.json({})


class _Dropped(Exception):
    """The connection is to be dropped without an answer."""


def _drop(environ: WSGIEnvironment) -> None:
    peer = environ.get("werkzeug.socket")
    if isinstance(peer, socket.socket):
        peer.shutdown(socket.SHUT_RDWR)


class _Quiet(WSGIRequestHandler):
    """Says nothing; a dropped connection is part of the play."""

    def log(self, type: str, message: str, *args: Any) -> None:
        return None


class Served:
    """A WSGI application on a loopback port, in threads of this process."""

    def __init__(self, app: Any, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server: BaseWSGIServer = make_server(host, port, app, threaded=True, request_handler=_Quiet)
        self.port = self._server.server_port
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def serve(wire: Wire, host: str = "127.0.0.1", port: int = 0) -> Served:
    """Serve a sandbox and tell it its own address."""
    served = Served(wire, host, port)
    wire.base_url = served.url
    return served

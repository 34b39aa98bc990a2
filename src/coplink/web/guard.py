"""Stands before and behind every page: who visits, is this form ours, and the headers of every answer.

A change is made by POST only, with the session's form secret, from our own origin (``Origin``, ``Sec-Fetch-Site``).
Some addresses are called by others and have means of their own: the LTI ones (state, nonce and signature) and hooks (a
secret of their own); they are named in ``CALLED_BY_OTHERS``. A page of ours that has no session yet brings a code that
works once instead of a form secret; such addresses are named in ``WITH_A_CODE``.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from coplink import logs
from coplink.core.errors import CoplinkError, NotAllowed, NotFound
from coplink.core.people import InstitutionId
from coplink.core.words import say
from coplink.lti import jws
from coplink.lti.origins import is_host
from coplink.ports.records import RegistrationState
from coplink.web import session as sessions
from coplink.web.desk import Desk
from coplink.web.session import Visit

CALLED_BY_OTHERS = frozenset({"lti.login", "lti.launched", "hooks.hook", "notices.hear"})
# Who comes there says so anew; the session they had is looked up only where it matters.
WHOEVER_COMES = frozenset({"lti.login", "lti.launched"})
WITH_A_CODE = frozenset({"lti.held", "deep_linking.back", "registering.register"})
WITHOUT_SESSION = frozenset(
    {"static", "health.alive", "health.ready", "hooks.hook", "feeds.feed", "lti.jwks", "registering.canvas"}
    | {"doors.asset"}
)
BEGINNINGS = frozenset({"lti.login", "lti.launched", "lti.held"})
FRESH_FOR = 10.0
MOST_TO_STRANGERS = 24
ANYBODY = ("https:", "http://localhost:*", "http://127.0.0.1:*")
"""Sources that name nobody in particular; only a page of ours can ask for them, no address that came from elsewhere."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

log = logs.get(__name__)


class Frames:
    """Who may show our pages in a frame: open platforms, doors inside suites, and what the operator allows."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[InstitutionId | None, tuple[float, _Origins]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Ask anew at the next page: a connection or platform has changed."""
        with self._lock:
            self._known.clear()

    def of(self, visit: Visit, named: Sequence[str] = (), issuer: str = "", came_from: str = "") -> list[str]:
        """Who may frame an answer to this visit; of those we know, nobody while the database cannot be asked.

        ``named`` are those the page itself names. Before anybody is known: ``issuer`` is the platform that the request
        speaks of, ``came_from`` the origin it came from; a page that names somebody needs no list.
        """
        told = [origin(one) for one in visit.values.get("frames", "").split()]
        institution = visit.session.institution if visit.session else None
        try:
            known = self._origins(institution)
            if institution is not None:
                ours = [*(one for theirs in known.platforms.values() for one in theirs), *known.doors]
            elif issuer in known.platforms:
                ours = [*known.platforms[issuer]]
            else:
                ours = [] if named else known.to_strangers(came_from)
        except Exception:  # the answer under way may be the page that says so: it must still go out
            log.exception("frame ancestors unknown")
            ours = []
        found = [*ours, *self._desk.services.settings.frame_ancestors, *told, *named]
        return list(dict.fromkeys(one for one in found if one))

    def _origins(self, institution: InstitutionId | None) -> _Origins:
        """The origins for pages of one institution; before anybody is known, those of all."""
        now = time.monotonic()
        with self._lock:
            known = self._known.get(institution)
        if known is None or now - known[0] > FRESH_FOR:
            known = (now, self._read(institution))
            with self._lock:
                self._known[institution] = known
        return known[1]

    def _read(self, institution: InstitutionId | None) -> _Origins:
        with self._desk.begin() as uow:
            open_ones = [p for p in uow.platforms.all() if p.state is RegistrationState.OPEN]
            if institution is not None:
                theirs = {d.registration for d in uow.platforms.deployments(institution) if d.approved_at}
                open_ones = [p for p in open_ones if p.institution == institution or p.id in theirs]
            connections = uow.institutions.connections(institution)
        platforms: dict[str, dict[str, None]] = {}
        for one in open_ones:
            found = (origin(one.authorization_url), origin(one.issuer))
            platforms.setdefault(one.issuer, {}).update(dict.fromkeys(filter(None, found)))
        doors: dict[str, None] = {}
        for connected in connections:
            try:
                door = self._desk.services.door(connected)
            except CoplinkError:  # a connection that cannot be opened frames nothing; its own page says why
                continue
            doors.update(dict.fromkeys(door.frame_ancestors if door else ()))
        return _Origins({issuer: tuple(found) for issuer, found in platforms.items()}, tuple(doors))


@dataclass(frozen=True, slots=True)
class _Origins:
    """Of platforms, by issuer, and of doors."""

    platforms: Mapping[str, tuple[str, ...]]
    doors: tuple[str, ...]

    def to_strangers(self, came_from: str) -> list[str]:
        """A few are named to anybody; of many only the one they came from, so that nobody reads who our schools are."""
        of_platforms = dict.fromkeys(one for found in self.platforms.values() for one in found)
        shown = []
        for found in (tuple(of_platforms), self.doors):
            shown += [one for one in found if len(found) <= MOST_TO_STRANGERS or one == came_from]
        return shown


def origin(address: str) -> str:
    """``scheme://host[:port]`` of an address that may stand in a policy; empty for any other."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http") or not host or port == 0 or not is_host(host):
        return ""
    named = host if ":" not in host else f"[{host}]"
    expected = named if port is None else f"{named}:{port}"
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc.lower() == expected else ""


def stand(app: Flask, desk: Desk) -> Frames:
    """Put the guard before and behind every view of ``app``."""
    frames = Frames(desk)
    ours = origin(desk.base_url)

    @app.before_request
    def is_this_an_address() -> None:
        if (
            not request.path.isprintable()
        ):  # databases refuse some of these characters, and no address of ours has any
            raise NotFound(say("There is nothing here for you, or it has moved."))

    @app.before_request
    def who_visits() -> None:
        if request.endpoint is None or request.endpoint in WITHOUT_SESSION:
            return
        told = request.headers.get(sessions.HEADER)
        g.in_page = told is not None  # the page speaks for itself, whatever cookie came along
        g.secret = sessions.cookie_of(request) if told is None else told
        if request.endpoint not in WHOEVER_COMES:
            g.visit = desk.visit

    @app.before_request
    def is_this_form_ours() -> None:
        if request.method in SAFE or request.endpoint is None or request.endpoint in CALLED_BY_OTHERS:
            return
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise _foreign("Sec-Fetch-Site")
        if request.headers.get("Origin", ours) != ours:
            raise _foreign("Origin")
        if request.endpoint in WITH_A_CODE:
            return
        given = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
        expected = desk.visit.csrf
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            raise _foreign("form secret" if expected else "no session")

    @app.after_request
    def headers(response: Response) -> Response:
        ancestors = [] if request.endpoint in WITHOUT_SESSION else _ancestors(frames)
        _policy(response, " ".join(["'self'", *ancestors]))
        if "new_cookie" in g and g.get("in_page"):
            sessions.tell_page(response, g.new_cookie)
        elif "new_cookie" in g:
            sessions.set_cookie(response, sessions.COOKIE, g.new_cookie)
        if "new_browser" in g:
            sessions.set_cookie(response, sessions.BROWSER_COOKIE, g.new_browser)
        if request.endpoint not in WITHOUT_SESSION:
            response.headers["Cache-Control"] = "no-store"
        return response

    return frames


def _ancestors(frames: Frames) -> list[str]:
    """Who may frame the answer under way.

    Beginnings of launches are framed by whoever began: hosted platforms serve each school on a host of its own, which
    only the launch will name. Before that these pages know nobody and hold nothing: a foreign page around them gains
    what the same page without a frame would give it.
    """
    visit: Visit = g.get("visit") or Visit()
    named = [one if one in ANYBODY else origin(one) for one in g.get("framed_by", ())]
    named += g.get("framed_by_door", ())
    came_from = origin(request.headers.get("Origin", "")) or origin(request.headers.get("Referer", ""))
    if request.endpoint not in BEGINNINGS:
        return frames.of(visit, named, came_from=came_from)
    return frames.of(visit, named or [came_from], "" if visit.person else _issuer())


def _issuer() -> str:
    """The platform that a login or a launch says it comes from; nothing is proved by it."""
    try:
        given = request.form if request.method == "POST" else request.args
    except HTTPException:  # too much was sent, or nothing that can be read
        return ""
    return given.get("iss", "") or jws.issuer_unproved(given.get("id_token", ""))


def _policy(response: Response, ancestors: str) -> None:
    # one answer alone sends its form elsewhere: back to a platform
    forms = (origin(g.form_action) or "'none'") if "form_action" in g else "'self'"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        f" form-action {forms}; base-uri 'none'; frame-ancestors {ancestors}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    # "no-referrer" would make the browser send "Origin: null" with our own forms (Fetch standard, section 3.2)
    response.headers["Referrer-Policy"] = "same-origin"
    # Ignored inside a frame. A platform that opened a page of ours as a window of its own may be told something.
    response.headers["Cross-Origin-Opener-Policy"] = g.get("opener_policy", "same-origin")
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), interest-cohort=()"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"


def _foreign(why: str) -> NotAllowed:
    sentence = say(
        "This form is too old, or it came from elsewhere. Open the page again and send it once more."
    )
    return NotAllowed(sentence, f"refused form: {why}")

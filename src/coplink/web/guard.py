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
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from coplink import logs
from coplink.core.errors import CoplinkError, NotAllowed, NotFound
from coplink.core.people import InstitutionId
from coplink.core.words import say
from coplink.lti import jws
from coplink.lti.origins import is_host
from coplink.ports.records import RegistrationState
from coplink.web import session as sessions
from coplink.web.desk import Desk, Onward
from coplink.web.session import Visit

CALLED_BY_OTHERS = frozenset({"lti.login", "lti.launched", "hooks.hook", "notices.hear"})
# Who comes there says so anew; the session they had is looked up only where it matters.
WHOEVER_COMES = frozenset({"lti.login", "lti.launched"})
WITH_A_CODE = frozenset({"lti.held", "deep_linking.back", "registering.register", "inviting.no_thanks"})
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


@lru_cache(maxsize=256)
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
    def stand_before() -> None:
        asked = cast(Request, cast(Any, request)._get_current_object())  # once, not at each look
        if not asked.path.isprintable():
            # databases refuse some of these characters, and no address of ours has any
            raise NotFound(say("There is nothing here for you, or it has moved."))
        if asked.endpoint is not None and asked.endpoint not in WITHOUT_SESSION:
            _who_visits(desk, asked)
        if asked.method not in SAFE and asked.endpoint is not None and asked.endpoint not in CALLED_BY_OTHERS:
            _is_this_form_ours(desk, asked, ours)

    @app.after_request
    def stand_behind(response: Response) -> Response:
        asked = cast(Request, cast(Any, request)._get_current_object())
        kept = cast(Any, g)._get_current_object().__dict__
        open_to_all = asked.endpoint in WITHOUT_SESSION
        ancestors = [] if open_to_all else _ancestors(frames, asked, kept)
        lines = [*_policy(tuple(ancestors), kept, asked.is_secure)]
        in_page, cookie = kept.get("in_page"), kept.get("new_cookie")
        if cookie is not None and in_page:
            sessions.tell_page(response, cookie)
        elif cookie is not None:
            lines.append(("Set-Cookie", sessions.cookie_line(sessions.COOKIE, cookie)))
        if "new_browser" in kept:
            lines.append(("Set-Cookie", sessions.cookie_line(sessions.BROWSER_COOKIE, kept["new_browser"])))
        if not open_to_all:
            lines.append(("Cache-Control", "no-store"))
        if isinstance(response, Onward) and not in_page:
            response.lines = lines
            return response
        for name, value in lines:
            if name == "Set-Cookie":
                response.headers.add(name, value)
            else:
                response.headers[name] = value
        return response

    return frames


def _who_visits(desk: Desk, asked: Request) -> None:
    told = asked.headers.get(sessions.HEADER)
    g.in_page = told is not None  # the page speaks for itself, whatever cookie came along
    g.secret = sessions.cookie_of(asked) if told is None else told
    if asked.endpoint not in WHOEVER_COMES:
        g.visit = desk.visit


def _is_this_form_ours(desk: Desk, asked: Request, ours: str) -> None:
    if asked.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise _foreign("Sec-Fetch-Site")
    if asked.headers.get("Origin", ours) != ours:
        raise _foreign("Origin")
    if asked.endpoint in WITH_A_CODE:
        return
    given = asked.headers.get("X-CSRF-Token") or asked.form.get("csrf", "")
    expected = desk.visit.csrf
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise _foreign("form secret" if expected else "no session")


def _ancestors(frames: Frames, asked: Request, kept: Mapping[str, Any]) -> list[str]:
    """Who may frame the answer under way.

    Beginnings of launches are framed by whoever began: hosted platforms serve each school on a host of its own, which
    only the launch will name. Before that these pages know nobody and hold nothing: a foreign page around them gains
    what the same page without a frame would give it.
    """
    visit: Visit = kept.get("visit") or Visit()
    named = [one if one in ANYBODY else origin(one) for one in kept.get("framed_by", ())]
    named += kept.get("framed_by_door", ())
    came_from = origin(asked.headers.get("Origin", "")) or origin(asked.headers.get("Referer", ""))
    if asked.endpoint not in BEGINNINGS:
        return frames.of(visit, named, came_from=came_from)
    return frames.of(visit, named or [came_from], "" if visit.person else _issuer(asked))


def _issuer(asked: Request) -> str:
    """The platform that a login or a launch says it comes from; nothing is proved by it."""
    try:
        given = asked.form if asked.method == "POST" else asked.args
    except HTTPException:  # too much was sent, or nothing that can be read
        return ""
    return given.get("iss", "") or jws.issuer_unproved(given.get("id_token", ""))


def _policy(ancestors: tuple[str, ...], kept: Mapping[str, Any], secure: bool) -> tuple[tuple[str, str], ...]:
    # one answer alone sends its form elsewhere: back to a platform
    forms = (origin(kept["form_action"]) or "'none'") if "form_action" in kept else "'self'"
    # Ignored inside a frame. A platform that opened a page of ours as a window of its own may be told something.
    return _policy_lines(ancestors, forms, kept.get("opener_policy", "same-origin"), secure)


@lru_cache(maxsize=256)
def _policy_lines(
    ancestors: tuple[str, ...], forms: str, opener: str, secure: bool
) -> tuple[tuple[str, str], ...]:
    """The headers that say what a page may do and who may show it."""
    framed = " ".join(dict.fromkeys(["'self'", *ancestors]))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        f" form-action {forms}; base-uri 'none'; frame-ancestors {framed}"
    )
    lines = (
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        # "no-referrer" would make the browser send "Origin: null" with our own forms (Fetch standard, section 3.2)
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", opener),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    )
    return (*lines, ("Strict-Transport-Security", "max-age=31536000")) if secure else lines


def _foreign(why: str) -> NotAllowed:
    sentence = say(
        "This form is too old, or it came from elsewhere. Open the page again and send it once more."
    )
    return NotAllowed(sentence, f"refused form: {why}")

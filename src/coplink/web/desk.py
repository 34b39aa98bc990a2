"""What every page has at hand: the services, who visits, and a place to keep small things for the visit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from flask import Response, g, request

from coplink import logs
from coplink.core.errors import NotAllowed
from coplink.core.people import Person
from coplink.core.words import say
from coplink.engine.secrets import fresh_token
from coplink.ports.integration import Manifest
from coplink.ports.storage import UnitOfWork
from coplink.web import session as sessions
from coplink.web.session import Visit
from coplink.wiring import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logs.get(__name__)

_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.?=&-]{0,400}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2028\u2029\ufeff\ud800-\udfff]")


class SignInFirst(Exception):
    """Nobody has come through a door yet; ``path`` is where they wanted to go."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True)
class Desk:
    """One for each application; what belongs to one request lives in Flask's ``g``."""

    services: Services

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work."""
        return self.services.begin()

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.services.now()

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """What each integration declares."""
        return self.services.manifests

    @property
    def base_url(self) -> str:
        """Our address, without a trailing slash."""
        return self.services.settings.base_url

    @property
    def visit(self) -> Visit:
        """Who makes this request; looked up when first asked for."""
        if "visit" not in g:
            secret, g.visit = g.pop("secret", ""), Visit()
            if secret:
                with self.begin() as uow:
                    g.visit = sessions.find(uow, secret, self.now())
        return cast(Visit, g.visit)

    def person(self) -> Person:
        """The person who visits; sends anybody else to the doors."""
        if self.visit.person is None:
            raise SignInFirst(request.full_path.rstrip("?") if request.method == "GET" else "/")
        return self.visit.person

    def admin(self) -> Person:
        """The visiting connection admin; raises ``NotAllowed`` for anybody else."""
        person = self.person()
        if not person.admin:
            raise NotAllowed(say("This page is for the connection admins of an institution."))
        return person

    def leave(self, uow: UnitOfWork) -> Mapping[str, str]:
        """End the session this browser has, if it has one; what it carried."""
        if "visit" in g:
            session = self.visit.session
            if session is not None:
                uow.sessions.drop(session.id_hash)
        else:
            session = sessions.end(uow, g.pop("secret", ""), self.now())
        g.visit = Visit()
        return session.values if session else {}

    def enter(self, uow: UnitOfWork, person: Person | None, values: Mapping[str, str]) -> None:
        """Begin a new session in this browser, in the old one's place; its cookie is set with the answer."""
        self.leave(uow)
        secret, session = sessions.start(uow, person, values, self.now())
        g.visit, g.new_cookie = Visit(session, person), secret

    def take_back(self) -> None:
        """An answer that failed never puts a session that was not kept in the place of a good one."""
        secret = g.get("new_cookie", "")
        if not secret:
            return
        try:
            with self.begin() as uow:
                kept = sessions.find(uow, secret, self.now()).session is not None
        except Exception:  # what failed may be the database: the page that says so must still go out
            log.warning("session unknown")
            kept = False
        if not kept:
            g.pop("new_cookie")
            g.visit = Visit()

    def remember(self, uow: UnitOfWork, **values: str | None) -> None:
        """Keep small texts with the session (None forgets one); begins a session where there is none."""
        merged = {**self.visit.values, **{k: v for k, v in values.items() if v is not None}}
        kept = {k: v for k, v in merged.items() if values.get(k, "") is not None}
        session = self.visit.session
        if session is None:
            self.enter(uow, None, kept)
        elif kept != session.values:
            session = replace(session, values=kept)
            uow.sessions.put(session)
            g.visit = Visit(session, self.visit.person)


def own_path(path: str | None) -> str | None:
    """A path on our own site that is safe to redirect to, or None."""
    return path if path and _OWN_PATH.fullmatch(path) and ".." not in path else None


def see(path: str) -> Response:
    """Redirect to one of our own pages, by GET."""
    return onward(path)


class Onward(Response):
    """A redirect by GET without a body, which no browser shows (RFC 9110, 15.4.4).

    ``lines`` are all its headers, once the guard has settled them: then they are sent as they stand, for the address is
    one of our own making and needs no mending.
    """

    def __init__(self, address: str) -> None:
        super().__init__(status=303, headers={"Location": address})
        self.address = address
        self.lines: list[tuple[str, str]] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.lines is None:
            return super().__call__(environ, start_response)
        start_response("303 SEE OTHER", [("Location", self.address), ("Content-Length", "0"), *self.lines])
        return (b"",)


def onward(address: str) -> Response:
    """Redirect by GET; ``address`` in ASCII, as it is to be sent."""
    return Onward(address)


def typed(name: str, longest: int = 4000) -> str:
    """What was typed into a field: control characters taken out, line ends unified, cut at ``longest``."""
    return cleaned(request.form.get(name, ""), longest)


def cleaned(text: str, longest: int = 4000) -> str:
    """A text without control characters (databases refuse some of them), with plain line ends."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:longest].strip()


def first(given: Mapping[str, str]) -> dict[str, str]:
    """The first value of each name that was sent."""
    return {name: given[name] for name in given}


def this_browser() -> str:
    """The secret that names this browser; set with the answer each time, so that it outlives the login under way."""
    known = g.new_browser = sessions.browser_of(request) or fresh_token()
    return known

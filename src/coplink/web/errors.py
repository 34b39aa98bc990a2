"""One page for everything that goes wrong: a sentence, what to do next, and a reference that the log knows.

The detail goes to the log, never to the page. What nobody foresaw is a 500 with a reference as well.
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from coplink import logs
from coplink.core.errors import (
    BadToken,
    ConfigurationError,
    CoplinkError,
    DomainError,
    LaunchError,
    LostState,
    NoKeys,
    NotAllowed,
    NotFound,
    PendingDeployment,
    PlanError,
    UnknownDeployment,
    UnknownPlatform,
)
from coplink.core.words import Said, say
from coplink.ports.errors import IntegrationError, Transient
from coplink.web.desk import Desk, SignInFirst, own_path, see

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
STATUS: tuple[tuple[type[CoplinkError], int], ...] = (
    (PendingDeployment, 403),
    (UnknownDeployment, 403),
    (UnknownPlatform, 404),
    (BadToken, 401),
    (LostState, 401),
    (
        NoKeys,
        424,
    ),  # what failed is another server: no 5xx of ours, or every outage of a school's would ring our alarm
    (LaunchError, 400),
    (NotAllowed, 403),
    (NotFound, 404),
    (DomainError, 400),
    (PlanError, 409),
    (ConfigurationError, 500),
    (Transient, 503),
    (IntegrationError, 502),
)

log = logs.get(__name__)


def status_of(error: CoplinkError) -> int:
    """The HTTP status that goes with an error."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def reference() -> str:
    """A short name for one piece of trouble, easy to read out on the telephone."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8))


def answer_all(app: Flask, desk: Desk) -> None:
    """Let the one page answer whatever a view raises."""

    @app.errorhandler(SignInFirst)
    def sign_in(error: SignInFirst) -> Response:
        path = own_path(error.path)
        return see("/sign-in" + (f"?next={path}" if path and path != "/" and "?" not in path else ""))

    @app.errorhandler(CoplinkError)
    def known(error: CoplinkError) -> Response:
        desk.take_back()
        status = status_of(error)
        ref = reference()
        level = log.error if status >= 500 else log.warning if isinstance(error, LaunchError) else log.info
        level("refused", code=error.code, detail=error.detail, status=status, ref=ref, at=request.endpoint)
        return page(error.message, status, ref, _next_step(error))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:
            return error  # a redirect of the router
        desk.take_back()
        ref = reference()
        log.info(
            "refused", detail=f"{request.method}: {error.name}", status=status, ref=ref, at=request.endpoint
        )
        answer = page(_sentence(status), status, ref, None)
        if allowed := getattr(error, "valid_methods", None):
            answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        ref = reference()
        log.exception("unforeseen", ref=ref, at=request.endpoint, kind=type(error).__name__)
        desk.take_back()
        return page(say("Something went wrong inside coplink. It has been logged."), 500, ref, None)


def page(message: Said, status: int, ref: str, next_step: Said | None) -> Response:
    """The error page; it needs no database and no session."""
    text = render_template("error.html", message=message, status=status, reference=ref, next_step=next_step)
    return make_response(text, status)


def _next_step(error: CoplinkError) -> Said | None:
    match error:
        case LostState():
            return say("If this happens again, allow cookies for coplink, or open it in a tab of its own.")
        case PendingDeployment() | UnknownDeployment() | UnknownPlatform():
            return say(
                "Tell the person who looks after your learning platform, and name the reference below."
            )
        case BadToken():
            return say("Go back to where you came from and open coplink again.")
        case Transient() | NoKeys():
            return say("Wait a moment and try again; nothing is lost.")
        case _:
            return None


def _sentence(status: int) -> Said:
    match status:
        case 404:
            return say("There is nothing here for you, or it has moved.")
        case 405:
            return say("This address cannot be used in that way.")
        case 413:
            return say("That is too much at once. Send something smaller.")
        case 400 | 415 | 422:
            return say("Your browser sent something coplink cannot read.")
        case _:
            return say("This did not work. Please try again.")

"""The ways in beside the learning platform's: sign-in pages and tabs inside suites. All end in ``engine.arrive``.

    /door/<integration>/<connection>               away to a sign-in page, or the page that fetches a token
    /door/<integration>/return                     back from a sign-in page
    /door/<integration>/<connection>/assets/<name> the scripts of a token page
    /door/<integration>/<connection>/choose        see ``tab_setup``

What a door raises becomes a page with a sentence. Nobody is let in by an address or an e-mail alone.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    render_template,
    request,
)

from coplink.core.errors import LaunchError, LostState, NotFound
from coplink.core.spaces import ConnectionId
from coplink.core.words import say
from coplink.engine.secrets import fresh_token, hashed
from coplink.ports.door import Door, InboundRequest, Knock
from coplink.ports.records import Connected, Login
from coplink.web import arriving
from coplink.web import session as sessions
from coplink.web.desk import Desk, first, own_path, see, this_browser

LOGIN_LIFE = timedelta(minutes=10)
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}


def blueprint(desk: Desk) -> Blueprint:
    """The doors."""
    views = Blueprint("doors", __name__)

    @views.get("/door/<integration>/<connection>")
    def knock(integration: str, connection: str) -> Response:
        connected, door = door_of(desk, integration, connection)
        if door.page is None:
            return _away(desk, connected, door)
        if desk.visit.session is None:  # the page's form needs a secret
            with desk.begin() as uow:
                desk.remember(uow, theme=_theme(request.args.get("theme", "")))
                uow.commit()
        manifest = desk.manifests[integration]
        return make_response(
            render_template(
                "token_door.html",
                page=door.page,
                connected=connected,
                manifest=manifest,
                next=own_path(request.args.get("next")),
            )
        )

    @views.post("/door/<integration>/<connection>")
    def token(integration: str, connection: str) -> Response:
        _, door = door_of(desk, integration, connection)
        if door.page is None:
            raise LaunchError(
                say("This way in begins on its own page. Please start again."), "token at a redirect"
            )
        arrival = door.open(_inbound(), None)
        target = own_path(request.args.get("next")) or ""
        return see(
            arriving.arrived(desk, arrival, target=target, theme=_theme(request.form.get("theme", "")))
        )

    @views.get("/door/<integration>/return")
    def back(integration: str) -> Response:
        login = _consume(desk, integration)
        _, door = door_of(desk, integration, login.about)
        arrival = door.open(_inbound(), _knock_of(desk, login, integration))
        return see(arriving.arrived(desk, arrival, target=login.values.get("target", "")))

    @views.get("/door/<integration>/<connection>/assets/<name>")
    def asset(integration: str, connection: str, name: str) -> Response:
        _, door = door_of(desk, integration, connection)
        content = {**door.page.choosing, **door.page.assets}.get(name) if door.page else None
        kind = KINDS.get("." + name.rpartition(".")[2])
        if content is None or kind is None:
            raise NotFound(say("There is nothing here for you, or it has moved."))
        answer = current_app.response_class(content, mimetype=kind)
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return views


def door_of(desk: Desk, integration: str, connection: str) -> tuple[Connected, Door]:
    """The door of a connection; ``NotFound`` where there is none."""
    with desk.begin() as uow:
        connected = uow.institutions.connection(ConnectionId(connection))
    if connected is None or connected.integration != integration or integration not in desk.manifests:
        raise NotFound(say("This way in is not known here."))
    if connected.ended_at is not None:
        raise NotFound(say("This way in is not known here."))
    door = desk.services.door(connected)
    if door is None:
        raise NotFound(say("This way in is not known here."))
    g.framed_by_door = door.frame_ancestors
    return connected, door


def _away(desk: Desk, connected: Connected, door: Door) -> Response:
    """Keep one row for this login and send the browser to the sign-in page."""
    target = own_path(request.args.get("next")) or "/"
    now = desk.now()
    login = Login(
        fresh_token(),
        fresh_token(),
        connected.integration,
        connected.id,
        hashed(this_browser()),
        {"verifier": fresh_token(48), "target": target},
        now + LOGIN_LIFE,
    )
    reply = door.begin(_knock_of(desk, login, connected.integration))
    with desk.begin() as uow:
        uow.logins.begin(login, now)
        uow.commit()
    return Response(reply.body, reply.status, dict(reply.headers))


def _consume(desk: Desk, integration: str) -> Login:
    """Take the login this answer belongs to: once, by this door, in this browser."""
    state = request.args.get("state", "")
    login = None
    if state and len(state) <= 200 and state.isascii():
        with desk.begin() as uow:
            login = uow.logins.consume(state, desk.now())
            uow.commit()
    browser = sessions.browser_of(request)
    if login is None or login.door != integration:
        raise _lost("state is unknown, used or expired")
    if not browser or not hmac.compare_digest(login.browser, hashed(browser)):
        raise _lost("state belongs to another browser, or the cookie did not come back")
    return login


def _lost(detail: str) -> LostState:
    sentence = say("This sign-in was started elsewhere or too long ago. Please start again.")
    return LostState(sentence, detail)


def _knock_of(desk: Desk, login: Login, integration: str) -> Knock:
    return Knock(
        login.state, login.nonce, login.values["verifier"], f"{desk.base_url}/door/{integration}/return"
    )


def _theme(given: str) -> str:
    return given if given in ("light", "dark", "contrast") else ""


def _inbound() -> InboundRequest:
    return InboundRequest(
        request.method,
        request.path,
        first(request.args),
        first(request.form),
        {name.lower(): value for name, value in request.headers.items()},
        b"",
    )

"""The learning platform's way in: it brings somebody by a login and a launch, and reads our public keys.

    /lti/login         the platform begins; the browser is sent back there to say who it is
    /lti/launch        the platform brings the person, with a signed token
    /lti/held          our own page shows what the platform's storage kept, where the browser keeps no cookie
    /lti/jwks.json     our public keys

These addresses are registered with platforms: they do not change. What a launch raises becomes a page with a sentence.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.datastructures import MultiDict

from coplink.core.errors import LaunchError
from coplink.core.words import say
from coplink.lti import launch
from coplink.lti.claims import clean
from coplink.lti.launch import LaunchResult
from coplink.lti.platform_storage import Held
from coplink.ports.storage import UnitOfWork
from coplink.web import arriving, deep_linking, without_cookies
from coplink.web import session as sessions
from coplink.web.desk import Desk, onward, see, this_browser

MOST_STATES = 8
"""How many logins one launch of a wrong form can use up: it is to name one."""


def blueprint(desk: Desk) -> Blueprint:
    """The addresses a learning platform knows."""
    views = Blueprint("lti", __name__)

    @views.route("/lti/login", methods=["GET", "POST"])
    def login() -> Response:
        given = _once(request.form if request.method == "POST" else request.args)
        if not sessions.browser_of(request) and without_cookies.doubtful(request, given):
            return _login_without_cookie(desk, given)
        begun = launch.begin(desk.services.storage, given, desk.base_url, this_browser(), desk.now())
        if without_cookies.OWN_TAB in given:
            return without_cookies.onwards(begun)
        return onward(begun.redirect_url)

    @views.post("/lti/launch")
    def launched() -> Response:
        ways: list[str] = []

        def enter(uow: UnitOfWork, result: LaunchResult) -> None:
            if result.message_type == launch.RESOURCE_LINK:
                ways.append(
                    arriving.enter(desk, uow, result.arrival, result.frame_ancestors, result.target_path)
                )

        services, browser = desk.services, sessions.browser_of(request)
        try:
            form = _once(request.form)
        except LaunchError:
            launch.use_up(services.storage, request.form.getlist("state")[:MOST_STATES], desk.now())
            raise
        result = launch.complete(
            services.storage,
            services.platform_keys,
            form,
            browser,
            desk.now(),
            enter=enter,
        )
        if isinstance(result, Held):
            return without_cookies.held(result)
        return see(ways[0]) if ways else _enter(desk, result)

    @views.post("/lti/held")
    def held() -> Response:
        result = launch.release(desk.services.storage, _once(request.form), desk.now())
        g.in_page = True
        return _enter(desk, result)

    @views.get("/lti/jwks.json")
    def jwks() -> Response:
        answer = jsonify(desk.services.our_keys.jwks(desk.now()))
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return views


def _once(given: MultiDict[str, str]) -> dict[str, str]:
    """What was sent, if it was sent once (RFC 6749, 3.1): which of two a reader takes is anybody's guess."""
    kept: dict[str, str] = {}
    for name, values in given.lists():
        if len(values) > 1:
            message = say("The learning platform said something twice. Please open coplink again from there.")
            raise LaunchError(message, f"{clean(name)[:100]!r} is given twice")
        kept[name] = values[0]
    return kept


def _enter(desk: Desk, result: LaunchResult) -> Response:
    """A verified launch becomes a session, and its page is shown; a request for content goes to its own page."""
    if result.message_type == launch.DEEP_LINKING:
        return deep_linking.asked_for(desk, result)
    return see(arriving.arrived(desk, result.arrival, result.frame_ancestors, result.target_path))


def _login_without_cookie(desk: Desk, given: dict[str, str]) -> Response:
    """Try the cookie once; when it does not come back, ask the platform's storage or offer a new tab."""
    browser = this_browser()
    if not without_cookies.tried(request):
        return without_cookies.once_more(request)
    storage, now = desk.services.storage, desk.now()
    asked = launch.check(storage, given, desk.base_url)
    begun = launch.begin(storage, given, desk.base_url, browser, now, True) if asked.storage else None
    return without_cookies.wait(request, desk.base_url, asked, begun if begun and begun.storage else None)

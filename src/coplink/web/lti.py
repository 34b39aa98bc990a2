"""The learning platform's way in: it brings somebody by a login and a launch, and reads our public keys.

    /lti/login         the platform begins; the browser is sent back there to say who it is
    /lti/launch        the platform brings the person, with a signed token
    /lti/jwks.json     our public keys

These addresses are registered with platforms: they do not change. What a launch raises becomes a page with a sentence.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, jsonify, redirect, request

from coplink.lti import launch
from coplink.web import arriving
from coplink.web import session as sessions
from coplink.web.desk import Desk, first, see, this_browser


def blueprint(desk: Desk) -> Blueprint:
    """The addresses a learning platform knows."""
    views = Blueprint("lti", __name__)

    @views.route("/lti/login", methods=["GET", "POST"])
    def login() -> Response:
        given = request.form if request.method == "POST" else request.args
        begun = launch.begin(desk.services.storage, first(given), desk.base_url, this_browser(), desk.now())
        return cast(Response, redirect(begun.redirect_url, code=303))

    @views.post("/lti/launch")
    def launched() -> Response:
        browser = sessions.browser_of(request)
        result = launch.complete(
            desk.services.storage, desk.services.platform_keys, first(request.form), browser, desk.now()
        )
        return see(arriving.arrived(desk, result.arrival, result.frame_ancestors, result.target_path))

    @views.get("/lti/jwks.json")
    def jwks() -> Response:
        answer = jsonify(desk.services.our_keys.jwks(desk.now()))
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return views

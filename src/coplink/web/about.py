"""What anybody may read: what is kept about people and why, and on which terms this server is offered."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from coplink.web.desk import Desk


def blueprint(desk: Desk) -> Blueprint:
    """Privacy and terms; the addresses an app store and a platform's admin ask for."""
    views = Blueprint("about", __name__)

    @views.get("/privacy")
    def privacy() -> Response:
        return make_response(render_template("privacy.html"))

    @views.get("/terms")
    def terms() -> Response:
        return make_response(render_template("terms.html", base_url=desk.base_url))

    return views

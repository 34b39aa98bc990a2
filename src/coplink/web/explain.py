"""Why things are as they are: who has a way in and who has not, by reason."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from coplink.engine.access_list import access_list
from coplink.engine.ways import THEMSELVES
from coplink.web.desk import Desk


def blueprint(desk: Desk) -> Blueprint:
    """The page of who has a way in."""
    views = Blueprint("explain", __name__)

    @views.get("/c/<key>/access")
    def access(key: str) -> Response:
        with desk.begin() as uow:
            page = access_list(uow, desk.person(), key, desk.manifests)
        return make_response(render_template("access.html", page=page, seen=page.seen, themselves=THEMSELVES))

    return views

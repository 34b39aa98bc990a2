"""Another place for a community that is under way.

/c/<key>/more-places   what may be added and what would be made there; sending it has it made
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core.errors import DomainError
from coplink.core.words import Said
from coplink.engine import further
from coplink.engine.found import Origin
from coplink.web.arriving import origin_of
from coplink.web.desk import Desk, cleaned, see

MOST = 20


def blueprint(desk: Desk) -> Blueprint:
    """The page and its form."""
    views = Blueprint("further", __name__)

    @views.get("/c/<key>/more-places")
    def more(key: str) -> Response:
        return _page(desk, key, ())

    @views.post("/c/<key>/more-places")
    def add(key: str) -> Response:
        chosen = tuple(cleaned(one, 64) for one in request.form.getlist("places")[:MOST])
        try:
            with desk.begin() as uow:
                further.add(uow, desk.person(), key, _origin(desk), chosen, desk.manifests, desk.now())
                uow.commit()
        except DomainError as error:
            return _page(desk, key, chosen, error.message, 400)
        return see(f"/c/{key}/places")

    return views


def _origin(desk: Desk) -> Origin:
    """Where the reader came from; a course lets itself be chosen only by who may found a community there."""
    origin = origin_of(desk.visit)
    return origin if desk.visit.values.get("may_found") else replace(origin, asked={})


def _page(
    desk: Desk, key: str, chosen: tuple[str, ...], trouble: Said | None = None, status: int = 200
) -> Response:
    with desk.begin() as uow:
        page = further.choices(uow, desk.person(), key, _origin(desk), desk.manifests, desk.services.planned)
    text = render_template("further.html", page=page, seen=page.seen, chosen=chosen, trouble=trouble)
    return make_response(text, status)

"""Why things are as they are: who has a way in and who has not; one person, place by place; a look on request."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, make_response, render_template

from coplink.engine import explain
from coplink.engine.access_list import access_list
from coplink.engine.ways import THEMSELVES
from coplink.web.desk import Desk, see
from coplink.web.shown import usable_zone


def blueprint(desk: Desk) -> Blueprint:
    """The pages that explain."""
    views = Blueprint("explain", __name__)

    @views.get("/c/<key>/access")
    def access(key: str) -> Response:
        with desk.begin() as uow:
            page = access_list(uow, desk.person(), key, desk.manifests)
        return make_response(render_template("access.html", page=page, seen=page.seen, themselves=THEMSELVES))

    @views.get("/c/<key>/people/<member>")
    def person(key: str, member: str) -> Response:
        reader, full_every = desk.person(), timedelta(hours=desk.services.settings.full_round_hours)
        with desk.begin() as uow:
            page = explain.explain(uow, reader, key, member, desk.manifests, desk.now(), full_every)
        text = render_template(
            "person.html",
            page=page,
            seen=page.seen,
            zone=usable_zone(reader.zone, page.seen.zone),
            themselves=THEMSELVES,
            told=explain.told,
            now=desk.now(),
        )
        return make_response(text)

    @views.post("/c/<key>/people/<member>/look")
    def look(key: str, member: str) -> Response:
        with desk.begin() as uow:
            explain.look_again(uow, desk.person(), key, member, desk.now())
            uow.commit()
        return see(f"/c/{key}/people/{member}#seats")

    @views.post("/c/<key>/seats/<space>")
    def seat_again(key: str, space: str) -> Response:
        reader = desk.person()
        with desk.begin() as uow:
            explain.seat_again(uow, reader, key, space, desk.now())
            uow.commit()
        return see(f"/c/{key}/people/{reader.id}#seats")

    return views

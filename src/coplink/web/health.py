"""Two addresses for those who watch over the process: is it alive, can it answer."""

from __future__ import annotations

from flask import Blueprint, Response

from coplink import logs
from coplink.web.desk import Desk

log = logs.get(__name__)


def blueprint(desk: Desk) -> Blueprint:
    """``/alive`` and ``/ready``."""
    views = Blueprint("health", __name__)

    @views.get("/alive")
    def alive() -> Response:
        return Response("alive\n", mimetype="text/plain")

    @views.get("/ready")
    def ready() -> Response:
        try:
            with desk.begin() as uow:
                uow.work.dirty(desk.now(), 1)
        except Exception:  # whatever is wrong with the database: not ready
            log.exception("not ready")
            return Response("not ready\n", 503, mimetype="text/plain")
        return Response("ready\n", mimetype="text/plain")

    return views

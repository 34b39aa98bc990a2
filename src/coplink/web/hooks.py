"""Called by platforms: a hint that something changed in one space. Answered at once; what it says is not used.

A call with the right secret marks work; one without gets the same 202, so that nobody learns anything, and a line in
the log. Validation echoes are given as the platform's code wants them.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, request

from coplink import logs
from coplink.core.errors import CoplinkError
from coplink.core.spaces import SpaceId
from coplink.core.work import Kind
from coplink.engine import watches
from coplink.ports.door import InboundRequest, Reply
from coplink.ports.jobs import Job
from coplink.ports.records import Connected
from coplink.web.desk import Desk

MOST_BYTES = 256 * 1024

log = logs.get(__name__)


def blueprint(desk: Desk) -> Blueprint:
    """``/hook/<integration>/<space>``."""
    views = Blueprint("hooks", __name__)

    @views.route("/hook/<integration>/<space>", methods=["GET", "POST"])
    def hook(integration: str, space: str) -> Response:
        request.max_content_length = MOST_BYTES
        body = request.get_data(cache=True)  # before the form is read, which would use it up
        found = _watch(desk, integration, SpaceId(space))
        if found is None:
            log.warning("hook for nothing known", integration=integration[:40])
            return Response("", 202)
        connected, secret, community = found
        try:
            heard = desk.services.heard(connected, _inbound(body), secret)
        except CoplinkError as error:
            log.error("hook for a connection that does not open", code=error.code, detail=error.detail)
            return Response("", 202)
        if isinstance(heard, Reply):
            return Response(heard.body, heard.status, dict(heard.headers))
        if heard is None:
            log.warning("hook without the right proof", integration=integration, space=space)
            return Response("", 202)
        with desk.begin() as uow:
            quiet = timedelta(seconds=desk.services.settings.debounce_seconds)
            watches.hinted(uow, SpaceId(space), desk.now() + quiet)
            state = uow.work.state(Kind.COLLECT, space)
            uow.commit()
        # Named after what was asked for: a job's name is used once, and the next hint is another one.
        name = f"hint:{space}:{state.generation if state else 0}"
        desk.services.jobs.hint(Job(name, Kind.COLLECT.value, space, community))
        return Response("", 202)

    return views


def _watch(desk: Desk, integration: str, space: SpaceId) -> tuple[Connected, str, str] | None:
    """The connection of that space, its watch's secret and its community; None for what is not watched."""
    with desk.begin() as uow:
        found = uow.spaces.get(space)
        kept = uow.watches.of(space) if found else None
        if found is None or kept is None or found.integration != integration:
            return None
        connected = uow.institutions.connection(found.connection)
    return (connected, kept[1], found.community) if connected else None


def _inbound(body: bytes) -> InboundRequest:
    return InboundRequest(
        request.method,
        request.path,
        {name: request.args[name] for name in request.args},
        {},
        {name.lower(): value for name, value in request.headers.items()},
        body,
    )

"""Called by platforms: a hint that something changed in one space. Answered at once; what it says is not used.

A call with the right secret marks work, unless a go that has not begun is marked already; one without gets the same
202, whether somebody watches that space or not, so that nobody learns anything, and a line in the log, one a second for
a space. Replies that need no secret, such as the echo by which a platform tries an address, are given before anything
is looked at: to any address, in the same time, and also while a flood of other calls has the database asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta

from flask import Blueprint, Response, request

from coplink import logs
from coplink.core.errors import CoplinkError
from coplink.core.spaces import SpaceId
from coplink.core.work import Kind
from coplink.engine import watches
from coplink.ports.door import InboundRequest, Reply
from coplink.ports.jobs import Job
from coplink.ports.watch import Heard
from coplink.web.desk import Desk
from coplink.web.hearing import Known, Memory

MOST_BYTES = 256 * 1024
NOBODYS = secrets.token_urlsafe(32)  # the secret of no watch

log = logs.get(__name__)


def blueprint(desk: Desk) -> Blueprint:
    """``/hook/<integration>/<space>``."""
    views = Blueprint("hooks", __name__)
    memory = Memory(
        lambda spaces: _watched(desk, spaces),
        lambda integration, space: _watch(desk, integration, SpaceId(space)),
        desk.now,
    )

    @views.route("/hook/<integration>/<space>", methods=["GET", "POST"])
    def hook(integration: str, space: str) -> Response:
        request.max_content_length = MOST_BYTES
        body = request.get_data(cache=True)  # before the form is read, which would use it up
        asked = _inbound(body)
        reply = _reply_to_anybody(desk, integration, asked)
        if reply is not None:
            return Response(reply.body, reply.status, dict(reply.headers))
        known = memory.of(integration, space) if integration in desk.manifests else None
        if known is None:
            if memory.may_say(integration):
                log.warning("hook for nothing known", integration=integration[:40])
            return Response("", 202)
        try:
            heard = desk.services.heard(known.connected, asked, known.secret)
            if heard is None:
                known = memory.of(integration, space, doubted=True) or known
                heard = desk.services.heard(known.connected, asked, known.secret)
        except CoplinkError as error:
            if memory.may_say(space):
                log.error("hook for a connection that does not open", code=error.code, detail=error.detail)
            return Response("", 202)
        if isinstance(heard, Reply):
            return Response(heard.body, heard.status, dict(heard.headers))
        if heard is None:
            if memory.may_say(space):
                log.warning("hook without the right proof", integration=integration, space=space)
        else:
            _gathered(desk, SpaceId(space), known, heard)
        return Response("", 202)

    return views


def _reply_to_anybody(desk: Desk, integration: str, asked: InboundRequest) -> Reply | None:
    """What is answered without our secret: the same whether anybody watches or not."""
    if integration not in desk.manifests:
        return None
    try:
        heard = desk.services.installed.get(integration).receive({}, asked, NOBODYS)
    except LookupError:  # one that wants its settings first
        return None
    return heard if isinstance(heard, Reply) else None


def _gathered(desk: Desk, space: SpaceId, known: Known, heard: Heard) -> None:
    """Have marked what a proven call hints at; of many at once, one looks. The nudge keeps only that one waiting."""
    hints: list[Job] = []
    if heard.renew:
        _mark(desk, space, known, heard, hints)
    else:
        known.gathered(lambda: _mark(desk, space, known, heard, hints))
    for job in hints:
        desk.services.jobs.hint(job)


def _mark(desk: Desk, space: SpaceId, known: Known, heard: Heard, hints: list[Job]) -> None:
    """Mark it, to be looked at once it is quiet; ``hints`` takes the job to be nudged."""
    with desk.begin() as uow:
        quiet = timedelta(seconds=desk.services.settings.debounce_seconds)
        marked = watches.hinted(uow, space, heard, desk.now(), quiet)
        state = uow.work.state(Kind.COLLECT, space) if Kind.COLLECT in marked else None
        if marked:
            uow.commit()
    if state is not None:
        # Named after what was asked for: a job's name is used once, and the next hint is another one.
        name = f"hint:{space}:{state.generation}"
        hints.append(Job(name, Kind.COLLECT.value, space, known.community))


def _watched(desk: Desk, spaces: Collection[str]) -> Collection[str]:
    """Which of these somebody watches."""
    with desk.begin() as uow:
        return uow.watches.among([SpaceId(space) for space in spaces])


def _watch(desk: Desk, integration: str, space: SpaceId) -> Known | None:
    """The connection of that space, its watch's secret and its community; None for what is not watched."""
    with desk.begin() as uow:
        found = uow.spaces.get(space)
        kept = uow.watches.of(space) if found else None
        if found is None or kept is None or found.integration != integration:
            return None
        connected = uow.institutions.connection(found.connection)
    return Known(connected, kept[1], found.community, desk.now()) if connected else None


def _inbound(body: bytes) -> InboundRequest:
    return InboundRequest(
        request.method,
        request.path,
        {name: request.args[name] for name in request.args},
        {},
        {name.lower(): value for name, value in request.headers.items()},
        body,
    )

"""Called by learning platforms: notices of what happened there, each a signed token, several in one call.

Each is judged on its own. What is not a platform's own word, or came before, does nothing and is a line in the log; a
kind we do not know is passed over. A call in which nothing was in order is refused.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from coplink import logs
from coplink.core.errors import BadToken, DomainError, LaunchError
from coplink.core.words import say
from coplink.engine import copies
from coplink.lti import notices
from coplink.lti.notices import Heard
from coplink.ports.errors import IntegrationError
from coplink.web.desk import Desk

MOST_BYTES = 512 * 1024
MOST = 50

log = logs.get(__name__)


def blueprint(desk: Desk) -> Blueprint:
    """``/lti/notices``."""
    views = Blueprint("notices", __name__)

    @views.post("/lti/notices")
    def hear() -> Response:
        request.max_content_length = MOST_BYTES
        tokens = _tokens(request.get_data(cache=False))
        refused: list[LaunchError | IntegrationError] = []
        for token in tokens:
            try:
                heard = notices.read(desk.services.storage, desk.services.platform_keys, token, desk.now())
            except (LaunchError, IntegrationError) as error:
                log.warning("notice refused", code=error.code, detail=error.detail)
                refused.append(error)
                continue
            _take(desk, heard)
        # A platform whose keys cannot be had may send again: that one is said, whatever else was in order.
        for trouble in [one for one in refused if isinstance(one, IntegrationError)]:
            raise trouble
        if tokens and len(refused) == len(tokens):
            raise BadToken(say("None of these notices can be accepted."), f"{len(refused)} notices refused")
        return Response("", 202)

    return views


def _take(desk: Desk, heard: Heard) -> None:
    """What a verified notice brings about, once; one transaction with the note that it came."""
    now = desk.now()
    with desk.begin() as uow:
        fresh = uow.notice_services.hear(heard.registration, heard.id, now, now + notices.ONCE_FOR)
        told = 0
        if fresh and heard.context is not None:
            told = copies.copied(uow, heard.institution, heard.context, heard.origins, now)
        uow.commit()
    what = "notice" if heard.type in notices.ORDERED else "notice of an unknown kind"
    log.info(
        what if fresh else "notice repeated",
        kind=heard.type[:60],
        registration=heard.registration,
        communities=told,
    )


def _tokens(body: bytes) -> list[str]:
    """The tokens of ``{"notices": [{"jwt": …}, …]}``; raises ``DomainError`` for anything else."""
    wrong = DomainError(say("This is no list of notices."))
    try:
        found: Any = json.loads(body)
        listed = found["notices"]
        tokens = [one["jwt"] for one in listed]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise wrong from None
    if not isinstance(listed, list) or len(tokens) > MOST or not all(isinstance(one, str) for one in tokens):
        raise wrong
    return tokens

"""The answer to a platform's request for content: a form that brings it, signed, to the platform's own address.

The page with that form may send forms to that place alone. Where the session lives in the page itself there is no
cookie, and the page keeps the policy it was first loaded with: there one hop through an address of ours, by a code that
works once, gives the form a page and a policy of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Response, g, make_response, render_template, request

from coplink import logs
from coplink.core.errors import LostState, NotFound
from coplink.core.words import Said, say
from coplink.engine.secrets import fresh_token
from coplink.lti import deep_linking
from coplink.lti.deep_linking import Asked, Chosen
from coplink.ports.records import Login
from coplink.web.desk import Desk, typed
from coplink.web.errors import reference
from coplink.web.shown import said

DOOR = "lti-answer"
HOP = timedelta(seconds=60)

log = logs.get(__name__)


def give(desk: Desk, asked: Asked, chosen: Sequence[Chosen]) -> Response:
    """The page that brings what was chosen, or nothing, back to the platform by itself."""
    token = _signed(desk, asked, chosen)
    if not g.get("in_page"):
        return _page(asked.return_url, token)
    now, code = desk.now(), fresh_token()
    values = {"asked": asked.kept(), "token": token, "frames": desk.visit.values.get("frames", "")}
    with desk.begin() as uow:
        uow.logins.begin(Login(code, "", DOOR, asked.registration, "", values, now + HOP), now)
        uow.commit()
    return make_response(render_template("deep_linking_return.html", address="", code=code, token=""))


def hop(desk: Desk) -> Response:
    """The same page for a code that was handed out a moment ago; each works once."""
    code = typed("code", 200)
    with desk.begin() as uow:
        kept = uow.logins.consume(code, desk.now()) if code.isascii() and code else None
        uow.commit()
    if kept is None or kept.door != DOOR:
        sentence = say("This was sent already, or it is too old. Choose once more from the course.")
        raise LostState(sentence, "the code of an answer is unknown, used or old")
    asked = deep_linking.recalled(kept.values["asked"])
    g.framed_by, g.form_action = tuple(kept.values["frames"].split()), asked.return_origin
    return _page(asked.return_url, kept.values["token"])


def refuse(desk: Desk, asked: Asked, why: Said, status: int) -> Response:
    """A sentence, and a way back that brings nothing; the platform may show the sentence as well."""
    ref = reference()
    log.info("refused", code="deep_linking", detail=why.text, status=status, ref=ref, at=request.endpoint)
    # What a place cannot take is nobody's error; who may not put anything is told so over there as an error.
    message, trouble = ("", said(why)) if asked.form else (said(why), "")
    token = _signed(desk, asked, (), message, trouble, f"coplink reference {ref}")
    page = render_template("deep_linking_refused.html", asked=asked, token=token, message=why, reference=ref)
    return make_response(page, status)


def nothing_asked() -> NotFound:
    """Somebody came to choose, and no platform has asked for anything."""
    sentence = say(
        "Nothing is being put into a course right now. In the course, go to where the link shall be and choose coplink."
    )
    return NotFound(sentence, "no deep linking request in this session, or it is too old")


def _page(address: str, token: str) -> Response:
    return make_response(render_template("deep_linking_return.html", address=address, code="", token=token))


def _signed(
    desk: Desk, asked: Asked, chosen: Sequence[Chosen], message: str = "", trouble: str = "", told: str = ""
) -> str:
    with desk.begin() as uow:
        registration = uow.platforms.get(asked.registration)
        deployment = uow.platforms.deployment(asked.registration, asked.deployment)
    if registration is None or deployment is None or deployment.approved_at is None:
        raise nothing_asked()
    now = desk.now()
    contents = [deep_linking.content(asked, one, f"{desk.base_url}/static/icon.svg") for one in chosen]
    g.form_action = asked.return_origin
    key = desk.services.our_keys.current(now)
    return deep_linking.answer(asked, registration, key, contents, now, message, trouble, told)

"""The answer to a platform's request for content: a form that brings it, signed, to the platform's own address.

The page with that form may send forms to that place alone. Where the session lives in the page itself there is no
cookie, and the page keeps the policy it was first loaded with: there one hop through an address of ours, by a code that
works once, gives the form a page and a policy of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, g, make_response, render_template, request

from coplink import logs
from coplink.core.errors import LostState, NotFound
from coplink.core.words import Said, say
from coplink.engine.secrets import fresh_token
from coplink.lti import deep_linking
from coplink.lti.deep_linking import Asked, Chosen
from coplink.ports.records import Login, RegistrationState
from coplink.web.desk import Desk, typed
from coplink.web.errors import reference
from coplink.web.shown import said

DOOR = "lti-answer"
HOP = timedelta(seconds=60)

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """What the form of an answer needs: where it goes, and the one field it carries."""

    address: str
    name: str
    value: str


def give(desk: Desk, asked: Asked, chosen: Sequence[Chosen]) -> Response:
    """The page that brings what was chosen, or nothing, back to the platform by itself."""
    with desk.begin() as uow:
        deployment = uow.platforms.deployment(asked.registration, asked.deployment)
    session = desk.visit.session
    if deployment is None or session is None or session.institution != deployment.institution:
        raise nothing_asked()  # an admin attached it to another institution meanwhile
    way = _way(desk, asked, _signed(desk, asked, chosen))
    return make_response(render_template("deep_linking_return.html", way=way))


def hop(desk: Desk) -> Response:
    """The same page for a code that was handed out a moment ago; each works once."""
    code = typed("code", 200)
    with desk.begin() as uow:
        kept = uow.logins.take(code, DOOR, desk.now()) if code.isascii() and code else None
        uow.commit()
    if kept is None:
        sentence = say("This was sent already, or it is too old. Choose once more from the course.")
        raise LostState(sentence, "the code of an answer is unknown, used or old")
    asked = deep_linking.recalled(kept.values["asked"])
    g.framed_by, g.form_action = tuple(kept.values["frames"].split()), asked.return_origin
    way = Way(asked.return_url, "JWT", kept.values["token"])
    return make_response(render_template("deep_linking_return.html", way=way))


def refuse(desk: Desk, asked: Asked, why: Said, status: int) -> Response:
    """A sentence, and a way back that brings nothing; the platform may show the sentence as well."""
    ref = reference()
    log.info("refused", code="deep_linking", detail=why.text, status=status, ref=ref, at=request.endpoint)
    # What a place cannot take is nobody's error; who may not put anything is told so over there as an error.
    message, trouble = ("", said(why)) if asked.form else (said(why), "")
    way = _way(desk, asked, _signed(desk, asked, (), message, trouble, f"coplink reference {ref}"))
    page = render_template("deep_linking_refused.html", way=way, message=why, reference=ref)
    return make_response(page, status)


def nothing_asked() -> NotFound:
    """Somebody came to choose, and no platform has asked for anything."""
    sentence = say(
        "Nothing is being put into a course right now. In the course, go to where the link shall be and choose coplink."
    )
    return NotFound(sentence, "no deep linking request in this session, or it is too old")


def _way(desk: Desk, asked: Asked, token: str) -> Way:
    if not g.get("in_page"):
        g.form_action = asked.return_origin
        return Way(asked.return_url, "JWT", token)
    now, code = desk.now(), fresh_token()
    frames = desk.visit.values.get("frames") or " ".join(g.get("framed_by", ()))
    values = {"asked": asked.kept(), "token": token, "frames": frames}
    with desk.begin() as uow:
        uow.logins.hold(Login(code, "", DOOR, asked.registration, "", values, now + HOP), now)
        uow.commit()
    return Way("/deep-linking/back", "code", code)


def _signed(
    desk: Desk, asked: Asked, chosen: Sequence[Chosen], message: str = "", trouble: str = "", told: str = ""
) -> str:
    with desk.begin() as uow:
        registration = uow.platforms.get(asked.registration)
        deployment = uow.platforms.deployment(asked.registration, asked.deployment)
    open_still = registration is not None and registration.state is RegistrationState.OPEN
    if registration is None or not open_still or deployment is None or deployment.approved_at is None:
        raise nothing_asked()
    now = desk.now()
    contents = [deep_linking.content(asked, one, f"{desk.base_url}/static/icon.svg") for one in chosen]
    key = desk.services.our_keys.current(now)
    return deep_linking.answer(asked, registration, key, contents, now, message, trouble, told)

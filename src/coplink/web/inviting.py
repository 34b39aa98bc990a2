"""Invitations reach people: announced in an institution's places, forwarded with a ready sentence, or sent by e-mail.

Each is one press of somebody who facilitates. Whoever got a letter says no by the address in it, without signing in:
the address is the proof, and the page asks before it counts (a mail server that looks at links says nothing).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core import announcing
from coplink.core.announcing import TEXT_LENGTH, TITLE_LENGTH
from coplink.core.errors import DomainError
from coplink.core.words import Said
from coplink.engine import inviting, mailing
from coplink.engine.saying import Drawn, Place
from coplink.web.desk import Desk, see, typed
from coplink.web.shown import usable_zone


@dataclass(frozen=True, slots=True)
class Form:
    """An announcement as it was typed: for which institution, and what is wrong with it."""

    institution: str
    drawn: Drawn
    trouble: Said | None = None


def blueprint(desk: Desk) -> Blueprint:
    """The page of invitations, and the page behind the address in a letter."""
    views = Blueprint("inviting", __name__)

    @views.get("/c/<key>/invite")
    def ways(key: str) -> Response:
        return _page(desk, key)

    @views.post("/c/<key>/invite/announcement")
    def announce(key: str) -> Response:
        drawn = Drawn(typed("key", 64), typed("title", 2 * TITLE_LENGTH), typed("text", 2 * TEXT_LENGTH))
        institution = typed("institution", 64)
        try:
            title, text = announcing.words_of(drawn.title, drawn.text)
            if request.form.get("do") != "say":
                return _page(desk, key, Form(institution, Drawn(drawn.key, title, text)), looked=True)
            with desk.begin() as uow:
                inviting.announce(
                    uow,
                    desk.person(),
                    key,
                    institution,
                    drawn,
                    desk.manifests,
                    desk.base_url,
                    desk.now(),
                )
                uow.commit()
        except DomainError as error:
            return _page(desk, key, Form(institution, drawn, trouble=error.message), status=400)
        return see(f"/c/{key}/announcements#said")

    @views.post("/c/<key>/invite/mail")
    def send(key: str) -> Response:
        try:
            with desk.begin() as uow:
                if desk.services.mail is None:
                    raise DomainError(inviting.NO_MAIL)
                mailing.ask(uow, desk.person(), key, desk.now())
                uow.commit()
        except DomainError as error:
            return _page(desk, key, Form("", Drawn("", "", ""), trouble=error.message), status=400)
        return see(f"/c/{key}/invite#mail")

    @views.get("/no/<token>")
    def before_no(token: str) -> Response:
        return _no(desk, token)

    @views.post("/no/<token>")
    def no_thanks(token: str) -> Response:
        """Also called by a reader's mail provider, for them and at their press (RFC 8058)."""
        return _no(desk, token, said=True)

    return views


def _page(
    desk: Desk, key: str, form: Form | None = None, looked: bool = False, status: int = 200
) -> Response:
    reader = desk.person()
    with desk.begin() as uow:
        page = inviting.page(uow, reader, key, desk.manifests, desk.base_url, desk.now())
        fresh, shows = uow.new_id(), tuple[Place, ...]()
        if form is not None and looked:
            way = inviting.way_of(page, form.institution)
            shows = inviting.shown(uow, page, way, desk.manifests, form.drawn.text)
        letter, asked = None, mailing.pressed_at(uow, page.seen.community.id)
        if desk.services.mail is not None and not page.rests:
            own = next((way.address for way in page.ways if way.address), f"{desk.base_url}/i/…")
            letter = mailing.words(uow, page.seen.community, own, f"{desk.base_url}/no/…")
    text = render_template(
        "invite.html",
        page=page,
        seen=page.seen,
        form=form,
        shows=shows,
        fresh=fresh,
        letter=letter,
        asked=asked,
        zone=usable_zone(reader.zone, page.seen.zone),
        title_length=TITLE_LENGTH,
        text_length=TEXT_LENGTH,
    )
    return make_response(text, status)


def _no(desk: Desk, token: str, said: bool = False) -> Response:
    with desk.begin() as uow:
        try:
            if said:
                community = mailing.refuse(uow, desk.services.sealer, token, desk.now())
                uow.commit()
            else:
                community, _, _ = mailing.opened(uow, token, desk.now())
        except DomainError as error:
            return make_response(render_template("link_closed.html", message=error.message), 410)
    return make_response(render_template("no_thanks.html", community=community, said=said, token=token))

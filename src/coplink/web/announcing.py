"""Say something to everybody: a form for those who lead, how it would look in each place, and what was said so far.

Whoever belongs reads what was said; how far it is in each place is for those who lead.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core import announcing
from coplink.core.access import Action
from coplink.core.announcing import TEXT_LENGTH, TITLE_LENGTH
from coplink.core.errors import DomainError
from coplink.core.words import Said
from coplink.engine import marks, reading, saying
from coplink.engine.saying import Drawn
from coplink.web.desk import Desk, see, typed
from coplink.web.shown import usable_zone


@dataclass(frozen=True, slots=True)
class Form:
    """The form as it was sent: what was typed, whether it is only looked at, and what is wrong with it."""

    drawn: Drawn
    looked: bool = False
    trouble: Said | None = None


def blueprint(desk: Desk) -> Blueprint:
    """The page of announcements."""
    views = Blueprint("announcing", __name__)

    @views.get("/c/<key>/announcements")
    def announcements(key: str) -> Response:
        return _page(desk, key)

    @views.post("/c/<key>/announcements")
    def tell(key: str) -> Response:
        drawn = Drawn(typed("key", 64), typed("title", 2 * TITLE_LENGTH), typed("text", 2 * TEXT_LENGTH))
        try:
            title, text = announcing.words_of(drawn.title, drawn.text)
            if request.form.get("do") != "say":
                return _page(desk, key, Form(Drawn(drawn.key, title, text), looked=True))
            with desk.begin() as uow:
                saying.say_to_all(uow, desk.person(), key, drawn, desk.manifests, desk.now())
                uow.commit()
        except DomainError as error:
            return _page(desk, key, Form(drawn, trouble=error.message), 400)
        return see(f"/c/{key}/announcements#said")

    @views.post("/c/<key>/announcements/again")
    def again(key: str) -> Response:
        """Somebody says that what was in the way is mended."""
        with desk.begin() as uow:
            seen = reading.community_of(uow, desk.person(), key, Action.ANNOUNCE)
            for space in uow.spaces.of(seen.community.id):
                marks.to_say(uow, space)
            uow.commit()
        return see(f"/c/{key}/announcements#said")

    return views


def _page(desk: Desk, key: str, form: Form | None = None, status: int = 200) -> Response:
    person = desk.person()
    with desk.begin() as uow:
        form = form or Form(Drawn(uow.new_id(), "", ""))
        action = Action.SEE_INSIDE if request.method == "GET" else Action.ANNOUNCE
        reading.community_of(uow, person, key, action)
        page = saying.page(uow, person, key, desk.manifests, desk.now(), form.drawn.text)
    text = render_template(
        "announcements.html",
        page=page,
        seen=page.seen,
        form=form,
        zone=usable_zone(person.zone, page.seen.zone),
        title_length=TITLE_LENGTH,
        text_length=TEXT_LENGTH,
    )
    return make_response(text, status)

"""A copied course: what whoever leads it decides on the start page, and what those who facilitate decide."""

from __future__ import annotations

from flask import Blueprint, Response

from coplink.core.errors import DomainError, NotAllowed
from coplink.core.words import say
from coplink.engine import copies
from coplink.ports.copies import CopyState
from coplink.web.arriving import origin_of
from coplink.web.desk import Desk, see, typed

ANSWERS = {"afresh": CopyState.AFRESH, "ask": CopyState.ASKED, "later": CopyState.LATER}


def blueprint(desk: Desk) -> Blueprint:
    """Two forms: one for each side."""
    views = Blueprint("copies", __name__)

    @views.post("/copies/<copy>")
    def decide(copy: str) -> Response:
        person, origin = desk.person(), origin_of(desk.visit)
        chosen = ANSWERS.get(typed("answer", 10))
        if not desk.visit.values.get("may_found"):
            raise NotAllowed(
                say("Whoever leads the course decides that. Open coplink from a course you teach.")
            )
        if chosen is None:
            raise DomainError(say("Choose one of the three."))
        with desk.begin() as uow:
            copies.answer(uow, person, origin.context, copy, chosen, origin.roster)
            uow.commit()
        return see("/found" if chosen is CopyState.AFRESH else "/?all=1#copied")

    @views.post("/c/<key>/copies/<copy>")
    def facilitate(key: str, copy: str) -> Response:
        person, answer = desk.person(), typed("answer", 10)
        acts = {"take": copies.take, "refuse": copies.refuse, "understood": copies.understood}
        if answer not in acts:
            raise DomainError(say("Choose one of the answers."))
        with desk.begin() as uow:
            acts[answer](uow, person, key, copy, desk.now())
            uow.commit()
        return see(f"/c/{key}")

    return views

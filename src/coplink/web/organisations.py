"""Organisations in a community: who is whose contact, and an institution that withdraws.

    /c/<key>/contact                        take it on, or give it back; one's own institution only
    /admin/communities/<community>/withdraw what it would mean, in words; then it is done, with a reason

Only an admin of the institution withdraws it; the same admin agrees again on the page of connections.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from coplink.core.access import Action
from coplink.core.errors import DomainError
from coplink.core.people import Person
from coplink.core.words import Said, say
from coplink.engine import organisations, reading
from coplink.web.desk import Desk, see, typed
from coplink.web.lifecycle import TAKEN_AWAY

LONGEST = 4000
"""What is cut off unread; what is too long for a reason is said to be."""


def blueprint(desk: Desk) -> Blueprint:
    """The pages and their forms."""
    views = Blueprint("organisations", __name__)

    @views.post("/c/<key>/contact")
    def contact(key: str) -> Response:
        person, act = desk.person(), typed("do", 20)
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.CHOOSE_LEVEL)
            match act:
                case "take":
                    organisations.take_on(uow, seen.community, person, desk.now())
                case "give":
                    organisations.give_back(uow, seen.community, person, desk.now())
                case _:
                    raise DomainError(say("This form is too old. Open the page again."))
            uow.commit()
        return see(f"/c/{seen.community.id}/people")

    @views.get("/admin/communities/<community>/withdraw")
    def before(community: str) -> Response:
        return _page(desk, desk.admin(), community)

    @views.post("/admin/communities/<community>/withdraw")
    def withdraw(community: str) -> Response:
        admin, reason = desk.admin(), typed("reason", LONGEST)
        try:
            with desk.begin() as uow:
                organisations.withdraw(uow, admin, community, reason, bool(typed(TAKEN_AWAY, 8)), desk.now())
                uow.commit()
        except DomainError as error:
            return _page(desk, admin, community, error.message, reason)
        return see("/admin#communities")

    return views


def _page(
    desk: Desk, admin: Person, community: str, trouble: Said | None = None, reason: str = ""
) -> Response:
    with desk.begin() as uow:
        what = organisations.before_withdrawing(uow, admin, community)
        institution = uow.institutions.get(admin.institution)
    titles = [
        desk.manifests[space.integration].title if space.integration in desk.manifests else space.integration
        for space in what.places
    ]
    text = render_template(
        "withdraw.html",
        what=what,
        institution=institution.name if institution else "",
        titles=titles,
        trouble=trouble if what.refusal is None else None,
        reason=reason,
    )
    return make_response(text, 400 if trouble else 200)

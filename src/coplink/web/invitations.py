"""Invitation links: facilitators make and revoke them; whoever opens one sees the charter and every door.

Opening a link makes nobody a member. It waits in the session until its reader has come through a door of the
institution it is for, and then asks for their answer.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from coplink.core.access import Action
from coplink.core.errors import DomainError
from coplink.core.people import InstitutionId
from coplink.engine import invitations, reading
from coplink.web.desk import Desk, see, typed
from coplink.web.landing import ways_in


def blueprint(desk: Desk) -> Blueprint:
    """Links: opened by anybody, made and revoked by facilitators."""
    views = Blueprint("invitations", __name__)

    @views.get("/i/<token>")
    def opened(token: str) -> Response:
        visit = desk.visit
        with desk.begin() as uow:
            try:
                link, community = invitations.opened(uow, token, desk.now())
            except DomainError as error:
                return make_response(render_template("link_closed.html", message=error.message), 410)
            desk.remember(uow, link=token)
            uow.commit()
            if visit.person is not None and visit.person.institution == link.institution:
                return see(f"/c/{community.id}/invitation")
            institution = uow.institutions.get(link.institution)
            ways = ways_in(uow, desk, institution) if institution else None
            rhythm = uow.meetings.rhythm(community.id)
        text = render_template(
            "link.html", community=community, institution=institution, ways=ways, token=token, rhythm=rhythm
        )
        return make_response(text)

    @views.post("/c/<key>/links")
    def create(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.KEEP)
            invitations.create(
                uow, seen.community, person, InstitutionId(typed("institution", 64)), desk.now()
            )
            uow.commit()
        page = "invite" if typed("back", 10) == "invite" else "people#links"
        return see(f"/c/{seen.community.id}/{page}")

    @views.post("/c/<key>/links/<link>/revoke")
    def revoke(key: str, link: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.KEEP)
            invitations.revoke(uow, seen.community, person, link, desk.now())
            uow.commit()
        return see(f"/c/{seen.community.id}/people#links")

    return views

"""Guest presenters: their one page, without an account, and the two forms of those who facilitate.

/g/<token>                          one meeting: when, where, what about; nothing once it is over or closed
/c/<key>/presenters                 make a link
/c/<key>/presenters/<link>/revoke   close it
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core.errors import DomainError
from coplink.engine import presenting
from coplink.web import meetings
from coplink.web.desk import Desk, cleaned, see, typed
from coplink.web.founding import ZONES
from coplink.web.shown import usable_zone


def blueprint(desk: Desk) -> Blueprint:
    """The presenter's page and its forms."""
    views = Blueprint("presenting", __name__)

    @views.get("/g/<token>")
    def opened(token: str) -> Response:
        with desk.begin() as uow:
            shown = presenting.opened(uow, token, desk.now())
        titles = [
            (
                desk.manifests[space.integration].title
                if space.integration in desk.manifests
                else space.integration,
                space.link,
            )
            for space in shown.places
        ]
        zone = usable_zone(cleaned(request.args.get("zone", ""), 60), shown.rhythm.zone)
        text = render_template("presenter.html", shown=shown, titles=titles, zone=zone, zones=ZONES)
        return make_response(text)

    @views.post("/c/<key>/presenters")
    def ask(key: str) -> Response:
        asking = meetings.Asking(typed("name", 400), typed("meeting", 20))
        try:
            with desk.begin() as uow:
                presenting.ask(uow, desk.person(), key, asking.meeting, asking.name, desk.now())
                uow.commit()
        except DomainError as error:
            return meetings.page(desk, key, replace(asking, trouble=error.message), 400)
        return see(f"/c/{key}/meetings#presenters")

    @views.post("/c/<key>/presenters/<link>/revoke")
    def revoke(key: str, link: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            presenting.revoke(uow, person, key, link, desk.now())
            uow.commit()
        return see(f"/c/{key}/meetings#presenters")

    return views

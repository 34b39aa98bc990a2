"""Somebody adds a tab by hand, inside a suite whose door is a tab: they choose the community that it opens.

They come through that door first, so that they are known; the suite itself keeps what was chosen, and the page only
hands it over. Offered are the communities they facilitate: whoever sees the tab still needs an invitation to get in.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from coplink.core.errors import NotFound
from coplink.core.people import Standing
from coplink.core.words import say
from coplink.engine.provision import through_the_door
from coplink.web.desk import Desk
from coplink.web.doors import door_of

_UNKNOWN = say("This way in is not known here.")


def blueprint(desk: Desk) -> Blueprint:
    """The page of a tab that is being set up."""
    views = Blueprint("tab_setup", __name__)

    @views.get("/door/<integration>/<connection>/choose")
    def choose(integration: str, connection: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            own = uow.institutions.connection_of(person.institution, integration)
        if own is None or own.id != connection:  # asked before its door may say who frames it
            raise NotFound(_UNKNOWN)
        connected, door = door_of(desk, integration, connection)
        if door.page is None or not door.page.choosing:
            raise NotFound(_UNKNOWN)
        with desk.begin() as uow:
            led = [
                community
                for community, membership in uow.communities.of_person(person.id)
                if membership.standing is Standing.JOINED and membership.role.leads
            ]
            institution = uow.institutions.get(connected.institution)
        offered = [
            (
                one,
                through_the_door(desk.base_url, integration, connected.id, one.id),
                f"{desk.base_url}/c/{one.id}",
            )
            for one in sorted(led, key=lambda one: one.name.casefold())
        ]
        text = render_template(
            "tab_setup.html",
            page=door.page,
            connected=connected,
            manifest=desk.manifests[integration],
            institution=institution,
            offered=offered,
        )
        return make_response(text)

    return views

"""Taking a system out again: what it would mean, the button, and afterwards what remains over there.

/admin/connections/<integration>/disconnect      one address for all three, so that it can be kept open
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from coplink.core.errors import NotFound
from coplink.core.people import Person
from coplink.core.words import say
from coplink.engine import disconnect as leaving
from coplink.ports.integration import Manifest
from coplink.ports.records import Connected
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, see, typed
from coplink.web.guard import Frames


def blueprint(desk: Desk, frames: Frames) -> Blueprint:
    """The page before, and after."""
    views = Blueprint("disconnecting", __name__)

    @views.get("/admin/connections/<integration>/disconnect")
    def before(integration: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            manifest, connected = _connected(desk, uow, admin, integration)
            text = render_template(
                "disconnect.html",
                manifest=manifest,
                connected=connected,
                ended=connected.ended_at is not None,
                leaving=leaving.under_way(connected),
                farewell=leaving.plan(uow, connected),
                remains=leaving.remains(uow, connected),
            )
        return make_response(text)

    @views.post("/admin/connections/<integration>/disconnect")
    def disconnect(integration: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            manifest, connected = _connected(desk, uow, admin, integration)
            spared = desk.visit.session.id_hash if desk.visit.session else ""
            take_away = bool(typed("take_away", 8))
            leaving.disconnect(uow, connected, manifest.title, admin.id, take_away, desk.now(), spared)
            uow.commit()
        frames.forget()
        return see(f"/admin/connections/{manifest.key}/disconnect")

    return views


def _connected(desk: Desk, uow: UnitOfWork, admin: Person, integration: str) -> tuple[Manifest, Connected]:
    """The admin's own connection, also one that has ended; ``NotFound`` where there never was one."""
    manifest = desk.manifests.get(integration)
    if manifest is None:
        raise NotFound(say("There is no integration of that name here."))
    connected = uow.institutions.connection_of(admin.institution, integration, ended=True)
    if connected is None:
        raise NotFound(say("This connection is not known."))
    return manifest, connected

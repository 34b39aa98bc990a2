"""The round trip by which an admin lets coplink into a platform: away to its page, back with a code, what it gave kept.

    /admin/connections/<integration>/consent   away, by a form, after the address of the platform and its key were kept
    /admin/connections/<integration>/return    back; only in the session that went, once, within ten minutes

For integrations whose manifest says ``consents``. What comes back is stored as settings, like everything an admin
enters, and never shown.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from coplink import logs
from coplink.core.errors import DomainError, LostState, NotFound
from coplink.core.people import Person
from coplink.core.words import say
from coplink.engine import connect
from coplink.engine.secrets import fresh_token, hashed
from coplink.ports.errors import IntegrationError, Transient
from coplink.ports.integration import Consent
from coplink.ports.records import Connected
from coplink.web.desk import Desk, see
from coplink.web.guard import Frames

ROUND_TRIP = timedelta(minutes=10)
LONGEST_CODE = 2_000

log = logs.get(__name__)


def blueprint(desk: Desk, frames: Frames) -> Blueprint:
    """Away and back."""
    views = Blueprint("consent", __name__)

    @views.post("/admin/connections/<integration>/consent")
    def ask(integration: str) -> Response:
        connected, consent = _consent(desk, desk.admin(), integration)
        state = fresh_token()
        address = consent.begin(state, _return_url(desk, integration))
        until = (desk.now() + ROUND_TRIP).isoformat()
        with desk.begin() as uow:
            desk.remember(uow, consent=f"{connected.id} {hashed(state)} {until}")
            uow.commit()
        # A page in between: browsers hold redirects of a form to our form-action too (CSP level 3, section 6.4.2)
        going = gettext("On to %(title)s …", title=desk.manifests[integration].title)
        return make_response(render_template("onwards.html", url=address, sentence=going))

    @views.get("/admin/connections/<integration>/return")
    def back(integration: str) -> Response:
        admin = desk.admin()
        connected, consent = _consent(desk, admin, integration)
        _consume(desk, connected)
        if refused := request.args.get("error", ""):
            raise DomainError(
                say("Nothing was changed: consent was not given over there."), f"error={refused[:40]!r}"
            )
        code = request.args.get("code", "")
        if not code or len(code) > LONGEST_CODE or not code.isascii():
            raise DomainError(say("Nothing was changed: consent was not given over there."), "no code")
        try:
            given = consent.finish(code, _return_url(desk, integration))
        except Transient:
            raise
        except (
            IntegrationError
        ) as error:  # somebody stands before the page: it is their request that came to nothing
            raise DomainError(error.message, error.detail) from error
        with desk.begin() as uow:
            connect.connect(
                uow,
                admin.institution,
                desk.manifests[integration],
                given,
                lambda settings: desk.services.look_over(integration, settings),
                desk.now(),
                desk.services.settings.loopback,
            )
            uow.commit()
        log.info("consent", integration=integration, institution=admin.institution)
        frames.forget()
        return see(f"/admin/connections/{integration}")

    return views


def _consent(desk: Desk, admin: Person, integration: str) -> tuple[Connected, Consent]:
    """The admin's own connection and how it is consented to; ``NotFound`` where there is nothing to consent to."""
    manifest = desk.manifests.get(integration)
    if manifest is None or not manifest.consents:
        raise NotFound(say("There is no integration of that name here."))
    with desk.begin() as uow:
        connected = uow.institutions.connection_of(admin.institution, integration)
    consent = desk.services.consent(connected) if connected is not None else None
    if connected is None or consent is None:
        raise DomainError(say("Enter the address and the key first, and keep them; then give consent."))
    return connected, consent


def _consume(desk: Desk, connected: Connected) -> None:
    """Take the state this session went away with: once, for this connection, in time."""
    kept = desk.visit.values.get("consent", "").split(" ")
    with desk.begin() as uow:
        desk.remember(uow, consent=None)
        uow.commit()
    state = request.args.get("state", "")
    if len(kept) != 3 or not state or len(state) > 200 or not state.isascii():
        raise LostState(say("This consent was not begun here. Please start again."), "no state kept")
    connection, digest, until = kept
    if connection != connected.id or not hmac.compare_digest(digest, hashed(state)):
        raise LostState(say("This consent was not begun here. Please start again."), "another state")
    if desk.now() > datetime.fromisoformat(until):
        raise LostState(say("That took too long. Please start again."), "state too old")


def _return_url(desk: Desk, integration: str) -> str:
    return f"{desk.base_url}/admin/connections/{integration}/return"

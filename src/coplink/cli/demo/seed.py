"""Connects the real integrations to the sandboxes: the same engine path an admin takes with a real institution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coplink import registry
from coplink.cli.base import services_from, settings_from
from coplink.cli.demo.inside import settings_of
from coplink.cli.setup import store
from coplink.engine import connect as setting_up
from coplink.engine import platforms
from coplink.ports.records import Registration
from coplink.sandbox.district import District, region
from coplink.storage.database import make_engine, upgrade
from coplink.wiring import Services

if TYPE_CHECKING:
    from coplink.cli.demo.processes import Demo

ADMINS = {"riverbend": "Kim Castillo", "lakeside": "Jo Lindgren"}


def seed(demo: Demo) -> None:
    """Add both districts, their LTI platform and their connections; a second time changes nothing."""
    place = region(demo.tool_url)
    with settings_of(demo.environment()):
        settings = settings_from()
        upgrade(make_engine(settings.database_url))
        services = services_from(settings)
    links = []
    for district in place.districts.values():
        _district(demo, services, district)
        with services.begin() as uow:
            owner = setting_up.the_institution(uow, district.name)
            link = setting_up.invite_admin(uow, owner, ADMINS[district.key], services.now())
            uow.commit()
        links.append(f"{district.key} {demo.tool_url}/admin/claim/{link.token}")
        for connected in _connections(services, owner.id):
            demo.ask("start", "connection", {"district": district.key, **connected})
            if connected["integration"] == "teams":
                tab = f"{demo.tool_url}/door/teams/{connected['id']}"
                demo.ask("teams", "app", {"district": district.key, "tab_url": tab})
    demo.ask("start", "admins", {"links": links})


def _district(demo: Demo, services: Services, district: District) -> None:
    with services.begin() as uow:
        owner = setting_up.add_institution(uow, district.name, listed=True)
        lti = demo.ask("lti", f"settings/{district.key}")
        platforms.add(
            uow,
            Registration(
                uow.new_id(),
                owner.id,
                lti["issuer"],
                lti["client_id"],
                lti["authorization_url"],
                lti["token_url"],
                lti["jwks_url"],
                lti.get("audience", ""),
                lti["claims"],
            ),
            lti["deployment_id"],
            True,
            services.now(),
            loopback=True,
        )
        uow.commit()
    for key in registry.integrations().integrations:
        settings = demo.ask(key, f"settings/{district.key}")
        if settings:
            store(services, key, district.name, settings)


def _connections(services: Services, institution: str) -> list[dict[str, str]]:
    with services.begin() as uow:
        return [
            {"id": c.id, "integration": c.integration}
            for c in uow.institutions.connections()
            if c.institution == institution
        ]

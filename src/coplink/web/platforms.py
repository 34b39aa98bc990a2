"""For connection admins: the learning platforms of their institution, who may come in by them, and invitations."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from coplink.core.errors import NotFound
from coplink.core.people import Person
from coplink.core.words import say
from coplink.engine import platforms
from coplink.engine.platform_addresses import digest
from coplink.ports.records import Deployment, Link, Registration
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, see, typed
from coplink.web.guard import Frames

SECTION = "/admin#platforms"


@dataclass(frozen=True, slots=True)
class Platform:
    """One LTI registration with the deployments of this institution; ``ours`` where it registered it itself."""

    registration: Registration
    deployments: tuple[Deployment, ...]
    ours: bool

    @property
    def addresses(self) -> str:
        """Stands for the addresses shown, in the forms that approve them."""
        return digest(self.registration)


@dataclass(frozen=True, slots=True)
class Platforms:
    """What the admin's page shows of learning platforms."""

    listed: tuple[Platform, ...]
    invitations: tuple[Link, ...]


def shown(uow: UnitOfWork, admin: Person, desk: Desk) -> Platforms:
    """The platforms of the admin's institution, and its open invitations."""
    deployments = uow.platforms.deployments(admin.institution)
    theirs = {deployment.registration for deployment in deployments}
    listed = tuple(
        Platform(
            one,
            tuple(d for d in deployments if d.registration == one.id),
            one.institution == admin.institution,
        )
        for one in uow.platforms.all()
        if one.institution == admin.institution or one.id in theirs
    )
    return Platforms(listed, tuple(platforms.invitations(uow, admin.institution, desk.now())))


def blueprint(desk: Desk, frames: Frames) -> Blueprint:
    """What an admin can do about platforms."""
    views = Blueprint("platforms", __name__)

    @views.post("/admin/platforms/invitations")
    def invite() -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            platforms.invite(uow, admin.institution, desk.now())
            uow.commit()
        return see(SECTION)

    @views.post("/admin/platforms/invitations/<key>/withdraw")
    def withdraw(key: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            platforms.withdraw(uow, admin.institution, key, desk.now())
            uow.commit()
        return see(SECTION)

    @views.post("/admin/platforms/<key>/approve")
    def approve(key: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            registration = platforms.owned(uow, admin.institution, key)
            platforms.approve(uow, registration, desk.now(), typed("addresses", 64))
            uow.commit()
        frames.forget()
        return see(SECTION)

    @views.post("/admin/platforms/<key>/disable")
    def disable(key: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            platforms.disable(uow, platforms.owned(uow, admin.institution, key), _own_session(desk))
            uow.commit()
        frames.forget()
        return see(SECTION)

    @views.post("/admin/deployments/approve")
    def approve_deployment() -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            registration, deployment = _knocked(uow, admin)
            # Our own registration is approved with its addresses; another institution's are seen here alone.
            ours = registration.institution == admin.institution
            seen = None if ours else typed("addresses", 64)
            platforms.approve_deployment(
                uow, registration, deployment.deployment_id, admin.institution, desk.now(), seen
            )
            uow.commit()
        frames.forget()
        return see(SECTION)

    @views.post("/admin/deployments/disable")
    def disable_deployment() -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            _, deployment = _knocked(uow, admin)
            platforms.disable_deployment(uow, deployment, desk.now(), _own_session(desk))
            uow.commit()
        frames.forget()
        return see(SECTION)

    return views


def _knocked(uow: UnitOfWork, admin: Person) -> tuple[Registration, Deployment]:
    """The deployment that a form names, if it is one of the admin's institution."""
    registration = uow.platforms.get(typed("registration", 64))
    deployment = uow.platforms.deployment(registration.id, typed("deployment", 300)) if registration else None
    if registration is None or deployment is None or deployment.institution != admin.institution:
        raise NotFound(say("That deployment has not knocked here."))
    return registration, deployment


def _own_session(desk: Desk) -> str:
    """The session of the admin who presses: it stays, so that they see what they did."""
    return desk.visit.session.id_hash if desk.visit.session else ""

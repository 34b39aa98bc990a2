"""Of two platforms of one institution, one says which accounts people have: on a test Canvas the numbers are others'.

A registration says what custom fields mean (``Registration.claims``): a person's account on an integration, and where a
community could live. Both are numbers that mean something on one platform only, while an institution has one connection
to each integration. The platform that was let in first is believed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from coplink.core.errors import NotAllowed
from coplink.core.people import InstitutionId
from coplink.core.words import Said, say
from coplink.engine.platform_addresses import about
from coplink.ports.records import Notice, Registration, RegistrationState
from coplink.ports.storage import UnitOfWork

NUMBERS = ("account:", "asked:")
DOUBLED = "platform_doubled"


def alone(uow: UnitOfWork, registration: Registration) -> tuple[Registration, Said | None]:
    """The registration without claims that another platform of its institution makes already; and which does."""
    other = _other(uow, registration, registration.institution)
    if other is None:
        return registration, None
    claims = {
        meaning: name for meaning, name in registration.claims.items() if not meaning.startswith(NUMBERS)
    }
    return replace(registration, claims=claims), say(
        "People are let in from {platform}, but it is not believed about their accounts and courses: {other} tells "
        "those for this institution, and the same numbers are other people’s here. Whoever is to be believed instead "
        "is registered again by the operator, once the other one is disabled.",
        platform=registration.issuer,
        other=other.issuer,
    )


def tell(uow: UnitOfWork, registration: Registration, doubled: Said | None, who: str, now: datetime) -> None:
    """Say it to the admins of the institution, who know which platform is meant."""
    if doubled is None:
        return
    notice = (uow.new_id(), registration.institution, None, about(registration), DOUBLED, doubled, who, now)
    uow.records.raise_notice(Notice(*notice))


def check_alone(uow: UnitOfWork, registration: Registration, institution: InstitutionId) -> None:
    """Refuse a deployment of somebody else's registration where a platform of the institution's own tells the same."""
    if registration.institution == institution:
        return
    other = _other(uow, registration, institution)
    if other is not None:
        raise NotAllowed(
            say(
                "{other} tells the accounts of people of this institution already, and the same numbers are other "
                "people’s on this platform. Disable it there first.",
                other=other.issuer,
            )
        )


def _other(uow: UnitOfWork, registration: Registration, institution: InstitutionId) -> Registration | None:
    mine = {meaning for meaning in registration.claims if meaning.startswith(NUMBERS)}
    if not mine:
        return None
    for one in uow.platforms.all():
        if (
            one.id == registration.id
            or one.state is not RegistrationState.OPEN
            or mine.isdisjoint(one.claims)
        ):
            continue
        approved = {d.institution for d in uow.platforms.deployments_of(one.id) if d.approved_at is not None}
        if institution in {one.institution, *approved}:
            return one
    return None

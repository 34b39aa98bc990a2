"""Finds the registration a login belongs to.

Many schools share one issuer: issuer and client id together name a registration, and nothing is ever guessed.
"""

from __future__ import annotations

from coplink.core.errors import PendingDeployment, UnknownPlatform
from coplink.core.words import say
from coplink.lti.claims import refused
from coplink.ports.records import Deployment, Registration, RegistrationState
from coplink.ports.storage import UnitOfWork


def find(
    uow: UnitOfWork, issuer: str, client_id: str, deployment: str
) -> tuple[Registration, Deployment | None]:
    """The one registration of this issuer and client, and its deployment of that id, if it is known.

    An issuer with several open ones and no client is refused.

    One that waits or is switched off never stands in the way of an open one: anybody's invitation makes such.
    """
    found = uow.doorstep.asked(issuer, client_id or None, deployment)
    for state in (RegistrationState.OPEN, RegistrationState.PENDING):
        if any(one.state is state for one, _ in found):
            found = [(one, theirs) for one, theirs in found if one.state is state]
            break
    if len(found) == 1:
        registration, known = found[0]
        return opened(registration), known
    if found:
        message = say(
            "The learning platform did not say which school this is. Its administrator must check that."
        )
        raise UnknownPlatform(message, "several registrations of this issuer and no client_id")
    message = say(
        "coplink does not know this learning platform yet. An administrator must register it first."
    )
    raise UnknownPlatform(
        message, f"no registration of issuer {issuer[:200]!r} and client {client_id[:200]!r}"
    )


def opened(registration: Registration) -> Registration:
    """The registration, if people may come through it; raises ``PendingDeployment`` otherwise (row 9)."""
    if registration.state is RegistrationState.PENDING:
        message = say(
            "coplink waits for an administrator's approval of this learning platform. Please come back when it is"
            " given."
        )
    elif registration.state is RegistrationState.DISABLED:
        message = say("An administrator has switched coplink off for this learning platform.")
    else:
        return registration
    raise PendingDeployment(message, f"registration {registration.id} is {registration.state.value}")


def unchanged(uow: UnitOfWork, before: Registration) -> None:
    """Read a registration again that an earlier transaction read; refused unless all that vouches is the same."""
    now = uow.platforms.get(before.id)
    if now is None:
        raise refused("the registration was removed since the login")
    if _vouching(opened(now)) != _vouching(before):
        raise refused("the registration was changed since the login")


def _vouching(registration: Registration) -> tuple[str, ...]:
    return registration.issuer, registration.client_id, registration.jwks_url, registration.institution

"""Finds the registration a login belongs to, and shows it to the library in the library's own terms.

Many schools share one issuer: issuer and client id together name a registration, and nothing is ever guessed.
"""

from __future__ import annotations

from typing import Any

from pylti1p3.registration import Registration as LibraryRegistration
from pylti1p3.tool_config import ToolConfAbstract

from coplink.core.errors import PendingDeployment, UnknownPlatform
from coplink.core.words import say
from coplink.ports.records import Registration, RegistrationState
from coplink.ports.storage import UnitOfWork


def find(uow: UnitOfWork, issuer: str, client_id: str) -> Registration:
    """The one registration of this issuer and client; an issuer with several and no client is refused."""
    found = uow.platforms.find(issuer, client_id or None)
    if len(found) == 1:
        return opened(found[0])
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


def for_library(registration: Registration) -> Any:
    """The registration as ``pylti1p3`` knows registrations."""
    library = LibraryRegistration()
    library.set_issuer(registration.issuer).set_client_id(registration.client_id)
    library.set_auth_login_url(registration.authorization_url).set_auth_token_url(registration.token_url)
    library.set_auth_audience(registration.audience).set_key_set_url(registration.jwks_url)
    return library


class OneRegistration(ToolConfAbstract):  # type: ignore[misc]  # the library is read without its types
    """A configuration of one registration that was found before; keeps nothing on the class (the library's does)."""

    def __init__(self, registration: Registration) -> None:
        self._found = for_library(registration)

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Any:
        return self._found

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> Any:
        return self._found

    def find_deployment(self, iss: str, deployment_id: str) -> None:
        return None  # deployments are judged by ``launch``, after the token

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kw: Any
    ) -> None:
        return None

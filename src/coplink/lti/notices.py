"""Notices: what a platform tells us without anybody visiting, and the orders for them.

A notice is a token like that of a launch, without a person and without a login: it is verified in the same way, and its
own id makes it count once. Canvas sends each once and never again; what is missed is seen at the next visit, from the
contexts that a course says it was copied from. Source: 1EdTech Platform Notification Service 1.0, Canvas' documentation
of it; LTI handbook 4.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import jwt

from coplink.core.arrival import Context, NoticeOffer
from coplink.core.errors import UnknownDeployment
from coplink.core.people import InstitutionId
from coplink.core.words import say
from coplink.lti import jws, odd, registrations, tokens
from coplink.lti.claims import CORE, Claims, refused
from coplink.lti.connector import Connector
from coplink.lti.egress import Answer, Egress
from coplink.lti.keys import KeysCache
from coplink.lti.origins import may_serve
from coplink.ports.copies import NoticeService
from coplink.ports.errors import Gone, Misconfigured, PermissionMissing
from coplink.ports.records import Deployment, Registration, RegistrationState
from coplink.ports.storage import Storage

SERVICE = CORE + "platformnotificationservice"
SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
CONTEXT_COPY, HELLO = "LtiContextCopyNotice", "LtiHelloWorldNotice"
ORDERED = (CONTEXT_COPY, HELLO)
ONCE_FOR = timedelta(hours=2)  # longer than a token can be good for
ANSWER_LIMIT = 64 * 1024
MOST_ORIGINS = 50


@dataclass(frozen=True, slots=True)
class Heard:
    """One verified notice. ``origins`` are the contexts that ``context`` was copied from."""

    id: str
    type: str
    registration: str
    institution: InstitutionId
    deployment: str
    context: Context | None = None
    origins: tuple[str, ...] = ()


def offer(claims: Claims, registration: Registration, deployment: str) -> NoticeOffer | None:
    """What a launch says about notices.

    An address on a host that is not the platform's own is left alone: our token never goes there, and nobody is kept
    out for it.
    """
    service = claims.inner(SERVICE)
    if service is None:
        return None
    url, types = service.raw("platform_notification_service_url"), service.texts("notice_types_supported")
    if not url or len(url) > 2000 or not may_serve(url, registration):
        return None
    known = tuple(kind for kind in ORDERED if kind in types)
    return NoticeOffer(deployment, url, known) if CONTEXT_COPY in known else None


def read(storage: Storage, keys: KeysCache, token: str, now: datetime) -> Heard:
    """Verify one notice.

    Raises a ``LaunchError`` when it is not a platform's own word to us, ``IntegrationError`` when the platform's keys
    cannot be had.
    """
    issuer, client = _for_whom(token)
    with storage.begin() as uow:
        registration, _ = registrations.find(uow, issuer, client, "")
    claims = Claims(tokens.signed(token, registration, keys, now))
    if claims.required(CORE + "version") != "1.3.0":
        raise refused("version of the notice is not 1.3.0")
    notice = claims.inner(CORE + "notice", required=True) or Claims({})
    named, kind = notice.identifier("id"), notice.identifier("type")
    deployment_id = claims.identifier(CORE + "deployment_id")
    with storage.begin() as uow:
        deployment = uow.platforms.deployment(registration.id, deployment_id)
    institution = _approved(deployment, registration, deployment_id)
    context: Context | None = None
    origins: tuple[str, ...] = ()
    if kind == CONTEXT_COPY:
        found = claims.inner(CORE + "context", required=True) or Claims({})
        title = found.text("title") or found.text("label") or ""
        context = Context(registration.id, found.identifier("id"), title)
        origins = claims.texts(CORE + "origin_contexts")[:MOST_ORIGINS]
    return Heard(named, kind, registration.id, institution, deployment_id, context, origins)


class LtiNotices:
    """Orders notices from platforms, with our access token for the deployment's institution."""

    def __init__(self, storage: Storage, connector: Connector, egress: Egress) -> None:
        self._storage, self._connector, self._egress = storage, connector, egress

    def order(self, service: NoticeService) -> None:
        """One order for each kind of notice; a platform keeps one address for each, so a second one changes nothing."""
        with self._storage.begin() as uow:
            registration = uow.platforms.get(service.registration)
            deployment = uow.platforms.deployment(service.registration, service.deployment)
        theirs = deployment is not None and deployment.approved_at and deployment.institution
        open_ = registration is not None and registration.state is RegistrationState.OPEN
        if not (
            registration and open_ and theirs == service.institution and may_serve(service.url, registration)
        ):
            message = say("The learning platform that told of copied courses is not approved any more.")
            raise Misconfigured(message, odd.ADMIN, f"order for notices {service.id}")
        for kind in service.types:
            send = partial(self._put, {"notice_type": kind, "handler": service.callback})
            try:
                self._connector.asked(
                    registration, service.institution, [SCOPE], service.url, "application/json", send
                )
            except (PermissionMissing, Gone) as error:
                message = say(
                    "The learning platform does not let coplink be told when a course is copied. coplink notices it"
                    " later then, when somebody opens the copy."
                )
                raise PermissionMissing(message, odd.ADMIN, (SCOPE,), error.detail) from error

    def _put(self, order: Mapping[str, str], url: str, limit: int, headers: Mapping[str, str]) -> Answer:
        return self._egress.send_json("PUT", url, min(limit, ANSWER_LIMIT), order, headers)


def _for_whom(token: str) -> tuple[str, str]:
    """Whose word a notice claims to be, and to whom: only to find the key that says whether it is true."""
    if len(token) > jws.LONGEST_TOKEN or not token.isascii():
        raise refused("the notice has no proper form")
    try:
        values: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise refused(f"the notice is no token: {type(error).__name__}") from error
    issuer, audience, party = (values.get(name) for name in ("iss", "aud", "azp"))
    client = party if isinstance(audience, list) and len(audience) > 1 else audience
    if isinstance(client, list) and len(client) == 1:
        client = client[0]
    if not isinstance(issuer, str) or not isinstance(client, str) or not client:
        raise refused("the notice names no issuer or no audience")
    return issuer, client


def _approved(deployment: Deployment | None, registration: Registration, named: str) -> InstitutionId:
    """Whose deployment it is. A notice never makes one known: people who come do."""
    if deployment is None or deployment.approved_at is None:
        message = say("coplink is not approved for this place yet. An administrator must approve it first.")
        raise UnknownDeployment(message, f"notice of deployment {named[:100]!r} of {registration.id}")
    return deployment.institution

"""Learning platforms: how one is registered, who approves it and its deployments, and who switches them off.

Whatever a platform says of itself lets nobody in: registrations made by an invitation, and deployments that knock, are
pending until a person of the institution (its admin, or the operator at the command line) approves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import Institution, InstitutionId
from coplink.core.words import Said, say
from coplink.engine.connect import check_address
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Deployment, Link, LinkKind, Notice, Registration, RegistrationState
from coplink.ports.storage import UnitOfWork

INVITATION_LIFE = timedelta(days=7)
ABOUT = "platform"
LACKING, WAITS = "platform_lacks", "platform_waits"
OVER_THERE, HERE = "platform administrator", "connection admin"


def invite(uow: UnitOfWork, institution: InstitutionId, now: datetime) -> Link:
    """The one-time invitation (7 days) by which a platform may register; the open one if there is one."""
    for known in invitations(uow, institution, now):
        return known
    link = Link(
        uow.new_id(),
        LinkKind.PLATFORM,
        fresh_token(),
        institution,
        None,
        None,
        now,
        now + INVITATION_LIFE,
    )
    uow.links.put(link)
    return link


def invitations(uow: UnitOfWork, institution: InstitutionId, now: datetime) -> Sequence[Link]:
    """The invitations of an institution that still open."""
    return [one for one in uow.links.of(LinkKind.PLATFORM, institution=institution) if one.open_at(now)]


def withdraw(uow: UnitOfWork, institution: InstitutionId, key: str, now: datetime) -> None:
    """Close an invitation at once."""
    link = uow.links.get(key)
    if link is None or link.kind is not LinkKind.PLATFORM or link.institution != institution:
        raise NotFound(say("That invitation is not known."))
    uow.links.put(replace(link, revoked_at=now))


def invited(uow: UnitOfWork, token: str, now: datetime) -> tuple[Link, Institution]:
    """The invitation behind a token and whose it is; raises ``DomainError`` when it does not open any more."""
    link = uow.links.by_token(LinkKind.PLATFORM, token.strip())
    institution = uow.institutions.get(link.institution) if link else None
    if link is None or institution is None or not link.open_at(now):
        raise closed()
    return link, institution


def closed() -> DomainError:
    """An invitation that opens nothing."""
    return DomainError(
        say(
            "This invitation has been used, withdrawn or is too old. If the platform is listed at your connections,"
            " all is well; otherwise ask for a new invitation."
        )
    )


def register(
    uow: UnitOfWork,
    invitation: Link,
    offered: Registration,
    deployment_id: str | None,
    known_as: str,
    lacking: Sequence[Said],
    now: datetime,
) -> Registration:
    """Keep what a platform registered, using the invitation up: of two at once, one wins.

    A client of ours that comes again changes the known registration; what is approved stays so only if its addresses
    stay the same. A client of another institution is refused. ``known_as`` is what the admin who approves is told:
    on one issuer there are many schools, and the client id alone does not say which this is.
    """
    if offered.institution != invitation.institution or not uow.links.use(invitation.id, now):
        raise closed()
    known = _known(uow, offered)
    state = RegistrationState.PENDING
    if known is not None:
        same = _addresses(known) == _addresses(offered)
        state = known.state if same or known.state is RegistrationState.DISABLED else state
    kept = replace(offered, id=known.id if known else uow.new_id(), state=state)
    uow.platforms.put(kept)
    if deployment_id and uow.platforms.deployment(kept.id, deployment_id) is None:
        uow.platforms.put_deployment(Deployment(kept.id, deployment_id, kept.institution))
    uow.records.clear_notices(None, _about(kept))
    notices = [(f"{LACKING}_{number}", sentence, OVER_THERE) for number, sentence in enumerate(lacking)]
    if kept.state is RegistrationState.PENDING:
        sentence = say("{platform} has registered coplink and waits for approval.", platform=known_as)
        notices.insert(0, (WAITS, sentence, HERE))
    for code, sentence, who in notices:
        uow.records.raise_notice(
            Notice(uow.new_id(), kept.institution, None, _about(kept), code, sentence, who, now)
        )
    return kept


def _known(uow: UnitOfWork, offered: Registration) -> Registration | None:
    for one in uow.platforms.find(offered.issuer, None):
        ours = one.institution == offered.institution
        if one.client_id == offered.client_id:
            if not ours:
                raise NotAllowed(
                    say("This platform's client id is already registered by another institution."),
                    f"{offered.issuer} {offered.client_id!r} belongs to {one.institution}",
                )
            return one
        if ours and offered.managed_url and one.managed_url == offered.managed_url:
            return one
    return None


def _addresses(one: Registration) -> tuple[str, ...]:
    return (one.client_id, one.authorization_url, one.token_url, one.jwks_url, one.audience)


def _about(registration: Registration) -> str:
    return f"{ABOUT}:{registration.id}"


def add(
    uow: UnitOfWork,
    registration: Registration,
    deployment_id: str | None,
    approve: bool,
    now: datetime,
    loopback: bool = False,
) -> Registration:
    """Register coplink by hand; the same again changes nothing, other addresses change the known registration.

    Another institution on the same issuer and client gets a deployment of its own there, and nothing of the
    registration: that stays with whom it belongs to.
    """
    for address in (registration.authorization_url, registration.token_url, registration.jwks_url):
        check_address(address, loopback)
    known = next(iter(uow.platforms.find(registration.issuer, registration.client_id)), None)
    owner = registration.institution
    if known is not None and known.institution != owner:
        if not deployment_id or _addresses(known) != _addresses(registration):
            raise NotAllowed(say("This client id is already registered by another institution."))
        registration = known
    else:
        if known is not None:
            registration = replace(
                registration, id=known.id, state=known.state, managed_url=known.managed_url
            )
            if approve and known.state is RegistrationState.PENDING:
                registration = replace(registration, state=RegistrationState.OPEN)
        uow.platforms.put(registration)
    if deployment_id and approve:
        approve_deployment(uow, registration, deployment_id, owner, now)
    elif deployment_id and uow.platforms.deployment(registration.id, deployment_id) is None:
        uow.platforms.put_deployment(Deployment(registration.id, deployment_id, owner))
    return registration


def owned(uow: UnitOfWork, institution: InstitutionId, key: str) -> Registration:
    """A registration of this institution; ``NotFound`` for any other."""
    found = uow.platforms.get(key)
    if found is None or found.institution != institution:
        raise NotFound(say("That learning platform is not known here."))
    return found


def approve(uow: UnitOfWork, registration: Registration) -> None:
    """Let people of approved deployments in; what the platform lacked has been seen by whoever approves."""
    uow.platforms.put(replace(registration, state=RegistrationState.OPEN))
    uow.records.clear_notices(None, _about(registration))


def disable(uow: UnitOfWork, registration: Registration) -> None:
    """Let nobody in from this platform and ask it for nothing, until it is approved again."""
    uow.platforms.put(replace(registration, state=RegistrationState.DISABLED))
    uow.records.clear_notices(None, _about(registration))


def approve_deployment(
    uow: UnitOfWork, registration: Registration, deployment_id: str, institution: InstitutionId, now: datetime
) -> Deployment:
    """Let launches of one deployment in, as people of this institution; refused while it is another's."""
    known = uow.platforms.deployment(registration.id, deployment_id)
    if known is not None and known.approved_at is not None:
        if known.institution != institution:
            raise NotAllowed(
                say("This deployment is approved for another institution. Disable it there first.")
            )
        return known
    if known is not None and known.institution != institution:
        uow.platforms.drop_deployment(registration.id, deployment_id)  # rows never change their institution
    deployment = Deployment(registration.id, deployment_id, institution, now)
    uow.platforms.put_deployment(deployment)
    return deployment


def disable_deployment(uow: UnitOfWork, deployment: Deployment, now: datetime) -> None:
    """Let launches of one deployment in no more, until it is approved again."""
    uow.platforms.put_deployment(replace(deployment, approved_at=None, disabled_at=now))

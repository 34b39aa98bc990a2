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
from coplink.engine.platform_addresses import about, addresses, check_seen, withdraw_of_others
from coplink.engine.platform_claims import check_alone, keep, settle, untell
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Deployment, Link, LinkKind, Notice, Registration, RegistrationState
from coplink.ports.storage import UnitOfWork

INVITATION_LIFE = timedelta(days=7)
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

    A client of ours that comes again changes the known registration; what is approved stays so, here and at other
    institutions with deployments there, only if its addresses stay the same. A client of another one is refused.
    ``known_as`` is what the admin who approves is told: on one issuer there are many schools, and the client id alone
    does not say which this is.
    """
    if offered.institution != invitation.institution or not uow.links.use(invitation.id, now):
        raise closed()
    known = _known(uow, offered)
    state = RegistrationState.PENDING
    if known is not None:
        same = addresses(known) == addresses(offered)
        state = known.state if same or known.state is RegistrationState.DISABLED else state
        # What the operator said of it by hand (hosts, fields) stays said.
        offered = replace(offered, id=known.id, claims={**known.claims, **offered.claims})
    kept = keep(uow, replace(offered, id=offered.id or uow.new_id(), state=state), known, HERE, now)
    if known is not None:
        withdraw_of_others(uow, known, kept, HERE, now)
    if deployment_id and uow.platforms.deployment(kept.id, deployment_id) is None:
        uow.platforms.add_deployment(Deployment(kept.id, deployment_id, kept.institution))
    uow.records.clear_notices(None, about(kept))
    notices = [(f"{LACKING}_{number}", sentence, OVER_THERE) for number, sentence in enumerate(lacking)]
    if kept.state is RegistrationState.PENDING:
        sentence = say("{platform} has registered coplink and waits for approval.", platform=known_as)
        notices.insert(0, (WAITS, sentence, HERE))
    for code, sentence, who in notices:
        uow.records.raise_notice(
            Notice(uow.new_id(), kept.institution, None, about(kept), code, sentence, who, now)
        )
    return kept


def _known(uow: UnitOfWork, offered: Registration) -> Registration | None:
    """The registration that comes again: of this client, whoever has it, or else what the platform calls the same."""
    found = uow.platforms.find(offered.issuer, None)
    for one in found:
        if one.client_id == offered.client_id:
            if one.institution != offered.institution:
                raise NotAllowed(
                    say("This platform's client id is already registered by another institution."),
                    f"{offered.issuer} {offered.client_id!r} belongs to {one.institution}",
                )
            return one
    for one in found:
        ours = one.institution == offered.institution
        if ours and offered.managed_url and one.managed_url == offered.managed_url:
            return one
    return None


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
    registration: that stays with whom it belongs to. Other addresses are the operator's word for that institution;
    deployments of others wait until they are approved again.
    """
    for address in (registration.authorization_url, registration.token_url, registration.jwks_url):
        check_address(address, loopback)
    known = next(iter(uow.platforms.find(registration.issuer, registration.client_id)), None)
    owner = registration.institution
    if known is not None and known.institution != owner:
        if not deployment_id or addresses(known) != addresses(registration):
            raise NotAllowed(say("This client id is already registered by another institution."))
        registration = known
    else:
        if known is not None:
            registration = replace(
                registration, id=known.id, state=known.state, managed_url=known.managed_url
            )
            if approve and known.state is RegistrationState.PENDING:
                registration = replace(registration, state=RegistrationState.OPEN)
        registration = keep(uow, registration, known, HERE, now)
        if known is not None:
            withdraw_of_others(uow, known, registration, HERE, now)
    if deployment_id and approve:
        approve_deployment(uow, registration, deployment_id, owner, now)
    elif deployment_id and uow.platforms.deployment(registration.id, deployment_id) is None:
        uow.platforms.add_deployment(Deployment(registration.id, deployment_id, owner))
    return registration


def owned(uow: UnitOfWork, institution: InstitutionId, key: str) -> Registration:
    """A registration of this institution; ``NotFound`` for any other."""
    found = uow.platforms.get(key)
    if found is None or found.institution != institution:
        raise NotFound(say("That learning platform is not known here."))
    return found


def approve(uow: UnitOfWork, registration: Registration, now: datetime, seen: str | None = None) -> None:
    """Let people of approved deployments in; what the platform lacked has been seen by whoever approves.

    ``seen`` is the digest of the addresses that were shown on a page; refused when they are others by now.
    """
    if seen is not None:
        check_seen(registration, seen)
    keep(uow, replace(registration, state=RegistrationState.OPEN), registration, HERE, now)
    uow.records.clear_notices(None, about(registration))


def disable(uow: UnitOfWork, registration: Registration, spared: str = "") -> None:
    """Let nobody in from this platform and ask it for nothing, until it is approved again.

    Whoever came by it is sent out at once, but for the session (its hash) that is spared: of whoever says so.
    """
    uow.platforms.put(replace(registration, state=RegistrationState.DISABLED))
    uow.records.clear_notices(None, about(registration))
    untell(uow, registration)
    uow.platforms.end_visits(registration.id, None, spared)


def forget(uow: UnitOfWork, registration: Registration) -> None:
    """Drop a registration that has never let anybody in, with deployments that only wait; refuse any other."""
    deployments = uow.platforms.deployments_of(registration.id)
    if registration.state is RegistrationState.OPEN or not uow.platforms.forget(registration.id):
        raise NotAllowed(
            say(
                "People may have come by this platform, or still can, so it stays known. To let nobody in: coplink"
                " platform disable"
            )
        )
    for told in {about(registration), *(about(registration, one) for one in deployments)}:
        uow.records.clear_notices(None, told)
    untell(uow, registration)


def approve_deployment(
    uow: UnitOfWork,
    registration: Registration,
    deployment_id: str,
    institution: InstitutionId,
    now: datetime,
    seen: str | None = None,
) -> Deployment:
    """Let launches of one deployment in, as people of this institution; refused while it is another's.

    ``seen`` is the digest of the addresses that were shown on a page; refused when they are others by now.
    """
    if seen is not None:
        check_seen(registration, seen)
    known = uow.platforms.deployment(registration.id, deployment_id)
    if known is not None and known.approved_at is not None:
        if known.institution != institution:
            raise NotAllowed(
                say("This deployment is approved for another institution. Disable it there first.")
            )
        return known
    check_alone(uow, registration, institution)
    if known is not None and known.institution != institution:
        uow.platforms.drop_deployment(registration.id, deployment_id)  # rows never change their institution
    deployment = Deployment(registration.id, deployment_id, institution, now)
    uow.platforms.put_deployment(deployment)
    _looked_after(uow, registration, deployment)
    return deployment


def disable_deployment(uow: UnitOfWork, deployment: Deployment, now: datetime, spared: str = "") -> None:
    """Let launches of one deployment in no more, until it is approved again.

    A visit does not say by which deployment it came: those of the institution by this platform end, but for the one
    that is spared; whoever came by another deployment opens coplink there once more.
    """
    uow.platforms.put_deployment(replace(deployment, approved_at=None, disabled_at=now))
    uow.platforms.end_visits(deployment.registration, deployment.institution, spared)
    registration = uow.platforms.get(deployment.registration)
    if registration is not None:
        settle(uow, deployment.institution)
        _looked_after(uow, registration, deployment)


def _looked_after(uow: UnitOfWork, registration: Registration, deployment: Deployment) -> None:
    """Take back the notice of changed addresses once no deployment of that institution waits there any more."""
    if deployment.institution == registration.institution:
        return
    theirs = (
        d for d in uow.platforms.deployments_of(registration.id) if d.institution == deployment.institution
    )
    if all(d.approved_at or d.disabled_at for d in theirs):
        uow.records.clear_notices(None, about(registration, deployment))

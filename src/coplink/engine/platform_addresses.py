"""The addresses a registration is trusted by: whose keys count, who gets our tokens, where logins are sent.

Whoever approves a platform approves these addresses. When they change, an approval is worth nothing until somebody of
the same institution has seen the new ones.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from coplink.core.errors import NotAllowed
from coplink.core.words import say
from coplink.ports.records import Deployment, Notice, Registration
from coplink.ports.storage import UnitOfWork

CHANGED = "platform_changed"


def addresses(one: Registration) -> tuple[str, ...]:
    """What a registration is trusted by, beside its issuer, which never changes."""
    return (one.client_id, one.authorization_url, one.token_url, one.jwks_url, one.audience)


def digest(one: Registration) -> str:
    """Stands for the addresses in the form by which they are approved."""
    return hashlib.sha256("\0".join((one.issuer, *addresses(one))).encode()).hexdigest()[:40]


def check_seen(one: Registration, seen: str) -> None:
    """Refuse an approval of other addresses than those that were shown."""
    if seen != digest(one):
        raise NotAllowed(
            say("The addresses of this learning platform have changed meanwhile. Please look at them again."),
            f"registration {one.id} is not as it was shown",
        )


def about(one: Registration, deployment: Deployment | None = None) -> str:
    """What notices about a platform are kept under; those for another institution under a name of their own."""
    if deployment is None or deployment.institution == one.institution:
        return f"platform:{one.id}"
    return f"platform:{one.id}:{deployment.institution}"


def withdraw_of_others(
    uow: UnitOfWork, before: Registration, after: Registration, who: str, now: datetime
) -> tuple[Deployment, ...]:
    """Let deployments of other institutions wait again when the addresses change: their admins approved the old ones.

    Otherwise one institution could bring keys by which launches of another's people are believed.
    """
    if addresses(before) == addresses(after):
        return ()
    theirs = tuple(
        one
        for one in uow.platforms.deployments_of(after.id)
        if one.institution != after.institution and one.approved_at is not None
    )
    for one in theirs:
        uow.platforms.put_deployment(Deployment(one.registration, one.deployment_id, one.institution))
        sentence = say(
            "The addresses of {platform}, registered by another institution, have changed. Your deployments there wait"
            " until you have looked at the new addresses and approve them again.",
            platform=after.issuer,
        )
        uow.records.raise_notice(
            Notice(uow.new_id(), one.institution, None, about(after, one), CHANGED, sentence, who, now)
        )
    return theirs

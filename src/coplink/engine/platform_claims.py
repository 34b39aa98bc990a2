"""Of two platforms of one institution, one says which accounts people have: on a test Canvas the numbers are others'.

A registration says what custom fields mean (``Registration.claims``): a person's account on an integration, and where a
community could live. Both are numbers that mean something on one platform only, while an institution has one connection
to each integration. The platform that was let in first is believed.

An institution's platforms are those it registered and those of others on which a deployment of it is approved. So a
registration is looked at from each of its institutions: at home it loses what another platform tells already, elsewhere
the deployments there wait again, because the claims are not that institution's to take away. Two that were both open
with such claims before this was looked at keep them, since nothing says which was first: the admins are told.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from coplink.core.errors import NotAllowed
from coplink.core.people import InstitutionId
from coplink.core.words import Said, say
from coplink.engine.platform_addresses import about
from coplink.ports.records import Deployment, Notice, Registration, RegistrationState
from coplink.ports.storage import UnitOfWork

ACCOUNT, ASKED = "account:", "asked:"
OWN_IDS = frozenset({"asked:previous_contexts"})
"""No numbers of an integration: ids of courses as the platform itself calls them, compared with its own only."""
TOLD_BY = "told_by:"
"""Before a meaning that a registration lost, among its claims: who is believed about it, until it is told anew."""
DOUBLED, BOTH = "platform_doubled", "platform_both"


def keep(
    uow: UnitOfWork, registration: Registration, known: Registration | None, who: str, now: datetime
) -> Registration:
    """Keep a registration with the claims it is believed about, and tell the admins where another platform tells them.

    ``known`` is what it was before, if it was there: what it told while it was open it goes on telling. What it lost
    stays noted among its claims, so that the admins are told at every approval, until it is registered anew.
    """
    held: frozenset[str] = frozenset()
    if known is not None and known.state is registration.state is RegistrationState.OPEN:
        held = _numbers(known)
    home = registration.institution
    others = _others(uow, registration, home)
    lost = {TOLD_BY + meaning: other.issuer for other, told in reversed(others) for meaning in told - held}
    claims = {meaning: name for meaning, name in registration.claims.items() if TOLD_BY + meaning not in lost}
    anew = {TOLD_BY + meaning for meaning in claims}
    claims = {meaning: name for meaning, name in claims.items() if meaning not in anew} | lost
    believed = next((claims[one] for one in sorted(claims) if one.startswith(TOLD_BY)), None)
    kept = replace(registration, claims=claims)
    uow.platforms.put(kept)
    uow.records.clear_notices(None, _about(kept, home))
    both = [other for other, told in others if told & held]
    if both:
        _tell(uow, kept, home, BOTH, _both_believed(kept, both[0]), who, now)
    elif believed is not None:
        _tell(uow, kept, home, DOUBLED, _not_believed(kept, believed), who, now)
    if kept.state is RegistrationState.OPEN:
        for institution in sorted(_institutions(uow, kept) - {home}):
            _elsewhere(uow, kept, institution, held, who, now)
    return kept


def told(uow: UnitOfWork, registration: Registration) -> Said | None:
    """What the admins of its institution are told of a registration that is not alone with its claims."""
    named = _about(registration, registration.institution)
    notices = uow.records.notices(institution=registration.institution)
    return next((one.message for one in notices if one.about == named), None)


def check_alone(uow: UnitOfWork, registration: Registration, institution: InstitutionId) -> None:
    """Refuse a deployment of somebody else's registration where a platform of the institution's own tells the same."""
    if registration.institution == institution:
        return
    for other, _ in _others(uow, registration, institution):
        raise NotAllowed(
            say(
                "{other} tells the accounts of people of this institution already, and the same numbers are other "
                "people’s on this platform. Disable it there first.",
                other=other.issuer,
            )
        )


def untell(uow: UnitOfWork, registration: Registration) -> None:
    """Take back what was told of a registration that is disabled or forgotten, and of others beside it alone."""
    uow.records.clear_notices(None, _about(registration, registration.institution))
    for institution in _institutions(uow, registration):
        settle(uow, institution)


def settle(uow: UnitOfWork, institution: InstitutionId) -> None:
    """Take back at one institution that two are believed, where by now it is one."""
    for notice in uow.records.notices(institution=institution):
        if notice.code != BOTH:
            continue
        one = uow.platforms.get(notice.about.split(":")[1])
        here = one and one.state is RegistrationState.OPEN and institution in _institutions(uow, one)
        if not one or not here or not _others(uow, one, institution):
            uow.records.clear_notices(None, notice.about)


def _elsewhere(
    uow: UnitOfWork,
    kept: Registration,
    institution: InstitutionId,
    held: frozenset[str],
    who: str,
    now: datetime,
) -> None:
    """Let the deployments of another institution wait again where one of its platforms tells the same."""
    uow.records.clear_notices(None, _about(kept, institution))
    others = _others(uow, kept, institution)
    if not others:
        return
    other = others[0][0]
    if all(meanings <= held for _, meanings in others):
        _tell(uow, kept, institution, BOTH, _both_believed(kept, other), who, now)
        return
    sentence = say(
        "{platform}, registered by another institution, tells people’s accounts and courses now, and {other} tells "
        "those for this institution already: the same numbers are other people’s there. Your deployments on {platform} "
        "wait. If they are to be believed instead, disable {other} and approve them again.",
        platform=kept.issuer,
        other=other.issuer,
    )
    for one in uow.platforms.deployments_of(kept.id):
        if one.institution == institution and one.approved_at is not None:
            uow.platforms.put_deployment(Deployment(kept.id, one.deployment_id, institution))
            notice = (uow.new_id(), institution, None, about(kept, one), DOUBLED, sentence, who, now)
            uow.records.raise_notice(Notice(*notice))


def _not_believed(one: Registration, other: str) -> Said:
    return say(
        "People are let in from {platform}, but it is not believed about their accounts and courses: {other} tells "
        "those for this institution, and the same numbers are other people’s here. Whoever is to be believed instead "
        "is registered again by the operator, once the other one is disabled.",
        platform=one.issuer,
        other=other,
    )


def _both_believed(one: Registration, other: Registration) -> Said:
    return say(
        "{platform} and {other} are both believed about the accounts and courses of people of this institution, and "
        "the same numbers are other people’s on the other one. Please disable one of them.",
        platform=one.issuer,
        other=other.issuer,
    )


def _tell(
    uow: UnitOfWork,
    registration: Registration,
    institution: InstitutionId,
    code: str,
    sentence: Said,
    who: str,
    now: datetime,
) -> None:
    notice = (uow.new_id(), institution, None, _about(registration, institution), code, sentence, who, now)
    uow.records.raise_notice(Notice(*notice))


def _about(registration: Registration, institution: InstitutionId) -> str:
    """Notices of claims stand under a name of their own: they end at other times than those of the platform."""
    return f"platform_claims:{registration.id}:{institution}"


def _numbers(one: Registration) -> frozenset[str]:
    return frozenset(
        meaning for meaning in one.claims if meaning.startswith((ACCOUNT, ASKED)) and meaning not in OWN_IDS
    )


def _institutions(uow: UnitOfWork, one: Registration) -> set[InstitutionId]:
    """Whose people it tells about: its own institution's, and those of its approved deployments."""
    deployments = uow.platforms.deployments_of(one.id)
    return {one.institution, *(d.institution for d in deployments if d.approved_at is not None)}


def _others(
    uow: UnitOfWork, registration: Registration, institution: InstitutionId
) -> list[tuple[Registration, frozenset[str]]]:
    """The open platforms of an institution that tell the same, each with what of this one's it is about."""
    mine = _numbers(registration)
    found = []
    for one in uow.platforms.all() if mine else ():
        if one.id == registration.id or one.state is not RegistrationState.OPEN:
            continue
        same = mine & _numbers(one)
        if any(meaning.startswith(ACCOUNT) for meaning in same):
            # Another of the same kind, whose courses have numbers of their own just as its people have.
            same |= {meaning for meaning in mine if meaning.startswith(ASKED)}
        if same and institution in _institutions(uow, one):
            found.append((one, same))
    return found

"""Turns the claims of a verified launch into an ``Arrival``: who came, from where, leading what.

Custom parameters are believed only from a launch of the tool itself, as it stands in the navigation of a course: there
``resource_link.id`` is ``context.id``. They were set when the tool was registered, by an administrator. Any other link
may carry parameters that whoever made the link set or changed, a teacher for instance (LTI 1.3 core 5.4.6), and so says
nothing about who somebody is, nor about which course they came from. Whoever comes by such a link is welcome all the
same; subject, name, roles and context are the platform's own words in every launch.

Source: LTI 1.3 core 5.3 and 5.4; NRPS 2.0 3.6.1. The ``lti1p1`` claim is ignored: nothing is ever linked by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coplink.core.arrival import Arrival, Context, NoticeOffer, ProvedAccount, RosterSourceAddress
from coplink.core.people import AccountId, InstitutionId
from coplink.lti.claims import CORE, NAMES_AND_ROLES, Claims, clean, refused
from coplink.lti.notices import offer
from coplink.lti.origins import may_serve, origin
from coplink.lti.roles import is_test_account, leads_context
from coplink.lti.tokens import subject
from coplink.ports.records import Registration

ACCOUNT, ASKED = "account:", "asked:"
_GROUP = frozenset({"http://purl.imsglobal.org/vocab/lis/v2/course#Group", "Group"})


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the platform shows us: an address to go back to, the language, ``iframe`` or ``window``."""

    return_url: str | None = None
    locale: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a launch says, before the deployment says whose institution it is."""

    deployment_id: str
    message_type: str
    target: str
    subject: str
    resource_link: str
    context: Context | None
    roles: tuple[str, ...]
    name: str | None
    email: str | None
    custom: Mapping[str, str]
    roster: Mapping[str, str] | None
    presentation: Presentation
    notices: NoticeOffer | None

    @property
    def of_the_tool(self) -> bool:
        """Whether the tool itself was launched in its context, not a link that somebody made there."""
        return self.context is not None and self.resource_link == self.context.id


def read(values: Mapping[str, object], registration: Registration, accepts: frozenset[str]) -> Read:
    """Read every claim we use, strictly; raises ``BadToken`` for one that is missing or has the wrong shape."""
    claims = Claims(values)
    message_type = claims.required(CORE + "message_type")
    if claims.required(CORE + "version") != "1.3.0":
        raise refused("version is not 1.3.0")
    if message_type not in accepts:
        raise refused("message_type is not served here")
    deployment_id = claims.identifier(CORE + "deployment_id")
    target = claims.required(CORE + "target_link_uri")
    # A request for content may come without either (Deep Linking 2.0, 4.4.9); who has no role may put nothing there.
    is_link = message_type == "LtiResourceLinkRequest"
    roles = claims.texts(CORE + "roles", required=is_link)
    link = claims.inner(CORE + "resource_link", required=is_link)
    context = _context(claims, registration)
    return Read(
        deployment_id,
        message_type,
        target,
        subject(claims),
        link.identifier("id") if link else "",
        context,
        roles,
        _name(claims),
        _email(claims),
        claims.fields(CORE + "custom"),
        _roster(claims, registration, context, link),
        _presentation(claims),
        offer(claims, registration, deployment_id),
    )


def arrival(seen: Read, registration: Registration, institution: InstitutionId) -> Arrival:
    """The visit, as the rest of coplink knows visits."""
    believed = seen.custom if seen.of_the_tool else {}
    roster = seen.roster and RosterSourceAddress(registration.id, {**seen.roster, "institution": institution})
    return Arrival(
        door="lti",
        institution=institution,
        realm=registration.id,
        subject=seen.subject,
        name=seen.name,
        email=seen.email,
        locale=seen.presentation.locale,
        context=seen.context,
        leads_context=leads_context(seen.roles),
        test_account=is_test_account(seen.roles),
        accounts=tuple(
            ProvedAccount(integration, AccountId(account))
            for integration, account in accounts(registration, believed).items()
        ),
        roster=roster or None,
        asked={
            meaning.removeprefix(ASKED): believed[name]
            for meaning, name in registration.claims.items()
            if meaning.startswith(ASKED) and name in believed
        },
        notices=seen.notices,
    )


def accounts(registration: Registration, custom: Mapping[str, str]) -> dict[str, str]:
    """The platform accounts that custom parameters of the tool itself name, by integration."""
    return {
        meaning.removeprefix(ACCOUNT): custom[name]
        for meaning, name in registration.claims.items()
        if meaning.startswith(ACCOUNT) and name in custom
    }


def _context(claims: Claims, registration: Registration) -> Context | None:
    found = claims.inner(CORE + "context")
    if found is None:
        return None
    kind = "group" if _GROUP.intersection(found.texts("type")) else "course"
    title, label = found.text("title"), found.text("label")
    return Context(registration.id, found.identifier("id"), title or label or "", kind)


def _name(claims: Claims) -> str | None:
    given, family, whole = claims.text("given_name"), claims.text("family_name"), claims.text("name")
    return whole or clean(f"{given or ''} {family or ''}") or None


def _email(claims: Claims) -> str | None:
    return email(claims.text("email"))


def email(given: str | None) -> str | None:
    """The address if it looks like one; it identifies nobody and is only written to."""
    if (
        given is None
        or len(given) > 320
        or given.count("@") != 1
        or " " in given
        or not all(given.split("@"))
    ):
        return None
    return given


def _roster(
    claims: Claims, registration: Registration, context: Context | None, link: Claims | None
) -> dict[str, str] | None:
    service = claims.inner(NAMES_AND_ROLES)
    if service is None:
        return None
    url, versions = service.required("context_memberships_url"), service.texts("service_versions")
    if not may_serve(url, registration):
        raise refused(f"context_memberships_url is on a foreign host: {origin(url)}")
    if context is None or (versions and "2.0" not in versions):
        return None
    values = {"url": url, "context": context.id}
    platform = claims.inner(CORE + "tool_platform")
    canvas = platform is not None and platform.text("product_family_code") == "canvas"
    # A link's id would narrow the roster to those who see the link; the course's own id does not, and brings the custom
    # parameters of every member. Canvas takes it everywhere, others where link and course are one.
    if canvas or (link is not None and link.raw("id") == context.id):
        values["rlid"] = context.id
    return values


def _presentation(claims: Claims) -> Presentation:
    found = claims.inner(CORE + "launch_presentation") or Claims({})
    return_url = found.raw("return_url")
    if return_url is not None and (len(return_url) > 4000 or origin(return_url) is None):
        return_url = None
    return Presentation(
        return_url, found.text("locale") or claims.text("locale"), found.text("document_target")
    )

"""Reads who is in a course: the Names and Roles service, all pages, or an honest "not complete".

Absence in a roster counts only when it was read to its end. Custom parameters of members are believed only where those
of the tool itself were asked for (``rlid`` is the context's id); ``arrivals`` says why.
Source: 1EdTech NRPS 2.0, LTI handbook 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pylti1p3.names_roles import NamesRolesProvisioningService

from coplink.core.arrival import RosterSourceAddress
from coplink.core.people import AccountId, InstitutionId
from coplink.core.roster import Listed, Roster
from coplink.core.words import say
from coplink.lti import odd
from coplink.lti.arrivals import accounts, email
from coplink.lti.claims import CORE, LONGEST_ID, clean, expanded
from coplink.lti.connector import Connector
from coplink.lti.egress import described
from coplink.lti.origins import may_serve, origin
from coplink.lti.roles import is_test_account, leads_context
from coplink.ports.errors import IntegrationError, Misconfigured
from coplink.ports.records import Registration
from coplink.ports.storage import Storage

MOST_PAGES = 5000


class LtiRosters:
    """A ``RosterSource`` over Names and Roles, for every registration."""

    def __init__(self, storage: Storage, connector: Connector) -> None:
        self._storage, self._connector = storage, connector

    def read(self, address: RosterSourceAddress) -> Roster:
        """All pages of a roster. A first page that fails raises; what fails later leaves it incomplete."""
        registration = self._registration(address)
        institution = InstitutionId(address.values.get("institution", registration.institution))
        service = NamesRolesProvisioningService(
            self._connector.services(registration, institution),
            {"context_memberships_url": address.values["url"]},
        )
        context = address.values.get("context", "")
        of_the_tool = context != "" and address.values.get("rlid") == context
        reading = _Reading(registration, context, of_the_tool)
        following = _first(address.values)
        seen: set[str] = set()
        while following is not None:
            if (
                following in seen
                or len(seen) >= MOST_PAGES
                or origin(following) != origin(address.values["url"])
            ):
                return reading.roster(complete=False)
            seen.add(following)
            try:
                page = service.get_nrps_data(members_url=following)
                sound = reading.take(page["body"], described("GET", following))
            except IntegrationError:
                if len(seen) == 1:
                    raise
                return reading.roster(complete=False)
            if not sound:
                return reading.roster(complete=False)
            following = page["next_page_url"]
        return reading.roster(complete=True)

    def _registration(self, address: RosterSourceAddress) -> Registration:
        with self._storage.begin() as uow:
            registration = uow.platforms.get(address.realm)
        # The address was checked when it came; the registration may have changed since.
        if registration is None or not may_serve(address.values.get("url", ""), registration):
            message = say("The course's roster lies on a server that is not registered with coplink.")
            raise Misconfigured(message, odd.ADMIN, f"registration {address.realm}")
        return registration


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    registration: Registration
    context: str
    of_the_tool: bool
    people: list[Listed] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    whole: bool = True

    def roster(self, complete: bool) -> Roster:
        return Roster(tuple(self.people), complete and self.whole)

    def take(self, body: Mapping[str, Any], where: str) -> bool:
        """Add a page; False when it only repeats what was read before. Raises when it is no page of this roster."""
        members, context = body.get("members"), body.get("context")
        if not isinstance(members, list):
            raise odd.not_understood(f"{where}: no members")
        named = context.get("id") if isinstance(context, dict) else None
        if self.context and isinstance(named, str) and named != self.context:
            raise odd.not_understood(f"{where}: the roster of another context")
        before = len(self.known)
        for member in members:
            self._add(member)
        return not members or len(self.known) > before or not self.known

    def _add(self, member: Any) -> None:
        subject = member.get("user_id") if isinstance(member, dict) else None
        if (
            not isinstance(subject, str)
            or not subject
            or len(subject) > LONGEST_ID
            or not subject.isprintable()
        ):
            self.whole = False  # somebody is there whom we cannot name
            return
        if subject in self.known:
            return
        self.known.add(subject)
        roles = [role for role in _list(member.get("roles")) if isinstance(role, str)]
        if is_test_account(roles) or member.get("status", "Active") not in ("Active", None):
            return
        self.people.append(
            Listed(
                subject,
                _name(member),
                email(_text(member.get("email"))),
                leads_context(roles),
                self._accounts(member.get("message")),
            )
        )

    def _accounts(self, message: Any) -> dict[str, AccountId] | None:
        """Accounts named by the custom parameters that come per member when the course's own id was asked for."""
        if not self.of_the_tool:
            return None
        found: dict[str, str] = {}
        for one in _list(message):
            custom = one.get(CORE + "custom") if isinstance(one, dict) else None
            if isinstance(custom, dict):
                found.update(accounts(self.registration, expanded(custom)))
        return {integration: AccountId(account) for integration, account in found.items()} or None


def _first(values: Mapping[str, str]) -> str:
    """The first page's address, with ``rlid`` added to whatever query it has."""
    parts = urlsplit(values["url"])
    if "rlid" not in values:
        return values["url"]
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("rlid", values["rlid"])]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _list(value: Any) -> Sequence[Any]:
    """A list, a single object as a list of one (both occur for ``message``), or nothing."""
    if isinstance(value, list):
        return value
    return (value,) if isinstance(value, dict) else ()


def _name(member: Mapping[str, Any]) -> str | None:
    given, family = _text(member.get("given_name")), _text(member.get("family_name"))
    return _text(member.get("name")) or clean(f"{given or ''} {family or ''}") or None


def _text(value: Any) -> str | None:
    return clean(value) or None if isinstance(value, str) else None

"""The check-up of a Teams connection: what works, what needs somebody, and what Microsoft has no way of telling.

What the app was granted in the directory stands in its own token (claim ``roles``, Microsoft identity platform, "Access
token claims", November 2026): a fresh one is fetched and read, not trusted. What holds in the host team alone is asked
by the readings coplink makes there anyway. Policies are not asked for: reading them would take a further permission.

A wider permission counts for ours where Microsoft's own list (``permissions.json`` of microsoft-graph-devx-content, as
of 2026-08-07) takes it for every call that ours is for. Left out are those that reach some accounts only (Device
Management, AgentIdUser, CrossCloud), that serve imports (Teamwork.Migrate), and those that put an app into a team
without the consent it asks for (Microsoft, "Add app to team": only the ones with AndConsent give it).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from coplink.core.words import say
from coplink.ports.clock import Clock
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    PermissionMissing,
    PolicyForbids,
)
from coplink.ports.integration import Capability, Check, Scope
from coplink_teams import ADMIN, CHANNEL, NO, YES, manifest
from coplink_teams.calls import Graph
from coplink_teams.host_team import CALENDAR, PLACES, SPACES, WORKS, HostTeam, refused
from coplink_teams.operations import GUESTS
from coplink_teams.replies import accepted, careful
from coplink_teams.settings import Settings

HOUSE = "coplink’s administrator"
MOST_SKEW = timedelta(seconds=60)
ENTRA = say("Entra admin centre: App registrations, coplink, API permissions, Grant admin consent.")
CREDENTIALS = say(
    "Entra admin centre: App registrations, coplink, Certificates & secrets; then the settings on this page."
)
MAILBOX = say("On this page: the setting “Service mailbox”.")
LICENCE = say("Microsoft 365 admin centre: Active users, the service mailbox, Licenses and apps.")
EXCHANGE = say("Exchange Online: RBAC for Applications, the management scope of the coplink app.")
# What rests on a permission of the directory, by how its name begins; anything else carries places and seats.
RESTS: Mapping[str, frozenset[Capability]] = {
    "Calendars.": frozenset({CALENDAR}),
    "Files.": frozenset({SPACES, Capability.LIBRARY, Capability.WATCH}),
    "User.Invite": frozenset(),
    "TeamsActivity.": frozenset(),
}


# Who granted one of these has granted ours; see above for the source.
WIDER: Mapping[str, frozenset[str]] = {
    "User.ReadBasic.All": frozenset(
        {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
    ),
    "Files.Read.All": frozenset({"Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"}),
    "User.Invite.All": frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"}),
    "Team.ReadBasic.All": frozenset(
        {
            "TeamSettings.Read.All",
            "TeamSettings.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        }
    ),
    "Team.Create": frozenset({"Group.ReadWrite.All", "Directory.ReadWrite.All"}),
    "TeamsAppInstallation.ReadWriteAndConsentSelfForTeam.All": frozenset(
        {"TeamsAppInstallation.ReadWriteAndConsentForTeam.All"}
    ),
}


class CheckUp:
    """One check-up of one connection."""

    def __init__(self, graph: Graph, settings: Settings, clock: Clock) -> None:
        self._graph, self._settings, self._clock = graph, settings, clock
        self._date = self._account_id = ""

    def lines(self) -> list[Check]:
        """All lines; without a sign-in nothing else is asked."""
        try:
            roles = granted(self._graph.fresh_token())
        except IntegrationError as error:
            return [refused(str(say("Sign in")), error, CREDENTIALS, frozenset(Capability))]
        found = [Check(str(say("Sign in")), True, WORKS), *self._permissions(roles), *self._account()]
        if self._settings.mode == CHANNEL:
            found += HostTeam(self._graph, self._settings, self._needed(), self._account_id).lines()
        found += [*self._app(), _guests(self._settings), *self._clock_line()]
        return found

    # --- the directory --------------------------------------------------------------------------------------------

    def _permissions(self, roles: frozenset[str] | None) -> list[Check]:
        """One line for each permission of the directory that is missing; one where none is."""
        title = str(say("Permissions of the app"))
        if roles is None:
            said = say("Microsoft’s token does not show what was granted.")
            return [
                Check(
                    title, True, said, fallback=say("Each feature says so itself where something is missing.")
                )
            ]
        wanted = [scope for scope in self._needed() if not scope.name.endswith(".Group")]
        missing = [
            scope for scope in wanted if not roles & ({scope.name} | WIDER.get(scope.name, frozenset()))
        ]
        if not missing:
            return [Check(title, True, say("All {count} are granted.", count=len(wanted)))]
        return [
            Check(
                str(say("Permission {name}", name=scope.name)),
                False,
                say("{name} is not granted. Without it: {without}.", name=scope.name, without=scope.without),
                ADMIN,
                (scope.name,),
                ENTRA,
                stops=_rests_on(scope.name),
            )
            for scope in missing
        ]

    def _account(self) -> list[Check]:
        """The service account and its mailbox."""
        mailbox = self._settings.mailbox
        title, stops = str(say("Service account")), PLACES | {CALENDAR}
        try:
            self._account_id = self._own_id(mailbox)
        except Gone:
            said = say("The service mailbox does not exist in your organisation.")
            return [Check(title, False, said, ADMIN, where=MAILBOX, stops=stops)]
        except IntegrationError as error:
            return [refused(title, error, ENTRA, stops, "User.ReadBasic.All")]
        return [
            Check(title, True, WORKS),
            self._mailbox(),
        ]

    @careful
    def _own_id(self, mailbox: str) -> str:
        answer = self._graph.send(
            "GET", lambda g: g.users.by_user_id(mailbox), service="identity", query={"$select": "id"}
        )
        self._date = answer.headers.get("date", "")
        return str(accepted(answer, 200).json()["id"])

    def _mailbox(self) -> Check:
        title, mailbox = str(say("Meetings in the service mailbox")), self._settings.mailbox
        try:
            self._graph.get(
                lambda g: g.users.by_user_id(mailbox).events,
                service="outlook",
                query={"$select": "id", "$top": "1"},
            )
        except IntegrationError as error:
            where = LICENCE
            if isinstance(error, PermissionMissing):
                where = ENTRA
            elif isinstance(error, PolicyForbids):
                where = EXCHANGE
            return refused(title, error, where, {CALENDAR}, "Calendars.ReadWrite")
        return Check(title, True, WORKS)

    # --- the rest -------------------------------------------------------------------------------------------------

    def _app(self) -> list[Check]:
        title = str(say("Teams app"))
        where = say("Teams admin centre: Manage apps, upload the package; then its app id on this page.")
        if self._settings.app_id:
            said = say("Whether the app may be put into a team is not told beforehand.")
            fallback = say("A place that may not have it says who can change that, and waits.")
            return [Check(title, True, said, ADMIN, where=where, fallback=fallback)]
        said = say("No Teams app is named, so no tab is pinned in the channels.")
        return [
            Check(
                title,
                False,
                said,
                ADMIN,
                where=where,
                fallback=say("People open their community by its link."),
            )
        ]

    def _clock_line(self) -> list[Check]:
        """Our clock beside the date of an answer (RFC 9110, 6.6.1)."""
        try:
            date = parsedate_to_datetime(self._date)
        except (TypeError, ValueError):
            return []
        ahead = abs(self._clock.now() - (date if date.tzinfo else date.replace(tzinfo=UTC)))
        title = str(say("Clock"))
        if ahead <= MOST_SKEW:
            return [Check(title, True, WORKS)]
        seconds = round(ahead.total_seconds())
        said = say("coplink’s clock and that of Microsoft are {seconds} seconds apart.", seconds=seconds)
        return [
            Check(
                title, False, said, HOUSE, where=say("The machine coplink runs on: its time service (NTP).")
            )
        ]

    def _needed(self) -> list[Scope]:
        guests = YES if self._settings.guests else NO
        settings = {"mode": self._settings.mode, "app_id": self._settings.app_id, GUESTS: guests}
        return [scope for scope in manifest.scopes if scope.needed(settings)]


def granted(token: str) -> frozenset[str] | None:
    """The permissions our own token says we hold; None for a token in a form we cannot read."""
    try:
        _, claims, _ = token.split(".")
        body = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        roles = body.get("roles", [])
        return frozenset(str(role) for role in roles) if isinstance(roles, list) else None
    except (ValueError, AttributeError):
        return None


def _rests_on(name: str) -> frozenset[Capability]:
    return next((rest for begins, rest in RESTS.items() if name.startswith(begins)), PLACES)


def _guests(settings: Settings) -> Check:
    """What a policy lets in is not asked: reading it would take a further permission."""
    title = str(say("People of other organisations"))
    where = say("Entra admin centre: External Identities, External collaboration settings.")
    fallback = say("They take part through a place of their own school, and in coplink itself.")
    if not settings.guests:
        said = say("coplink makes nobody a guest: the setting “Guests” on this page is “no”.")
        return Check(title, False, said, ADMIN, where=where, fallback=fallback, outsiders=True)
    said = say(
        "Whoever joins a community with a team of its own is invited as a guest; whether your rules let them in shows "
        "with the first. coplink deletes no guest account: those who left are yours to delete, in Entra under Users."
    )
    if settings.mode == CHANNEL:
        said = say(
            "Guests come into private channels once an owner has added them to the host team, never into shared ones. "
            "coplink deletes no guest account: those who left are yours to delete, in Entra under Users."
        )
    return Check(title, True, said, ADMIN, where=where, fallback=fallback, outsiders=True)

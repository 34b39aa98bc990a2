"""The host team in the check-up: what the coplink app may there, and what kinds of channels there can be.

Permissions of the host team come with the app's package, which is consented to as a whole: what may be read is asked by
the readings coplink makes anyway, and nothing is written to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from coplink.core.words import Said, say
from coplink.ports.errors import Gone, IntegrationError, NeedsAttention, PermissionMissing, Transient
from coplink.ports.integration import Capability, Check, Scope
from coplink_teams import ADMIN
from coplink_teams.calls import Graph
from coplink_teams.replies import careful
from coplink_teams.settings import Settings

WORKS = say("Works.")
SPACES, SEATS, CALENDAR = Capability.SPACES, Capability.SEATS, Capability.CALENDAR
PLACES = frozenset({SPACES, SEATS})
IN_THE_TEAM = say(
    "Microsoft Teams: the host team, Manage team, Apps; put the newest package of the coplink app there."
)
TEAM_ID = say("On this page: the setting “Host team”.")


class HostTeam:
    """The lines about the host team; ``account`` is the service account's object id."""

    def __init__(self, graph: Graph, settings: Settings, scopes: Sequence[Scope], account: str) -> None:
        self._graph, self._settings, self._scopes, self._account = graph, settings, scopes, account

    def _holds_service_account(self) -> Check:
        title = str(say("Service account in the host team"))
        name = self._scope("TeamMember.")
        query = {"$filter": f"(microsoft.graph.aadUserConversationMember/userId eq '{self._account}')"}
        try:
            found = self._listed(lambda g: self._team(g).members, query)
        except IntegrationError as error:
            return refused(title, error, IN_THE_TEAM, (), name)
        if not found:
            said = say("The service account is not in the host team, so it can own no channel there.")
            where = say(
                "Microsoft Teams: the host team, Manage team, Members; add the service account as an owner."
            )
            return Check(title, False, said, ADMIN, where=where, stops=PLACES)
        return Check(title, True, WORKS)

    def lines(self) -> list[Check]:
        title = str(say("Host team"))
        try:
            team = self._graph.get(self._team, service="teams")
        except Gone:
            return [_no_team(title)]
        except IntegrationError as error:
            return [refused(title, error, IN_THE_TEAM, PLACES, self._scope("TeamSettings."))]
        account = [self._holds_service_account()] if self._account else []
        return [Check(title, True, WORKS), *account, *self._channels(), _kinds(team)]

    def _channels(self) -> list[Check]:
        """What may be read of channels; writing comes with the same package, which is consented to as a whole."""
        title = str(say("Channels"))
        try:
            ids = self._listed(lambda g: self._team(g).channels, {"$select": "id"})
        except IntegrationError as error:
            return [refused(title, error, IN_THE_TEAM, PLACES, self._scope("ChannelSettings."))]
        first = next(iter(ids), "")
        lines = [Check(title, True, WORKS)]
        if first:
            tabs = {SPACES} if self._settings.app_id else frozenset[Capability]()
            at: Callable[[Any], Any] = lambda g: self._team(g).channels.by_channel_id(first)  # noqa: E731
            lines += [
                self._tried(say("Members of channels"), lambda g: at(g).members, {SEATS}, "ChannelMember."),
                self._tried(say("Tabs of channels"), lambda g: at(g).tabs, tabs, "TeamsTab.Read"),
            ]
        return lines

    @careful
    def _listed(self, at: Callable[[Any], Any], query: Mapping[str, str]) -> list[str]:
        """The ids on the first page of a listing."""
        page = self._graph.get(at, service="teams", query=query)
        return [str(one["id"]) for one in page["value"]]

    def _tried(self, title: Said, at: Callable[[Any], Any], stops: Iterable[Capability], scope: str) -> Check:
        try:
            self._graph.get(at, service="teams")
        except IntegrationError as error:
            return refused(str(title), error, IN_THE_TEAM, stops, self._scope(scope))
        return Check(str(title), True, WORKS)

    def _team(self, kit: Any) -> Any:
        return kit.teams.by_team_id(self._settings.team_id)

    def _scope(self, begins: str) -> str:
        """The permission of the host team whose name begins so."""
        names = (scope.name for scope in self._scopes)
        return next((name for name in names if name.startswith(begins) and name.endswith(".Group")), "")


def refused(
    title: str, error: IntegrationError, where: Said, stops: Iterable[Capability], scope: str = ""
) -> Check:
    """The line for a call that was refused or not answered."""
    who = error.who if isinstance(error, NeedsAttention) else ADMIN
    scopes = (scope,) if scope and isinstance(error, PermissionMissing) else ()
    asked = not isinstance(error, Transient)
    return Check(title, False, error.message, who, scopes, where, None, asked, frozenset(stops))


def _no_team(title: str) -> Check:
    said = say("The host team does not exist, or its id is another one.")
    return Check(title, False, said, ADMIN, where=TEAM_ID, stops=PLACES)


def _kinds(team: Mapping[str, Any]) -> Check:
    """Shared channels let in people who are not in the host team; class teams have none, a policy may forbid them."""
    title = str(say("Kind of channels"))
    where = say("Teams admin centre: Teams policies, Create shared channels.")
    fallback = say(
        "coplink makes private channels instead; only people of the host team can be added to those."
    )
    if str(team.get("specialization") or "").startswith("educationClass"):
        said = say("The host team is a class team, in which there are no shared channels.")
        return Check(title, False, said, ADMIN, where=TEAM_ID, fallback=fallback)
    said = say(
        "Shared channels are tried first. Whether a policy forbids them shows when the first one is made."
    )
    return Check(title, True, said, ADMIN, where=where, fallback=fallback)

"""Opens a connection to one institution's Microsoft 365, offers the ports, and checks each feature with one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coplink.core.words import Said, say
from coplink.ports.errors import IntegrationError, NeedsAttention, PermissionMissing
from coplink.ports.integration import Check, Surroundings
from coplink_teams import ADMIN
from coplink_teams.calendar import MailboxCalendar
from coplink_teams.calls import Graph
from coplink_teams.directory import Accounts
from coplink_teams.graph import open_graph
from coplink_teams.library import ChannelFiles
from coplink_teams.seats import ChannelSeats
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings, read_settings
from coplink_teams.spaces import TeamsSpaces
from coplink_teams.upkeep import TeamsUpkeep
from coplink_teams.watch import FileWatch

_WORKS = say("Works.")


class TeamsConnection:
    """One institution's way to Teams: a host team, a service mailbox, and the ports over them."""

    def __init__(self, graph: Graph, settings: Settings, around: Surroundings) -> None:
        self._graph, self._settings = graph, settings
        self._service = ServiceAccount(graph, settings)
        self.spaces = TeamsSpaces(graph, settings, self._service, around.clock)
        self.seats = ChannelSeats(graph, settings, self._service, around.clock)
        self.directory = Accounts(graph)
        self.calendar = MailboxCalendar(graph, settings)
        self.library = ChannelFiles(graph, around)
        self.watch = FileWatch(graph, around)
        self.upkeep = TeamsUpkeep(graph, settings, around.clock)

    def realm(self) -> str:
        """The Entra directory id: identities of the Teams tab are unique within it."""
        return self._settings.tenant_id

    def check(self) -> Sequence[Check]:
        """One harmless call for each feature."""
        team, mailbox = self._settings.team_id, self._settings.mailbox
        tries: tuple[tuple[Said, str, Callable[[Any], Any], str, Mapping[str, str]], ...] = (
            (say("Host team"), "teams", lambda g: g.teams.by_team_id(team), "TeamSettings.Read.Group", {}),
            (
                say("Channels"), "teams", lambda g: g.teams.by_team_id(team).channels,
                "ChannelSettings.Read.Group", {"$select": "id"},
            ),
            (
                say("Directory"), "identity", lambda g: g.users.by_user_id(mailbox),
                "User.ReadBasic.All", {"$select": "id"},
            ),
            (
                say("Meetings in the service mailbox"), "outlook", lambda g: g.users.by_user_id(mailbox).events,
                "Calendars.ReadWrite", {"$select": "id", "$top": "1"},
            ),
        )  # fmt: skip
        return [self._try(*one) for one in tries]

    def _try(
        self, title: Said, service: str, at: Callable[[Any], Any], scope: str, query: Mapping[str, str]
    ) -> Check:
        try:
            self._graph.get(at, service=service, query=query)
        except IntegrationError as error:
            who = error.who if isinstance(error, NeedsAttention) else ADMIN
            scopes = (scope,) if isinstance(error, PermissionMissing) else ()
            return Check(str(title), False, error.message, who, scopes)
        return Check(str(title), True, _WORKS)


def open_connection(values: Mapping[str, str], around: Surroundings) -> TeamsConnection:
    """A connection from an admin's settings; raises ``Misconfigured`` where one is missing or wrong."""
    settings = read_settings(values)
    return TeamsConnection(open_graph(settings, around), settings, around)

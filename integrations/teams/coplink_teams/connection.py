"""Opens a connection to one institution's Microsoft 365, offers the ports, and checks each feature with one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coplink.ports.integration import Check, Surroundings
from coplink_teams.announcements import TeamsAnnouncements
from coplink_teams.calendar import MailboxCalendar
from coplink_teams.calls import Graph
from coplink_teams.directory import Accounts
from coplink_teams.graph import open_graph
from coplink_teams.guests import DirectoryGuests
from coplink_teams.library import ChannelFiles
from coplink_teams.preflight import CheckUp
from coplink_teams.seats import ChannelSeats
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings, read_settings
from coplink_teams.spaces import TeamsSpaces
from coplink_teams.upkeep import TeamsUpkeep
from coplink_teams.watch import FileWatch


class TeamsConnection:
    """One institution's way to Teams: a host team, a service mailbox, and the ports over them."""

    def __init__(self, graph: Graph, settings: Settings, around: Surroundings) -> None:
        self._graph, self._settings, self._clock = graph, settings, around.clock
        self._service = ServiceAccount(graph, settings)
        self.spaces = TeamsSpaces(graph, settings, self._service, around.clock)
        self.seats = ChannelSeats(graph, settings, self._service, around.clock)
        self.directory = Accounts(graph)
        self.guests = DirectoryGuests(graph, settings) if settings.guests else None
        self.calendar = MailboxCalendar(graph, settings)
        self.library = ChannelFiles(graph, around)
        self.watch = FileWatch(graph, around)
        self.upkeep = TeamsUpkeep(graph, settings, around.clock)
        self.announcements = TeamsAnnouncements(graph, settings)

    def realm(self) -> str:
        """The Entra directory id: identities of the Teams tab are unique within it."""
        return self._settings.tenant_id

    def check(self) -> Sequence[Check]:
        """What works, and who can change what does not."""
        return CheckUp(self._graph, self._settings, self._clock).lines()


def open_connection(values: Mapping[str, str], around: Surroundings) -> TeamsConnection:
    """A connection from an admin's settings; raises ``Misconfigured`` where one is missing or wrong."""
    settings = read_settings(values)
    return TeamsConnection(open_graph(settings, around), settings, around)

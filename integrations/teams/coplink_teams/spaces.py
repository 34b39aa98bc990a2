"""A community's place in Teams: a channel of the host team, or a team of its own, as the connection's mode says.

A place that was begun in one mode is finished and kept in it, whatever the connection says later: the ids that its
steps left tell which.
"""

from __future__ import annotations

from collections.abc import Mapping

from coplink.ports.clock import Clock
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_teams.calls import Graph
from coplink_teams.channels import Channels
from coplink_teams.long_running import LongRunning
from coplink_teams.missing import Missing
from coplink_teams.names import planned
from coplink_teams.parts import owns_team, split_channel
from coplink_teams.replies import careful
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings
from coplink_teams.teams import OWN_STEPS, OwnTeams

__all__ = ["TeamsSpaces", "split_channel"]


class TeamsSpaces:
    """Makes the parts of a community's place in either mode."""

    def __init__(self, graph: Graph, settings: Settings, service: ServiceAccount, clock: Clock) -> None:
        running, missing = LongRunning(graph, clock), Missing(graph.base, clock)
        self._mode = settings.mode
        self._channels = Channels(graph, settings, service, running, missing)
        self._teams = OwnTeams(graph, settings, service, running, missing, clock)

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        """The parts in order; the tab is skipped inside its step where there is no app in the catalogue."""
        return planned(wish, self._mode).steps

    @careful
    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        """Make this one part, or find it by our marker."""
        if step in OWN_STEPS or owns_team(parts):
            return self._teams.ensure(step, wish, parts)
        return self._channels.ensure(step, wish, parts)

    @careful
    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The name, a link for people, and how many a team holds."""
        return self._teams.describe(parts) if owns_team(parts) else self._channels.describe(parts)

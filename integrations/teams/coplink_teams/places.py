"""Where a community's seats are: the members of its channel, or those of a team of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coplink_teams.parts import owns_team, split_channel, team_of
from coplink_teams.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of a team, or without a channel the team itself. ``kind``: ``shared``, ``private`` or ``team``."""

    team: str
    channel: str = ""
    kind: str = "team"

    def members(self, kit: Any) -> Any:
        """The builder of its members."""
        team = kit.teams.by_team_id(self.team)
        return team.channels.by_channel_id(self.channel).members if self.channel else team.members


def place_of(parts: Mapping[str, str], settings: Settings) -> Place:
    """The place of a space: its own team where it has one, else its channel in the host team."""
    team = team_of(parts, settings)
    if owns_team(parts):
        return Place(team)
    kind, channel = split_channel(parts)
    return Place(team, channel, kind)

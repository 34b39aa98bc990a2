"""What the ids that a space's steps left say: which team it lies in, and which channel."""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.words import say
from coplink.ports.errors import Misconfigured
from coplink_teams import ADMIN
from coplink_teams.settings import Settings


def split_channel(parts: Mapping[str, str]) -> tuple[str, str]:
    """The kind and the channel id that the step ``channel`` remembered as ``kind/id``."""
    kind, _, channel = parts["channel"].partition("/")
    return kind, channel


def owns_team(parts: Mapping[str, str]) -> bool:
    """Whether the space has a team of its own; otherwise it is a channel of the host team."""
    return "team" in parts


def team_of(parts: Mapping[str, str], settings: Settings) -> str:
    """The team a space lies in; raises ``Misconfigured`` where it is the host team and none is set any more."""
    team = parts.get("team") or settings.team_id
    if not team:
        raise Misconfigured(
            say("This community has a channel in the host team: enter the host team of the Teams connection again."),
            ADMIN,
        )  # fmt: skip
    return team

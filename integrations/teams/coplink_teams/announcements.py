"""What is said to everybody, as a notice in the activity feed of everybody in the channel or the team.

An app without a person cannot write into a channel (Graph permissions reference: only imports may). One call reaches
everybody, with a permission that holds in this one team (Graph, "team: sendActivityNotification", November 2026). Such
a notice cannot be looked for afterwards; but two of one chain are one for whoever sees them, the later in the place of
the earlier, so that saying it again is harmless.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from coplink.core.announcing import Announcement, in_short
from coplink.core.words import say
from coplink.ports.announcements import PostLink
from coplink.ports.errors import Gone, PolicyForbids
from coplink_teams import ADMIN
from coplink_teams.answers import Answer
from coplink_teams.calls import Graph
from coplink_teams.fittings import NO_TAB
from coplink_teams.parts import owns_team, split_channel, team_of
from coplink_teams.replies import accepted, careful
from coplink_teams.settings import Settings

ACTIVITY = "announced"  # as the app's manifest declares it, with the names of its two gaps
SHOWN = 150  # characters of the preview that Teams shows
LONGEST_NAME = 100


class TeamsAnnouncements:
    """Sends one notice for everybody in a place."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph, self._settings = graph, settings

    @careful
    def post(self, parts: Mapping[str, str], announcement: Announcement, key: str) -> PostLink:
        """Notify everybody; choosing the notice opens the community's tab, or the channel where there is none."""
        team, (_, channel) = team_of(parts, self._settings), split_channel(parts)
        chain = (
            int.from_bytes(hashlib.sha256(f"{channel} {key}".encode()).digest()[:8]) >> 1
        )  # a positive Int64
        answer = self._graph.send(
            "POST",
            lambda g: g.teams.by_team_id(team).send_activity_notification,
            service="teams",
            body={
                "topic": {"source": "entityUrl", "value": self._about(parts, team, channel)},
                "activityType": ACTIVITY,
                "chainId": chain,
                "previewText": {"content": in_short(announcement.text, SHOWN)},
                "templateParameters": [
                    {"name": "by", "value": in_short(announcement.by, LONGEST_NAME) or "coplink"},
                    {"name": "title", "value": announcement.title},
                ],
                "recipient": _everybody(parts, team, channel),
            },
        )
        try:
            accepted(_understood(answer), 204)
        except Gone as error:
            raise Gone(say("The place in Teams is not there any more."), error.detail) from error
        return PostLink(str(chain))

    def _about(self, parts: Mapping[str, str], team: str, channel: str) -> str:
        tab = parts.get("tab", NO_TAB)
        address = f"{self._graph.base}/teams/{team}/channels/{channel}"
        return address if tab == NO_TAB else f"{address}/tabs/{tab}"


def _everybody(parts: Mapping[str, str], team: str, channel: str) -> dict[str, Any]:
    if owns_team(parts):
        return {"@odata.type": "#microsoft.graph.teamMembersNotificationRecipient", "teamId": team}
    kind = "#microsoft.graph.channelMembersNotificationRecipient"
    return {"@odata.type": kind, "teamId": team, "channelId": channel}


def _understood(answer: Answer) -> Answer:
    """The answer, unless it says that the app in the team is from before there were announcements."""
    words = ": ".join(answer.error()).casefold() if answer.status in (400, 403) else ""
    if "activitytype" in words.replace(" ", ""):
        raise PolicyForbids(
            say(
                "The coplink app in this team is an earlier one: upload its new package, and let owners update it."
            ),
            ADMIN,
            "app manifest, activityTypes",
            answer.detail(),
        )
    return answer

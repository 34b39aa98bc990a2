"""Mode ``channel``: a community's place is a channel of the host team, its folder, and a tab with the community's page.

The channel is a shared one, so that its members need not be in the host team; where the team or a policy refuses that
(class teams do), a private one, whose members must be. It is found again by our marker at the end of its description.
The app signs in without a person, hence the service account is the channel's owner (Graph, "Create channel").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Ambiguous, Gone, NeedsAttention, NotReadyYet, PolicyForbids
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_teams import ADMIN
from coplink_teams.answers import Answer
from coplink_teams.calls import Graph
from coplink_teams.fittings import Fittings
from coplink_teams.long_running import EVERY, LongRunning, begun
from coplink_teams.missing import Missing
from coplink_teams.names import carries, channel_name, description
from coplink_teams.parts import split_channel, team_of
from coplink_teams.replies import made, strange
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings

KINDS = ("shared", "private")
MORE = say(
    "A team of its own holds 25000: set the mode of the Teams connection to “team” and found the community anew there."
)
STILL = say("Microsoft is still making the channel.")
UNSEEN = say("Microsoft has made the channel and does not show it to everybody yet.")
LOST = say("The channel is not there any more. Try again: coplink makes another one.")


class Channels:
    """Makes the parts of a community's place in one host team."""

    def __init__(
        self,
        graph: Graph,
        settings: Settings,
        service: ServiceAccount,
        running: LongRunning,
        missing: Missing,
    ) -> None:
        self._graph, self._settings, self._service = graph, settings, service
        self._running, self._missing, self._fittings = running, missing, Fittings(graph, settings)

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> Made:
        """Make this one part, or find it."""
        team = team_of(parts, self._settings)
        if step == "channel":
            return self._channel(team, wish)
        if step not in ("folder", "tab"):
            raise strange(f"no step {step}")
        channel = split_channel(parts)[1]
        try:
            if step == "folder":
                found = self._fittings.folder(team, channel)
            else:
                found = self._fittings.tab(team, channel, wish)
        except (Gone, NotReadyYet):
            self._must_show(team, channel)
            raise
        self._missing.shows(channel)
        return found

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The channel's name and a link for people."""
        team, (_, channel) = team_of(parts, self._settings), split_channel(parts)
        found = self._graph.get(
            lambda g: g.teams.by_team_id(team).channels.by_channel_id(channel), service="teams"
        )
        return SpaceFacts(str(found["displayName"]), str(found.get("webUrl") or ""), more=MORE)

    def _must_show(self, team: str, channel: str) -> None:
        """Raises while the channel does not show, and once it has been missing for so long that it is gone."""
        try:
            self._graph.get(
                lambda g: g.teams.by_team_id(team).channels.by_channel_id(channel), service="teams"
            )
        except Gone as error:
            if self._missing.long(channel):
                raise NeedsAttention(LOST, ADMIN, error.detail).forgetting("channel", "folder") from error
            raise NotReadyYet(UNSEEN, error.detail, EVERY) from error
        self._missing.shows(channel)

    def _channel(self, team: str, wish: SpaceWish) -> Made:
        known = self._known(team)
        ours = [channel for channel in known if carries(channel.get("description"), wish.marker)]
        if len(ours) > 1:
            raise Ambiguous(
                say(
                    "Two channels of the host team belong to this community: delete or rename the description of one."
                ),
                ADMIN,
                [str(channel["id"]) for channel in ours],
            )
        if ours:
            self._running.forget(wish.marker)
            return Made(_remote(ours[0]), found=True)
        self._ended(wish.marker)
        taken = {str(channel.get("displayName", "")).casefold() for channel in known}
        name = channel_name(wish.name)
        if name.casefold() in taken or self._missing.is_long(_clash(wish.marker)):
            name = channel_name(wish.name, suffix=wish.marker[-4:])
        answer = self._create(team, name, wish, "shared")
        if answer.status in (400, 403) and not name_taken(
            answer
        ):  # a missing permission refuses the second one too
            answer = self._create(team, name, wish, "private")
            if answer.status == 400 and not name_taken(answer):
                raise PolicyForbids(
                    say("The host team takes neither a shared nor a private channel: choose another host team."),
                    ADMIN, "team_id", answer.detail(),
                )  # fmt: skip
        return self._made(answer, wish.marker)

    def _known(self, team: str) -> list[dict[str, Any]]:
        query = {"$select": "id,displayName,description,membershipType"}
        try:
            return self._graph.listed(
                lambda g: g.teams.by_team_id(team).channels, service="teams", query=query
            )
        except Gone as error:
            raise PolicyForbids(
                say("The host team of the Teams connection does not exist, or the coplink app is not installed in it."),
                ADMIN, "team_id", error.detail,
            ) from error  # fmt: skip

    def _create(self, team: str, name: str, wish: SpaceWish, kind: str) -> Answer:
        body = {
            "@odata.type": "#microsoft.graph.channel",
            "displayName": name,
            "description": description(wish),
            "membershipType": kind,
            "members": [self._service.as_owner()],
        }
        return self._graph.send(
            "POST", lambda g: g.teams.by_team_id(team).channels, service="teams", body=body
        )

    def _made(self, answer: Answer, marker: str) -> Made:
        if name_taken(answer) and not self._missing.is_long(_clash(marker)):
            # Perhaps our own channel, made by a call whose answer was lost, and not listed yet: look again first. One
            # that was deleted keeps its name for 30 days: after the lag another name is tried.
            self._missing.long(_clash(marker))
            raise NotReadyYet(
                say("The host team holds the name of this channel, but does not show the channel yet."),
                answer.detail(),
                EVERY,
            )
        made(answer, 201, 202)
        self._missing.shows(_clash(marker))
        if answer.status == 202:  # the way Teams answers for some kinds: the marker finds it next time
            operation = begun(answer)
            if operation and operation.number:
                self._running.remember(marker, operation)
            raise NotReadyYet(STILL, answer.detail(), EVERY)
        return Made(_remote(answer.json()))

    def _ended(self, marker: str) -> None:
        """Before anything is begun anew: raises while an earlier 202 goes on, and what it failed with."""
        operation = self._running.pending(marker)
        if operation is None:
            return
        failure = self._running.failed(operation, STILL)
        self._running.forget(marker)
        if failure is not None:
            raise failure


def _remote(channel: Mapping[str, Any]) -> str:
    kind = str(channel.get("membershipType") or "")
    return f"{kind if kind in KINDS else 'shared'}/{channel['id']}"


def _clash(marker: str) -> str:
    return f"name for {marker}"


def name_taken(answer: Answer) -> bool:
    """Whether a refusal says that another channel has this name."""
    return answer.status == 400 and "NameAlreadyExists" in "".join(answer.error())

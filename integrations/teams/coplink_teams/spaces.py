"""A community's place in Teams: a channel in the host team, its folder, and a tab with the community's page.

The channel is a shared one, so that its members need not be in the host team; where the team or a policy refuses that
(class teams do), a private one, whose members must be. It is found again by our marker at the end of its description.
The app signs in without a person, hence the service account is the channel's owner (Graph, "Create channel").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Ambiguous, Gone, NotReadyYet, PolicyForbids
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_teams import ADMIN
from coplink_teams.answers import Answer
from coplink_teams.calls import Graph
from coplink_teams.names import carries, channel_name, description
from coplink_teams.replies import accepted, careful, strange
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings

KINDS = ("shared", "private")
NO_TAB = "-"


def split_channel(parts: Mapping[str, str]) -> tuple[str, str]:
    """The kind and the channel id that the step ``channel`` remembered as ``kind/id``."""
    kind, _, channel = parts["channel"].partition("/")
    return kind, channel


class Channels:
    """Makes the parts of a community's place in one host team."""

    def __init__(self, graph: Graph, settings: Settings, service: ServiceAccount) -> None:
        self._graph, self._settings, self._service = graph, settings, service

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        """Channel, folder, tab; the tab is skipped inside its step where there is no app in the catalogue."""
        return ("channel", "folder", "tab")

    @careful
    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        """Make this one part, or find it by our marker."""
        if step == "channel":
            return self._channel(wish)
        if step == "folder":
            return self._folder(parts)
        if step == "tab":
            return self._tab(wish, parts)
        raise strange(f"no step {step}")

    @careful
    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The channel's name and a link for people."""
        _, channel = split_channel(parts)
        found = self._graph.get(lambda g: self._team(g).channels.by_channel_id(channel), service="teams")
        return SpaceFacts(str(found["displayName"]), str(found.get("webUrl") or ""))

    def _team(self, kit: Any) -> Any:
        return kit.teams.by_team_id(self._settings.team_id)

    # --- channel --------------------------------------------------------------------------------------------------

    def _channel(self, wish: SpaceWish) -> Made:
        known = self._channels()
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
            return Made(_remote(ours[0]), found=True)
        taken = {str(channel.get("displayName", "")).casefold() for channel in known}
        name = channel_name(wish.name)
        if name.casefold() in taken:
            name = channel_name(wish.name, suffix=wish.marker[-4:])
        answer = self._create(name, wish, "shared")
        if answer.status in (400, 403) and not _name_taken(
            answer
        ):  # a missing permission refuses the second one too
            answer = self._create(name, wish, "private")
        return self._made(answer)

    def _channels(self) -> list[dict[str, Any]]:
        query = {"$select": "id,displayName,description,membershipType"}
        try:
            return self._graph.listed(lambda g: self._team(g).channels, service="teams", query=query)
        except Gone as error:
            raise PolicyForbids(
                say("The host team of the Teams connection does not exist, or the coplink app is not installed in it."),
                ADMIN, "team_id", error.detail,
            ) from error  # fmt: skip

    def _create(self, name: str, wish: SpaceWish, kind: str) -> Answer:
        owner = {
            "@odata.type": "#microsoft.graph.aadUserConversationMember",
            "user@odata.bind": self._service.bind(self._service.id()),
            "roles": ["owner"],
        }
        body = {
            "@odata.type": "#microsoft.graph.channel",
            "displayName": name,
            "description": description(wish),
            "membershipType": kind,
            "members": [owner],
        }
        return self._graph.send("POST", lambda g: self._team(g).channels, service="teams", body=body)

    def _made(self, answer: Answer) -> Made:
        if _name_taken(answer):
            # Perhaps our own channel, made by a call whose answer was lost, and not listed yet: look again first.
            raise NotReadyYet(
                say("The host team holds the name of this channel, but does not show the channel yet."),
                answer.detail(),
                30.0,
            )
        accepted(answer, 201, 202)
        if (
            answer.status == 202
        ):  # long-running, the way Teams answers for some kinds: the marker finds it next time
            raise NotReadyYet(say("Microsoft is still making the channel."), answer.detail(), 30.0)
        return Made(_remote(answer.json()))

    # --- folder and tab -------------------------------------------------------------------------------------------

    def _folder(self, parts: Mapping[str, str]) -> Made:
        _, channel = split_channel(parts)
        try:
            folder = self._graph.get(
                lambda g: self._team(g).channels.by_channel_id(channel).files_folder, service="teams"
            )
        except Gone as error:  # SharePoint makes the folder minutes after Teams made the channel
            raise NotReadyYet(
                say("Microsoft is still making the channel’s folder."), error.detail, 30.0
            ) from error
        return Made(f"{folder['parentReference']['driveId']}/{folder['id']}")

    def _tab(self, wish: SpaceWish, parts: Mapping[str, str]) -> Made:
        app = self._settings.app_id
        if not app or not wish.home_url:
            return Made(NO_TAB)
        _, channel = split_channel(parts)
        tabs = self._graph.listed(
            lambda g: self._team(g).channels.by_channel_id(channel).tabs,
            service="teams",
            query={"$expand": "teamsApp"},
        )
        # Whatever it opens: the channel is the community's own, so a tab of our app there is the community's tab.
        marked = [tab for tab in tabs if (tab.get("configuration") or {}).get("entityId") == wish.marker]
        of_our_app = [tab for tab in tabs if (tab.get("teamsApp") or {}).get("id") == app]
        for ours in (*marked, *of_our_app):
            return Made(str(ours["id"]), found=True)
        body = {
            "displayName": "Community",
            "teamsApp@odata.bind": f"{self._graph.base}/appCatalogs/teamsApps/{app}",
            "configuration": {
                "entityId": wish.marker,
                "contentUrl": wish.home_url,
                "websiteUrl": wish.home_url,
            },
        }
        answer = self._graph.send(
            "POST", lambda g: self._team(g).channels.by_channel_id(channel).tabs, service="teams", body=body
        )
        if answer.status in (400, 404):
            raise PolicyForbids(
                say("The tab could not be pinned: add the coplink app to the host team and allow it in its channels."),
                ADMIN, "Teams app setup", answer.detail(),
            )  # fmt: skip
        return Made(str(accepted(answer, 201).json()["id"]))


def _remote(channel: Mapping[str, Any]) -> str:
    kind = str(channel.get("membershipType") or "")
    return f"{kind if kind in KINDS else 'shared'}/{channel['id']}"


def _name_taken(answer: Answer) -> bool:
    return answer.status == 400 and "NameAlreadyExists" in "".join(answer.error())

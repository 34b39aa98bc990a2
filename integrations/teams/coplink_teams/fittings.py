"""What lies in a community's channel, whichever team it is of: the folder of its files, and our tab."""

from __future__ import annotations

from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Gone, NotReadyYet, PolicyForbids
from coplink.ports.spaces import Made, SpaceWish
from coplink_teams import ADMIN
from coplink_teams.calls import Graph
from coplink_teams.replies import accepted, made
from coplink_teams.settings import Settings

NO_TAB = "-"


class Fittings:
    """Makes and finds the folder and the tab of one channel of one team."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph, self._settings = graph, settings

    def folder(self, team: str, channel: str) -> Made:
        """The channel's folder as ``drive/folder``; SharePoint makes it minutes after Teams made the channel."""
        try:
            folder = self._graph.get(lambda g: _at(g, team, channel).files_folder, service="teams")
        except Gone as error:
            raise NotReadyYet(
                say("Microsoft is still making the channel’s folder."), error.detail, 30.0
            ) from error
        return Made(f"{folder['parentReference']['driveId']}/{folder['id']}")

    def tab(self, team: str, channel: str, wish: SpaceWish) -> Made:
        """The tab with the community's page; none where there is no app in the catalogue."""
        app = self._settings.app_id
        if not app or not wish.home_url:
            return Made(NO_TAB)
        tabs = self._graph.listed(
            lambda g: _at(g, team, channel).tabs, service="teams", query={"$expand": "teamsApp"}
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
        answer = self._graph.send("POST", lambda g: _at(g, team, channel).tabs, service="teams", body=body)
        if answer.status in (400, 404):
            raise PolicyForbids(
                say("The tab could not be pinned: add the coplink app to the team and allow it in its channels."),
                ADMIN, "Teams app setup", answer.detail(),
            )  # fmt: skip
        return Made(str(made(answer, 201).json()["id"]))

    def unpin(self, team: str, channel: str, tab: str) -> None:
        """Take our tab away, where it still is."""
        tabs = self._graph.listed(lambda g: _at(g, team, channel).tabs, service="teams")
        if all(one.get("id") != tab for one in tabs):
            return
        answer = self._graph.send(
            "DELETE", lambda g: _at(g, team, channel).tabs.by_teams_tab_id(tab), service="teams"
        )
        if answer.status != 404:
            accepted(answer, 204)


def _at(kit: Any, team: str, channel: str) -> Any:
    return kit.teams.by_team_id(team).channels.by_channel_id(channel)

"""Notices in the activity feed of everybody in a team or a channel: two of one chain are one."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.channels import TAB, Channels
from coplink_teams.sandbox.frame import INSTALLED, ROOT, GraphWire
from coplink_teams.sandbox.teams import Teams

KIND = "teams.activity"
RECIPIENTS = {
    "#microsoft.graph.teamMembersNotificationRecipient": {"teamId"},
    "#microsoft.graph.channelMembersNotificationRecipient": {"teamId", "channelId"},
}
LONGEST_ID = 2**63


class Activity:
    """``/teams/{id}/sendActivityNotification``. ``old_app``: the app in the team is from before it declared notices."""

    def __init__(self, wire: GraphWire, teams: Teams, channels: Channels) -> None:
        self._wire, self._teams, self._channels = wire, teams, channels
        self.old_app = False
        path = "/teams/<team>/sendActivityNotification"
        wire.api("POST", path, self.send, ("TeamsActivity.Send.Group", "TeamsActivity.Send"))

    def seen_in(self, team: str, channel: str = "") -> list[Document]:
        """The notices that people of a team, or of a channel, have in their feeds, in order."""
        kept = [one for one in self._wire.store.all(KIND) if (one["team"], one["channel"]) == (team, channel)]
        return sorted(kept, key=lambda one: one["n"])

    def send(self, request: Request, team: str) -> Response:
        """Notify everybody; a notice with the chain of an earlier one takes its place."""
        wire = self._wire
        self._teams.known_team(team)
        needed = ("topic", "activityType", "previewText", "recipient")
        body = wire.body(request, (*needed, "chainId", "templateParameters", "teamsAppId", "iconId"), needed)
        if wire.store.get(INSTALLED, team) is None:
            raise Refuse(
                403, "Forbidden", "Ensure that the expected Teams app is installed in the target scope"
            )
        channel = self._recipient(body["recipient"], team)
        self._topic(body["topic"], team)
        words = {one["name"]: one["value"] for one in body.get("templateParameters") or []}
        self._declared(str(body["activityType"]), set(words))
        chain = body.get("chainId")
        if chain is not None and not (isinstance(chain, int) and 0 < chain < LONGEST_ID):
            raise Refuse(400, "BadRequest", "chainId is no positive Int64")
        with wire.store.change():
            number = wire.store.serial(KIND)
            key = f"{team}/{channel}/{number if chain is None else f'chain {chain}'}"
            kept = {
                "id": key, "n": number, "team": team, "channel": channel, "words": words,
                "preview": str(body["previewText"]["content"]), "topic": str(body["topic"]["value"]),
            }  # fmt: skip
            wire.store.put(KIND, key, kept)
        return Response(status=204)

    def _recipient(self, recipient: Document, team: str) -> str:
        """The channel whose members are meant; empty for those of the team."""
        names = RECIPIENTS.get(str(recipient.get("@odata.type")))
        if names is None or set(recipient) - {"@odata.type"} != names or recipient["teamId"] != team:
            raise Refuse(400, "BadRequest", "The recipient is not of this team")
        channel = str(recipient.get("channelId", ""))
        if channel:
            self._channels.known(team, channel)
        return channel

    def _topic(self, topic: Document, team: str) -> None:
        """It must be the team, or something in it that is there."""
        base = re.escape(f"{self._wire.base_url}{ROOT}/teams/{team}")
        found = re.fullmatch(rf"{base}(?:/channels/([^/]+)(?:/tabs/([^/]+))?)?", str(topic.get("value")))
        if topic.get("source") != "entityUrl" or found is None:
            raise Refuse(400, "BadRequest", "The topic must be the same or a child resource of the team")
        if found[1]:
            self._channels.known(team, found[1])
        if found[2]:
            self._wire.document(TAB, found[2])

    def _declared(self, activity: str, gaps: set[str]) -> None:
        """As the app's manifest declares it."""
        text = (files("coplink_teams") / "install" / "manifest.json").read_text(encoding="utf-8")
        types = json.loads(re.sub(r'(?<!"){{\w+}}(?!")', "[]", text))["activities"]["activityTypes"]
        known = {} if self.old_app else {one["type"]: one["templateText"] for one in types}
        if activity not in known:
            raise Refuse(
                400, "BadRequest", f"Activity type {activity} is not declared in the Teams app manifest"
            )
        if gaps != set(re.findall(r"{(\w+)}", known[activity])):
            raise Refuse(400, "BadRequest", "templateParameters do not fit the template")

"""The host team, its channels, their tabs; long-running answers, class teams, names taken, lag."""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import GraphWire
from coplink_teams.sandbox.members import Members

TEAM, CHANNEL, TAB = "teams.team", "teams.channel", "teams.tab"
FORBIDDEN = re.compile(r"""[~#%&*{}+/\\:<>?|'",\x00-\x1f]|\.\.|^[_.]|\.$""")
KIND = {"standard": "standard", "private": "private", "shared": "shared"}


class Teams:
    """``/teams``: one team, its channels and tabs."""

    def __init__(self, wire: GraphWire, members: Members) -> None:
        self._wire, self._members = wire, members
        self.slow_channels = False
        read = "ChannelSettings.Read.Group"
        wire.api("GET", "/teams/<team>", self.team, "TeamSettings.Read.Group", ("$select",))
        wire.api("GET", "/teams/<team>/channels", self.channels, read, ("$select", "$filter", "$skiptoken"))
        wire.api("POST", "/teams/<team>/channels", self.create, "Channel.Create.Group")
        wire.api("GET", "/teams/<team>/channels/<channel>", self.channel, read, ("$select",))
        tabs = "/teams/<team>/channels/<channel>/tabs"
        wire.api("GET", tabs, self.tabs, "TeamsTab.Read.Group", ("$expand", "$filter", "$skiptoken"))
        wire.api("POST", tabs, self.pin, "TeamsTab.Create.Group")

    def settle(self) -> None:
        """The team as the admin set it up: a General channel, and some of the staff as members."""
        wire, district = self._wire, self._wire.district
        with wire.store.change():
            if wire.store.get(TEAM, district.host_team):
                return
            wire.store.put(
                TEAM,
                district.host_team,
                {"id": district.host_team, "name": "Professional Learning", "class": False},
            )
            general = "19:general0000000000000000000000000@thread.tacv2"
            wire.store.put(
                CHANNEL, general,
                {"id": general, "name": "General", "description": "Everybody", "kind": "standard", "since": 0.0},
            )  # fmt: skip
            for person in [p for p in wire.region.of(district.key) if p.entra_id][:14]:
                self._members.seat(
                    district.host_team,
                    str(person.entra_id),
                    ["owner"] if person.key == "ana.ruiz" else [],
                    0.0,
                )
            self._members.seat(district.host_team, self._members.people.service_id, ["owner"], 0.0)

    def app_id(self) -> str:
        """The coplink app in the organisation's catalogue."""
        return guid("teams app", self._wire.district.key)

    # --- team and channels ----------------------------------------------------------------------------------------

    def team(self, request: Request, team: str) -> Response:
        """The host team."""
        kept = self._team(team)
        body = {
            "id": team,
            "displayName": kept["name"],
            "specialization": "educationClass" if kept["class"] else "none",
        }
        return self._wire.json(self._wire.selected(request, body))

    def channels(self, request: Request, team: str) -> Response:
        """All channels the app may see."""
        self._team(team)
        listed = [
            self._shown(request, c) for c in self._wire.store.all(CHANNEL) if self._wire.visible(c["since"])
        ]
        return self._wire.page(request, listed)

    def channel(self, request: Request, team: str, channel: str) -> Response:
        """One channel."""
        self._team(team)
        return self._wire.json(self._wire.selected(request, self._shown(request, self.known(channel))))

    def known(self, channel: str) -> Document:
        """A channel that is there for everybody; 404 for a moment after it was made."""
        kept = self._wire.document(CHANNEL, channel)
        if not self._wire.visible(kept["since"]):
            raise Refuse(404, "NotFound", "The channel was not found")
        return kept

    def create(self, request: Request, team: str) -> Response:
        """Make a channel; in app context an owner must be named."""
        wire, host = self._wire, self._team(team)
        allowed = ("displayName", "description", "membershipType", "members")
        body = wire.body(request, allowed, ("displayName", "membershipType"))
        name, kind = str(body["displayName"]), body["membershipType"]
        if kind not in KIND or not name.strip() or len(name) > 50 or FORBIDDEN.search(name):
            raise Refuse(400, "BadRequest", "Invalid channel name or membership type")
        if len(str(body.get("description") or "")) > 1024:
            raise Refuse(400, "BadRequest", "Description too long")
        if kind == "shared" and host["class"]:
            raise Refuse(403, "Forbidden", "Shared channels are not supported in class teams")
        owners = [
            self._members.bound(m) for m in body.get("members") or () if "owner" in (m.get("roles") or ())
        ]
        if kind != "standard" and not owners:
            raise Refuse(400, "BadRequest", "A channel made in app context needs an owner")
        with wire.store.change():
            if any(c["name"].casefold() == name.casefold() for c in wire.store.all(CHANNEL)):
                raise Refuse(
                    400,
                    "BadRequest/NameAlreadyExists",
                    "Channel name already existed, please use other name.",
                )
            channel = f"19:{secrets.token_hex(16)}@thread.tacv2"
            kept = {
                "id": channel, "name": name, "description": str(body.get("description") or ""), "kind": kind,
                "since": wire.clock(),
            }  # fmt: skip
            wire.store.put(CHANNEL, channel, kept)
            for owner in owners:
                self._members.seat(channel, owner, ["owner"], wire.clock())
        if self.slow_channels:
            operation = f"/teams('{team}')/operations('{guid('operation', channel)}')"
            return Response(
                status=202, headers={"Location": operation, "Content-Location": f"/teams('{team}')"}
            )
        return wire.json(self._shown(request, kept), 201)

    def _team(self, team: str) -> Document:
        return self._wire.document(TEAM, team)

    def _shown(self, request: Request, kept: Document) -> Document:
        known = "include-unknown-enum-members" in request.headers.get("Prefer", "")
        kind = kept["kind"] if known or kept["kind"] != "shared" else "unknownFutureValue"
        team = self._wire.district.host_team
        return {
            "id": kept["id"],
            "createdDateTime": self._wire.stamp(kept["since"]),
            "displayName": kept["name"],
            "description": kept["description"],
            "membershipType": kind,
            "tenantId": self._wire.district.tenant_id,
            "webUrl": f"{self._wire.base_url}/look/team?channel={quote(kept['id'])}#{team}",
        }

    # --- tabs -----------------------------------------------------------------------------------------------------

    def tabs(self, request: Request, team: str, channel: str) -> Response:
        """The tabs of a channel."""
        self.known(channel)
        expanded = request.args.get("$expand") == "teamsApp"
        mine = [tab for tab in self._wire.store.all(TAB) if tab["channel"] == channel]
        return self._wire.page(request, [_tab(tab, expanded) for tab in mine])

    def pin(self, request: Request, team: str, channel: str) -> Response:
        """Pin a tab of an app that is installed in the team."""
        wire = self._wire
        self.known(channel)
        needed = ("displayName", "teamsApp@odata.bind", "configuration")
        body = wire.body(request, needed, needed)
        app = str(body["teamsApp@odata.bind"]).rpartition("/")[2]
        if app != self.app_id() or not str(body["teamsApp@odata.bind"]).startswith(
            f"{wire.base_url}/v1.0/appCatalogs/"
        ):
            raise Refuse(400, "BadRequest", "The app is not installed in this team")
        tab = {
            "id": secrets.token_hex(16), "channel": channel, "name": body["displayName"], "app": app,
            "configuration": dict(body["configuration"]),
        }  # fmt: skip
        wire.store.put(TAB, tab["id"], tab)
        return wire.json(_tab(tab, False), 201)


def _tab(tab: Document, expanded: bool) -> Document:
    shown: Document = {"id": tab["id"], "displayName": tab["name"], "configuration": tab["configuration"]}
    if expanded:
        shown["teamsApp"] = {"id": tab["app"], "displayName": "coplink"}
    return shown

"""Channels of a team and their tabs: kinds, names taken, class teams, long-running answers, lag."""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import INSTALLED, GraphWire
from coplink_teams.sandbox.members import Members
from coplink_teams.sandbox.operations import Operations
from coplink_teams.sandbox.teams import CHANNEL, Teams

TAB, DELETED = "teams.tab", "teams.deleted_channel"
NAMES_STAY = 30 * 24 * 3600.0  # seconds for which a deleted channel keeps its name
FORBIDDEN = re.compile(r"""[~#%&*{}+/\\:<>?|'",\x00-\x1f]|\.\.|^[_.]|\.$""")
KINDS = ("standard", "private", "shared")
WRITE = "ChannelSettings.ReadWrite.Group"
READ = ("ChannelSettings.Read.Group", WRITE)


class Channels:
    """``/teams/{id}/channels`` and ``tabs``."""

    def __init__(self, wire: GraphWire, teams: Teams, members: Members, operations: Operations) -> None:
        self._wire, self._teams, self._members, self._operations = wire, teams, members, operations
        one = "/teams/<team>/channels/<channel>"
        wire.api("GET", "/teams/<team>/channels", self.listing, READ, ("$select", "$filter", "$skiptoken"))
        wire.api("POST", "/teams/<team>/channels", self.create, "Channel.Create.Group")
        wire.api("GET", "/teams/<team>/primaryChannel", self.primary, READ, ("$select",))
        wire.api("GET", one, self.channel, READ, ("$select",))
        wire.api("PATCH", one, self.rename, WRITE)
        wire.route("POST", "/_sandbox/tab", self.keep_tab, counted=False)
        tabs = f"{one}/tabs"
        wire.api("GET", tabs, self.tabs, "TeamsTab.Read.Group", ("$expand", "$filter", "$skiptoken"))
        wire.api("POST", tabs, self.pin, "TeamsTab.Create.Group")
        wire.api("DELETE", f"{tabs}/<tab>", self.unpin, "TeamsTab.Delete.Group")

    def known(self, team: str, channel: str) -> Document:
        """A channel that is there for everybody; 404 for a moment after it was made, and in any other team."""
        self._teams.known_team(team)
        kept = self._wire.document(CHANNEL, channel)
        if not self._wire.visible(kept["since"]) or self._team_of(kept) != team:
            raise Refuse(404, "NotFound", "The channel was not found")
        return kept

    def delete(self, channel: str) -> None:
        """Somebody deletes a channel; its name stays taken for a while."""
        with self._wire.store.change():
            kept = self._wire.document(CHANNEL, channel)
            self._wire.store.put(DELETED, channel, {**kept, "at": self._wire.clock()})
            self._wire.store.drop(CHANNEL, channel)

    def keep_tab(self, request: Request) -> Response:
        """What somebody set up by hand and saved."""
        told = request.get_json()
        tab: Document = {
            "id": secrets.token_hex(16), "channel": str(told["channel"]), "name": "By hand",
            "app": self._teams.app_id(), "configuration": dict(told["configuration"]),
        }  # fmt: skip
        self._wire.store.put(TAB, tab["id"], tab)
        return Response(status=204)

    # --- channels -------------------------------------------------------------------------------------------------

    def listing(self, request: Request, team: str) -> Response:
        """All channels the app may see."""
        self._teams.known_team(team)
        there = [c for c in self._of(team) if self._wire.visible(c["since"])]
        return self._wire.page(request, [self._shown(request, c) for c in there])

    def channel(self, request: Request, team: str, channel: str) -> Response:
        """One channel."""
        return self._wire.json(self._wire.selected(request, self._shown(request, self.known(team, channel))))

    def primary(self, request: Request, team: str) -> Response:
        """The channel that every team has."""
        self._teams.known_team(team)
        general = next(c for c in self._of(team) if c.get("primary"))
        return self._wire.json(
            self._wire.selected(request, self._shown(request, self.known(team, general["id"])))
        )

    def create(self, request: Request, team: str) -> Response:
        """Make a channel; in app context an owner must be named."""
        wire, host = self._wire, self._teams.known_team(team)
        allowed = ("displayName", "description", "membershipType", "members")
        body = wire.body(request, allowed, ("displayName", "membershipType"))
        name, kind = str(body["displayName"]), body["membershipType"]
        if kind not in KINDS:
            raise Refuse(400, "BadRequest", "Invalid membership type")
        self._check(team, name, str(body.get("description") or ""))
        if kind == "shared" and host["class"]:
            raise Refuse(403, "Forbidden", "Shared channels are not supported in class teams")
        owners = [
            self._members.bound(m) for m in body.get("members") or () if "owner" in (m.get("roles") or ())
        ]
        if kind != "standard" and not owners:
            raise Refuse(400, "BadRequest", "A channel made in app context needs an owner")
        slow = self._teams.slow_channels
        if slow and self._operations.fails:
            return self._operations.begin(team, "createChannel")
        with wire.store.change():
            self._check(team, name, "")
            channel = f"19:{secrets.token_hex(16)}@thread.tacv2"
            since = wire.clock() + (self._operations.seconds if slow else 0.0)
            kept = {
                "id": channel, "team": team, "name": name, "description": str(body.get("description") or ""),
                "kind": kind, "since": since,
            }  # fmt: skip
            wire.store.put(CHANNEL, channel, kept)
            for owner in owners:
                self._members.seat(channel, owner, ["owner"], wire.clock())
        if slow:
            return self._operations.begin(team, "createChannel")
        return wire.json(self._shown(request, kept), 201)

    def rename(self, request: Request, team: str, channel: str) -> Response:
        """Another name or description."""
        kept = self.known(team, channel)
        body = self._wire.body(request, ("displayName", "description"))
        name = str(body.get("displayName", kept["name"]))
        if kept["kind"] == "standard":
            raise Refuse(400, "BadRequest", "The General channel cannot be renamed by this app")
        self._check(team, name, str(body.get("description") or ""), but=channel)
        about = body.get("description", kept["description"])
        self._wire.store.put(CHANNEL, channel, {**kept, "name": name, "description": about})
        return Response(status=204)

    def _check(self, team: str, name: str, about: str, but: str = "") -> None:
        if not name.strip() or len(name) > 50 or FORBIDDEN.search(name):
            raise Refuse(400, "BadRequest", "Invalid channel name")
        if len(about) > 1024:
            raise Refuse(400, "BadRequest", "Description too long")
        lately = [c for c in self._wire.store.all(DELETED) if self._wire.clock() - c["at"] < NAMES_STAY]
        taken = [*self._of(team), *(c for c in lately if self._team_of(c) == team)]
        if any(c["name"].casefold() == name.casefold() and c["id"] != but for c in taken):
            code = "BadRequest/NameAlreadyExists"
            raise Refuse(400, code, "Channel name already existed, please use other name.")

    def _of(self, team: str) -> list[Document]:
        return [c for c in self._wire.store.all(CHANNEL) if self._team_of(c) == team]

    def _team_of(self, kept: Document) -> str:
        return str(kept.get("team") or self._wire.district.host_team)

    def _shown(self, request: Request, kept: Document) -> Document:
        known = "include-unknown-enum-members" in request.headers.get("Prefer", "")
        kind = kept["kind"] if known or kept["kind"] != "shared" else "unknownFutureValue"
        return {
            "id": kept["id"],
            "createdDateTime": self._wire.stamp(kept["since"]),
            "displayName": kept["name"],
            "description": kept["description"],
            "membershipType": kind,
            "tenantId": self._wire.district.tenant_id,
            "webUrl": f"{self._wire.base_url}/look/team?channel={quote(kept['id'])}#{self._team_of(kept)}",
        }

    # --- tabs -----------------------------------------------------------------------------------------------------

    def tabs(self, request: Request, team: str, channel: str) -> Response:
        """The tabs of a channel."""
        self.known(team, channel)
        expanded = request.args.get("$expand") == "teamsApp"
        mine = [tab for tab in self._wire.store.all(TAB) if tab["channel"] == channel]
        return self._wire.page(request, [_tab(tab, expanded) for tab in mine])

    def pin(self, request: Request, team: str, channel: str) -> Response:
        """Pin a tab of an app that is installed in the team."""
        wire = self._wire
        self.known(team, channel)
        needed = ("displayName", "teamsApp@odata.bind", "configuration")
        body = wire.body(request, needed, needed)
        catalogue, _, app = str(body["teamsApp@odata.bind"]).rpartition("/")
        there = (wire.store.get(INSTALLED, team) or {}).get("app")
        if app != there or catalogue != f"{wire.base_url}/v1.0/appCatalogs/teamsApps":
            raise Refuse(400, "BadRequest", "The app is not installed in this team")
        tab = {
            "id": secrets.token_hex(16), "channel": channel, "name": body["displayName"], "app": app,
            "configuration": dict(body["configuration"]),
        }  # fmt: skip
        wire.store.put(TAB, tab["id"], tab)
        return wire.json(_tab(tab, False), 201)

    def unpin(self, request: Request, team: str, channel: str, tab: str) -> Response:
        """Take a tab away."""
        self.known(team, channel)
        if self._wire.document(TAB, tab)["channel"] != channel:
            raise Refuse(404, "NotFound", "The tab was not found")
        self._wire.store.drop(TAB, tab)
        return Response(status=204)


def _tab(tab: Document, expanded: bool) -> Document:
    shown: Document = {"id": tab["id"], "displayName": tab["name"], "configuration": tab["configuration"]}
    if expanded:
        shown["teamsApp"] = {"id": tab["app"], "displayName": "coplink"}
    return shown

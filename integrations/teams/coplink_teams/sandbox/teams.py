"""Teams: the host team that the admin set up, and those that are ordered: made after a 202, seen after the lag."""

from __future__ import annotations

import re
import secrets

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import INSTALLED, GraphWire
from coplink_teams.sandbox.members import Members
from coplink_teams.sandbox.operations import Operations

TEAM, CHANNEL = "teams.team", "teams.channel"
READ = ("TeamSettings.Read.Group", "TeamSettings.ReadWrite.Group", "Team.ReadBasic.All")
WRITE = "TeamSettings.ReadWrite.Group"
PLC = "educationProfessionalLearningCommunity"
TEMPLATE = re.compile(rf"/v1\.0/teamsTemplates\('(standard|{PLC})'\)")
NOT_YET = 1e15  # longer than any test waits
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Teams:
    """``/teams``. ``no_education``: the organisation lacks the licence that school templates need."""

    def __init__(self, wire: GraphWire, members: Members, operations: Operations) -> None:
        self._wire, self._members, self._operations = wire, members, operations
        self.slow_channels = False
        self.no_education = False
        operations.ended = self._ended
        wire.api("POST", "/teams", self.order, "Team.Create")
        wire.api("GET", "/teams/<team>", self.team, READ, ("$select",))
        wire.api("PATCH", "/teams/<team>", self.rename, WRITE)
        wire.api("POST", "/teams/<team>/archive", self.archive, WRITE)
        wire.api("POST", "/teams/<team>/unarchive", self.unarchive, WRITE)
        wire.api("GET", "/users/<user>/joinedTeams", self.joined, "Team.ReadBasic.All", ("$skiptoken",))

    def settle(self) -> None:
        """The team as the admin set it up: a General channel, the app, and some of the staff as members."""
        wire, district = self._wire, self._wire.district
        host = district.host_team
        with wire.store.change():
            if wire.store.get(TEAM, host):
                return
            wire.store.put(TEAM, host, {"id": host, "name": "Professional Learning", "class": False})
            app = {"id": guid("installed", host), "app": self.app_id(), "permissions": None}
            wire.store.put(INSTALLED, host, app)
            self._general(host, "19:general0000000000000000000000000@thread.tacv2", 0.0)
            for person in [p for p in wire.region.of(district.key) if p.entra_id][:14]:
                roles = ["owner"] if person.key == "ana.ruiz" else []
                self._members.seat(host, str(person.entra_id), roles, 0.0)
            self._members.seat(host, self._members.people.service_id, ["owner"], 0.0)

    def app_id(self) -> str:
        """The coplink app in the organisation's catalogue."""
        return guid("teams app", self._wire.district.key)

    def known_team(self, team: str) -> Document:
        """A team that is there for everybody; 404 while it is being made and for the lag after that."""
        self._operations.catch_up()
        kept = self._wire.document(TEAM, team)
        if not self.shows(kept):
            raise Refuse(404, "NotFound", "No team found with this id")
        return kept

    def shows(self, kept: Document) -> bool:
        """Whether a team is made and has reached everybody."""
        return self._wire.visible(kept.get("since", 0.0))

    # --- one team -------------------------------------------------------------------------------------------------

    def order(self, request: Request) -> Response:
        """Order a team; in app context with exactly one owner."""
        wire = self._wire
        needed = ("template@odata.bind", "displayName", "members")
        body = wire.body(request, (*needed, "description", "visibility"), needed)
        template = TEMPLATE.fullmatch(str(body["template@odata.bind"]).removeprefix(wire.base_url))
        if template is None:
            raise Refuse(400, "BadRequest", "Invalid template")
        _check(body)
        if body.get("visibility") not in (None, "private", "public"):
            raise Refuse(400, "BadRequest", "Invalid visibility")
        members = body["members"]
        if not isinstance(members, list) or len(members) != 1 or members[0].get("roles") != ["owner"]:
            raise Refuse(400, "BadRequest", "A team must be provided with exactly one owner in app context")
        owner = self._members.bound(members[0])
        if template[1] == PLC and self.no_education:
            raise Refuse(403, "Forbidden", "The organisation has no license for education templates")
        team = guid("team", secrets.token_hex(8))
        kept = {
            "id": team, "name": body["displayName"], "description": str(body.get("description") or ""),
            "class": False, "template": template[1], "visibility": body.get("visibility") or "public",
            "owner": owner, "since": NOT_YET,
        }  # fmt: skip
        with wire.store.change():
            wire.store.put(TEAM, team, kept)
            return self._operations.begin(team, "createTeam")

    def team(self, request: Request, team: str) -> Response:
        """One team."""
        return self._wire.json(self._wire.selected(request, self._shown(self.known_team(team))))

    def rename(self, request: Request, team: str) -> Response:
        """Another name or description."""
        kept = self.known_team(team)
        body = self._wire.body(request, ("displayName", "description"))
        if kept.get("archived"):
            raise Refuse(403, "Forbidden", "The team is archived")
        _check({"displayName": kept["name"], **body})
        changed = {"name": body.get("displayName", kept["name"])}
        changed |= {"description": body["description"]} if "description" in body else {}
        self._wire.store.put(TEAM, team, {**kept, **changed})
        return Response(status=204)

    def archive(self, request: Request, team: str) -> Response:
        """Put to rest; needs an owner."""
        if self._wire.body(request, ("shouldSetSpoSiteReadOnlyForMembers",)):
            raise Refuse(400, "BadRequest", "The parameter is not supported in application context")
        return self._rest(team, "archiveTeam")

    def unarchive(self, request: Request, team: str) -> Response:
        """Wake again."""
        return self._rest(team, "unarchiveTeam")

    def joined(self, request: Request, user: str) -> Response:
        """The teams that somebody belongs to; no query options, as with Graph."""
        self._operations.catch_up()
        account = self._members.people.find(user)
        if account is None:
            raise Refuse(404, "NotFound", "Failed to find this user")
        mine = [
            {name: value for name, value in self._shown(kept).items() if name in JOINED}
            for kept in self._wire.store.all(TEAM)
            if self.shows(kept)
            and any(m["account"] == account["id"] for m in self._members.sitting(kept["id"]))
        ]
        return self._wire.page(request, mine)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _rest(self, team: str, kind: str) -> Response:
        self.known_team(team)
        if not any("owner" in m["roles"] for m in self._members.sitting(team)):
            raise Refuse(400, "BadRequest", "Team owner is needed")
        return self._operations.begin(team, kind)

    def _ended(self, operation: Document) -> None:
        """An operation has come to its end: with or without what was asked for."""
        wire, team = self._wire, operation["team"]
        kept = wire.store.get(TEAM, team)
        if kept is None or operation["type"] not in ("createTeam", "archiveTeam", "unarchiveTeam"):
            return
        if operation["type"] == "createTeam" and operation["fails"]:
            wire.store.drop(TEAM, team)
        elif operation["type"] == "createTeam":
            wire.store.put(TEAM, team, {**kept, "since": operation["until"]})
            self._members.seat(team, kept["owner"], ["owner"], operation["until"])
            self._general(team, f"19:{secrets.token_hex(16)}@thread.tacv2", operation["until"])
        elif not operation["fails"]:
            wire.store.put(TEAM, team, {**kept, "archived": operation["type"] == "archiveTeam"})

    def _general(self, team: str, channel: str, since: float) -> None:
        kept = {
            "id": channel, "team": team, "name": "General", "description": "Everybody", "kind": "standard",
            "since": since, "primary": True,
        }  # fmt: skip
        self._wire.store.put(CHANNEL, channel, kept)

    def _shown(self, kept: Document) -> Document:
        wire = self._wire
        special = "educationClass" if kept["class"] else kept.get("template", "none")
        return {
            "id": kept["id"],
            "displayName": kept["name"],
            "description": kept.get("description", ""),
            "specialization": special if special != "standard" else "none",
            "visibility": kept.get("visibility", "private"),
            "isArchived": bool(kept.get("archived")),
            "createdDateTime": wire.stamp(kept.get("since") or 0.0),
            "tenantId": wire.district.tenant_id,
            "webUrl": f"{wire.base_url}/look/team#{kept['id']}",
        }


JOINED = ("id", "displayName", "description", "isArchived", "tenantId")


def _check(body: Document) -> None:
    name = body["displayName"]
    if not isinstance(name, str) or not name.strip() or len(name) > 256 or _CONTROL.search(name):
        raise Refuse(400, "BadRequest", "Invalid displayName")
    if len(str(body.get("description") or "")) > 1024:
        raise Refuse(400, "BadRequest", "Description too long")

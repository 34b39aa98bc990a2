"""The coplink app: in the catalogue once, installed team by team with the consent that holds there."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams import TEAM as MODE_TEAM
from coplink_teams import manifest
from coplink_teams.sandbox.frame import INSTALLED, GraphWire
from coplink_teams.sandbox.teams import Teams

PERMISSION = "TeamsAppInstallation.ReadWriteAndConsentSelfForTeam.All"


class Apps:
    """``/teams/{id}/installedApps``."""

    def __init__(self, wire: GraphWire, teams: Teams) -> None:
        self._wire, self._teams = wire, teams
        path = "/teams/<team>/installedApps"
        wire.api("GET", path, self.listing, PERMISSION, ("$expand", "$filter", "$skiptoken"))
        wire.api("POST", path, self.install, PERMISSION)

    def packaged(self) -> list[str]:
        """What the app's package asks for in a team of its own."""
        needed = [scope for scope in manifest.scopes if scope.needed({"mode": MODE_TEAM})]
        return sorted(scope.name for scope in needed if scope.name.endswith(".Group"))

    def listing(self, request: Request, team: str) -> Response:
        """What is installed in a team."""
        self._teams.known_team(team)
        there = [kept] if (kept := self._wire.store.get(INSTALLED, team)) else []
        expanded = request.args.get("$expand") == "teamsApp"
        return self._wire.page(request, [_shown(one, expanded) for one in there])

    def install(self, request: Request, team: str) -> Response:
        """Install it once, with the consent that its package asks for, no more and no less."""
        wire = self._wire
        self._teams.known_team(team)
        needed = ("teamsApp@odata.bind", "consentedPermissionSet")
        body = wire.body(request, needed, needed)
        catalogue, _, app = str(body["teamsApp@odata.bind"]).rpartition("/")
        if catalogue != f"{wire.base_url}/v1.0/appCatalogs/teamsApps" or app != self._teams.app_id():
            raise Refuse(404, "NotFound", "App does not exist in the catalogue of the organisation")
        consent = body["consentedPermissionSet"].get("resourceSpecificPermissions") or []
        if any(one.get("permissionType") != "application" for one in consent):
            raise Refuse(400, "BadRequest", "permissionType is needed")
        if sorted(one["permissionValue"] for one in consent) != self.packaged():
            raise Refuse(400, "BadRequest", "The consented permissions are not those of the app")
        with wire.store.change():
            if wire.store.get(INSTALLED, team):
                raise Refuse(409, "Conflict", "The app is already installed in the team")
            kept = {"id": guid("installed", team), "app": app, "permissions": self.packaged()}
            wire.store.put(INSTALLED, team, kept)
        return wire.json(_shown(kept, False), 201)


def _shown(kept: Document, expanded: bool) -> Document:
    shown: Document = {"id": kept["id"]}
    return shown | {"teamsApp": {"id": kept["app"], "displayName": "coplink"}} if expanded else shown

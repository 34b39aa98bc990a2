"""Mode ``team``: a community gets a team of its own, made for its kind (professional learning community).

    order    look for our marker among the service account's teams, else order one; answered 202. Remembered as
             team/operation/time, by which it is told when nothing comes of it (older ones have no time)
    team     wait until it is made, and until everybody can see it: up to a quarter of an hour
    app      the coplink app goes in, with the consent that holds in this one team
    channel  the channel that every team has        folder, tab   as in mode channel

Education templates need an education licence; without one the team is an ordinary one. The app signs in without a
person, hence the service account is the team's first owner (Graph, "Create team").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from coplink.core.words import say
from coplink.ports.clock import Clock
from coplink.ports.errors import (
    Ambiguous,
    Gone,
    IntegrationError,
    LimitReached,
    Misconfigured,
    NeedsAttention,
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
)
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_teams import ADMIN, TEAM, TEAM_STEPS, manifest
from coplink_teams.answers import Answer
from coplink_teams.calls import Graph
from coplink_teams.fittings import Fittings
from coplink_teams.long_running import EVERY, LongRunning, Operation, begun
from coplink_teams.missing import Missing
from coplink_teams.names import carries, description, team_name
from coplink_teams.parts import split_channel
from coplink_teams.replies import accepted, made, strange
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings

OWN_STEPS = ("order", "team", "app")
SEATS = 25_000  # Microsoft's limits page for Teams
PATIENCE = timedelta(hours=2)  # a team that was ordered and shows nowhere after that does not come any more
FRESH = timedelta(minutes=30)  # how long a refusal in a new team may only mean that it is new
PLC = "educationProfessionalLearningCommunity"
_STILL = say("Microsoft is still making the team.")
_UNSEEN = say("Microsoft has made the team and does not show it to everybody yet.")
_NEVER = say("The team that was ordered from Microsoft is not there. Try again: coplink orders another one.")
_LOST = say("The team is not there any more. Try again: coplink orders another one.")
_NO_LICENCE = re.compile(r"(?i)licen[cs]e|template|education")


class OwnTeams:
    """Makes the parts of a place that is a team of its own."""

    def __init__(
        self,
        graph: Graph,
        settings: Settings,
        service: ServiceAccount,
        running: LongRunning,
        missing: Missing,
        clock: Clock,
    ) -> None:
        self._graph, self._settings, self._service = graph, settings, service
        self._running, self._missing, self._clock = running, missing, clock
        self._fittings = Fittings(graph, settings)

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> Made:
        """Make this one part, or find it."""
        if step == "order":
            return self._order(wish)
        if step == "team":
            return self._team(parts)
        team = parts["team"]
        try:
            found = self._inside(step, team, wish, parts)
        except (Gone, NotReadyYet):
            self._must_show(team)
            raise
        self._missing.shows(team)
        return found

    def _inside(self, step: str, team: str, wish: SpaceWish, parts: Mapping[str, str]) -> Made:
        """A step inside a team that has been seen."""
        if step == "app":
            return self._app(team)
        if step == "channel":
            return self._channel(team)
        if step == "folder":
            return self._fittings.folder(team, split_channel(parts)[1])
        if step == "tab":
            return self._fittings.tab(team, split_channel(parts)[1], wish)
        raise strange(f"no step {step}")

    def _must_show(self, team: str) -> None:
        """Raises while the team does not show, and once it has been missing for so long that it is gone."""
        try:
            self._graph.get(lambda g: g.teams.by_team_id(team), service="teams")
        except Gone as error:
            if self._missing.long(team):
                raise NeedsAttention(_LOST, ADMIN, error.detail).forgetting(*TEAM_STEPS) from error
            raise NotReadyYet(_UNSEEN, error.detail, EVERY) from error
        self._missing.shows(team)

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The team's name, a link for people, and how many it holds."""
        found = self._graph.get(lambda g: g.teams.by_team_id(parts["team"]), service="teams")
        return SpaceFacts(str(found["displayName"]), str(found.get("webUrl") or ""), SEATS)

    # --- order and team -------------------------------------------------------------------------------------------

    def _order(self, wish: SpaceWish) -> Made:
        own = self._service.id()
        with _permitted("Team.ReadBasic.All"):
            joined = self._graph.listed(lambda g: g.users.by_user_id(own).joined_teams, service="teams")
        ours = [str(team["id"]) for team in joined if carries(team.get("description"), wish.marker)]
        if len(ours) > 1:
            raise Ambiguous(
                say("Two teams belong to this community: take coplink’s line out of the description of one."),
                ADMIN,
                ours,
            )
        if ours:
            known = self._running.pending(f"team {ours[0]}")
            known = known or Operation(ours[0], "", self._moment())
            return Made(f"{known}/{known.since}", found=True)
        answer = self._create(wish, PLC)
        if answer.status in (400, 403) and _NO_LICENCE.search(": ".join(answer.error())):
            answer = self._create(wish, "standard")
        with _permitted("Team.Create"):
            try:
                made(answer, 202)
            except LimitReached as error:
                full = say("Your organisation or the service account can have no more teams.")
                raise LimitReached(full, ADMIN, error.detail) from error
        operation = begun(answer)
        if operation is None:  # ordered, but we do not know its name: our marker finds it
            raise OutcomeUnknown(answer.detail("no location"))
        operation = replace(operation, since=self._moment())
        self._running.remember(f"team {operation.team}", operation)
        return Made(f"{operation}/{operation.since}")

    def _moment(self) -> str:
        return self._clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    def _create(self, wish: SpaceWish, template: str) -> Answer:
        body = {
            "template@odata.bind": f"{self._graph.base}/teamsTemplates('{template}')",
            "displayName": team_name(wish.name),
            "description": description(wish),
            "visibility": "private",
            "members": [self._service.as_owner()],
        }
        return self._graph.send("POST", lambda g: g.teams, service="teams", body=body)

    def _team(self, parts: Mapping[str, str]) -> Made:
        team, number, since = (*parts["order"].split("/"), "", "")[:3]
        if number:
            failure = self._running.failed(Operation(team, number), _STILL)
            if failure is not None:
                raise failure.forgetting("order")
        try:
            found = self._graph.get(lambda g: g.teams.by_team_id(team), service="teams")
        except Gone as error:
            if since and self._clock.now() - datetime.fromisoformat(since) > PATIENCE:
                raise NeedsAttention(_NEVER, ADMIN, error.detail).forgetting("order") from error
            raise NotReadyYet(_UNSEEN, error.detail, EVERY) from error
        return Made(str(found["id"]))

    # --- app and channel ------------------------------------------------------------------------------------------

    def _app(self, team: str) -> Made:
        app, scope = self._settings.app_id, "TeamsAppInstallation.ReadWriteAndConsentSelfForTeam.All"
        if not app:
            raise Misconfigured(
                say("The setting {name} of the Teams connection is empty.", name="app_id"), ADMIN
            )
        if app in self._installed(team, scope):
            return Made(app, found=True)
        body = {
            "teamsApp@odata.bind": f"{self._graph.base}/appCatalogs/teamsApps/{app}",
            "consentedPermissionSet": {
                "resourceSpecificPermissions": [
                    {"permissionType": "application", "permissionValue": name} for name in consented()
                ]
            },
        }
        answer = self._graph.send(
            "POST", lambda g: g.teams.by_team_id(team).installed_apps, service="teams", body=body
        )
        if answer.status == 409:  # the listing was older
            return Made(app, found=True)
        if answer.status == 400:
            raise Misconfigured(
                say("The coplink app in your catalogue is not the one of this version: upload its new package."),
                ADMIN, answer.detail(),
            )  # fmt: skip
        if answer.status == 404:
            if self._is_fresh(team) and not re.search(r"(?i)\bapp", answer.error()[1]):
                raise NotReadyYet(_UNSEEN, answer.detail(), EVERY)
            raise Misconfigured(
                say("The coplink app is not in your organisation’s Teams catalogue, or {name} names another one.",
                    name="app_id"),
                ADMIN, answer.detail(),
            )  # fmt: skip
        with _permitted(scope):
            accepted(answer, 201)
        return Made(app)

    def _installed(self, team: str, scope: str) -> set[str]:
        with _permitted(scope):
            try:
                installed = self._graph.listed(
                    lambda g: g.teams.by_team_id(team).installed_apps,
                    service="teams",
                    query={"$expand": "teamsApp"},
                )
            except Gone as error:
                raise NotReadyYet(_UNSEEN, error.detail, EVERY) from error
        return {str((one.get("teamsApp") or {}).get("id") or "") for one in installed}

    def _channel(self, team: str) -> Made:
        try:
            found = self._graph.get(
                lambda g: g.teams.by_team_id(team).primary_channel, service="teams", query={"$select": "id"}
            )
        except Gone as error:
            raise NotReadyYet(_UNSEEN, error.detail, EVERY) from error
        except PermissionMissing as error:  # the consent came with the app a moment ago
            if not self._is_fresh(team):
                raise
            raise NotReadyYet(_UNSEEN, error.detail, EVERY) from error
        return Made(f"standard/{found['id']}")

    def _is_fresh(self, team: str) -> bool:
        try:
            found = self._graph.get(lambda g: g.teams.by_team_id(team), service="teams")
            since = datetime.fromisoformat(str(found["createdDateTime"]))
        except (IntegrationError, KeyError, ValueError):
            return False
        since = since if since.tzinfo else since.replace(tzinfo=UTC)
        return self._clock.now() - since < FRESH


def consented() -> tuple[str, ...]:
    """What the app's package asks for in a team of its own: the consent has to name exactly that."""
    needed = (scope.name for scope in manifest.scopes if scope.needed({"mode": TEAM}))
    return tuple(name for name in needed if name.endswith(".Group"))


@contextmanager
def _permitted(permission: str) -> Iterator[None]:
    """Name the permission that a refusal is about."""
    try:
        yield
    except PermissionMissing as error:
        said = say(
            "Microsoft refuses this: grant the coplink app the permission {permission}.",
            permission=permission,
        )
        raise PermissionMissing(said, ADMIN, (permission,), error.detail) from error

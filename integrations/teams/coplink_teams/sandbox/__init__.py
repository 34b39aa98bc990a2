"""Microsoft Graph v1.0, Entra's sign-in and a page like Teams, pretended for the district that lives in Microsoft 365.

As far as coplink's calls need it, and strict: unknown routes, options and properties are refused, and so is what the
admin has not consented to. All state lies in the store, kinds prefixed ``teams.``. Under ``/_sandbox/`` one sets lag,
consent, kinds of answers and what goes wrong.

    frame.py entra.py     sign-in, consent, pages; tokens and keys
    people.py invitations.py teams.py    directory; guests; host team, channels, tabs
    roll.py members.py bulk.py       who sits where; one at a time, many at a time
    quotas.py                        Microsoft's published rates, where they are to be kept
    drives.py subscriptions.py       files and their changes; notifications
    outlook.py expand.py             the service mailbox
    activity.py                      notices in activity feeds
    batch.py pages.py                $batch; what a visitor sees
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import DoorLink, Refuse, Wire
from coplink_teams import CHANNEL as MODE_CHANNEL
from coplink_teams import NO
from coplink_teams.sandbox.activity import KIND as ACTIVITY
from coplink_teams.sandbox.activity import Activity
from coplink_teams.sandbox.apps import Apps
from coplink_teams.sandbox.batch import Batch
from coplink_teams.sandbox.bulk import Bulk
from coplink_teams.sandbox.channels import TAB, Channels
from coplink_teams.sandbox.drives import FILE, Drives
from coplink_teams.sandbox.entra import Entra
from coplink_teams.sandbox.frame import CONSENT, INSTALLED, ROOT, GraphWire
from coplink_teams.sandbox.invitations import Invitations
from coplink_teams.sandbox.members import Members
from coplink_teams.sandbox.operations import Operations
from coplink_teams.sandbox.outlook import KIND as EVENT
from coplink_teams.sandbox.outlook import Outlook
from coplink_teams.sandbox.pages import Pages, for_browsers
from coplink_teams.sandbox.people import GUEST, People
from coplink_teams.sandbox.quotas import Quotas
from coplink_teams.sandbox.subscriptions import KIND as SUBSCRIPTION
from coplink_teams.sandbox.subscriptions import Subscriptions
from coplink_teams.sandbox.teams import CHANNEL, TEAM, Teams

APP = "teams.app"


class TeamsSandbox(GraphWire):
    """One tenant's Microsoft 365."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.entra = Entra(self, self.signer)
        self.people = People(self)
        self.invitations = Invitations(self, self.people)
        self.members = Members(self, self.people)
        self.bulk = Bulk(self, self.members)
        self.quotas = Quotas(lambda: self.clock())
        self.operations = Operations(self)
        self.teams = Teams(self, self.members, self.operations)
        self.channels = Channels(self, self.teams, self.members, self.operations)
        self.apps = Apps(self, self.teams)
        self.activity = Activity(self, self.teams, self.channels)
        self.drives = Drives(self, self.channels)
        self.subscriptions = Subscriptions(self)
        self.outlook = Outlook(self)
        self.batch = Batch(self)
        self.pages = Pages(self)
        self.drives.changed = self.subscriptions.changed
        self.teams.settle()
        self.mode, self.guests = MODE_CHANNEL, NO
        self.route("POST", "/_sandbox/lag", self._lag, counted=False)
        self.route("POST", "/_sandbox/app", self._app, counted=False)
        self.route("POST", "/_sandbox/consent", self._consent, counted=False)
        self.route("POST", "/_sandbox/team", self._team, counted=False)

    def settings(self, district: str) -> Mapping[str, str]:
        """What ``connect()`` and ``door()`` take for the district."""
        here = self.district
        if district != here.key:
            raise LookupError(district)
        return {
            "tenant_id": here.tenant_id,
            "client_id": here.graph_client_id,
            "client_secret": here.graph_secret,
            "mode": self.mode,
            "team_id": here.host_team,
            "mailbox": here.service_mailbox,
            "app_id": self.teams.app_id(),
            "guests": self.guests,
            "calls_per_second": "40",
            "graph_url": f"{self.base_url}{ROOT}",
            "login_url": self.base_url,
            "frame_origins": for_browsers(self.base_url),
        }

    def over_limit(self, request: Request) -> Refuse | None:
        """Microsoft's published rates."""
        return self.quotas.over(request)

    def ended(self, request: Request) -> None:
        """One call less at once."""
        self.quotas.ended(request)

    def doors(self) -> Iterable[DoorLink]:
        """Teams as some people, and a look into the team."""
        yield from self.pages.doors()

    def state(self) -> Mapping[str, Any]:
        """Every remote object, by kind."""
        return {
            "channels": [
                {
                    "id": c["id"], "name": c["name"], "marker": marker_of(c["description"]), "kind": c["kind"],
                    "members": [
                        m["account"] for m in self.members.sitting(c["id"]) if m["account"] != self.people.service_id
                    ],
                    "owners": [
                        m["account"] for m in self.members.sitting(c["id"])
                        if "owner" in m["roles"] and m["account"] != self.people.service_id
                    ],
                }
                for c in self.store.all(CHANNEL)
            ],
            "teams": [
                {
                    "id": t["id"], "name": t["name"], "marker": marker_of(t.get("description", "")),
                    "archived": bool(t.get("archived")), "template": t.get("template"),
                    "app": self.store.get(INSTALLED, t["id"]) is not None,
                    "members": [
                        m["account"] for m in self.members.sitting(t["id"]) if m["account"] != self.people.service_id
                    ],
                    "owners": [m["account"] for m in self.members.sitting(t["id"]) if "owner" in m["roles"]],
                }
                for t in self.store.all(TEAM)
            ],
            "notices": [
                {"place": one["channel"] or one["team"], "title": one["words"].get("title", "")}
                for one in self.store.all(ACTIVITY)
            ],
            "series": [
                {
                    "id": e["id"], "key": e["transaction"], "subject": e["subject"],
                    "attendees": [a["emailAddress"]["address"] for a in e["attendees"]],
                    "instances": [start.isoformat() for _, start, _ in self.outlook.occurrences(e)] or [e["start"]],
                    "cancelled": list(e["cancelled"]),
                }
                for e in self.store.all(EVENT)
            ],
            "files": [
                {"id": f["id"], "name": f["name"], "drive": f["drive"], "author": f["author"], "deleted": f["deleted"]}
                for f in self.store.all(FILE) if f["what"] == "file"
            ],
            "guests": [
                {"id": g["id"], "address": g["address"], "status": g["status"]} for g in self.store.all(GUEST)
            ],
            "subscriptions": [
                {"id": s["id"], "resource": s["resource"], "url": s["url"]} for s in self.store.all(SUBSCRIPTION)
            ],
            "tabs": [
                {"id": t["id"], "channel": t["channel"], "url": t["configuration"].get("contentUrl")}
                for t in self.store.all(TAB)
            ],
        }  # fmt: skip

    # --- what tests and the demo set ------------------------------------------------------------------------------

    def _lag(self, request: Request) -> Response:
        self.lag_seconds = float(request.get_json()["seconds"])
        return Response(status=204)

    def _app(self, request: Request) -> Response:
        told = request.get_json()
        self.store.put(APP, str(told["district"]), {"tab_url": str(told["tab_url"])})
        return Response(status=204)

    def _consent(self, request: Request) -> Response:
        without = set(request.get_json()["without"])
        self.store.drop(CONSENT, self.district.key)
        kept = [name for name in self.granted() if name not in without]
        self.store.put(CONSENT, self.district.key, {"granted": kept})
        return Response(status=204)

    def _team(self, request: Request) -> Response:
        kept = self.document(TEAM, self.district.host_team)
        self.store.put(TEAM, self.district.host_team, {**kept, "class": bool(request.get_json()["class"])})
        return Response(status=204)


def marker_of(description: str) -> str:
    """coplink's marker at the end of a description, or nothing."""
    last = description.rpartition("\n")[2].strip()
    return last if last.startswith("coplink:") else ""


def make(region: Region, store: Store, clock: Callable[[], float] = time.time) -> Wire:
    """The sandbox of the Teams integration."""
    return TeamsSandbox(region, store, clock)

"""Microsoft Teams as a suite plays it: Microsoft's kit over the pretended Graph, and what people do there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from coplink.core.people import AccountId
from coplink.core.rhythm import Series
from coplink.ports.door import Door, InboundRequest
from coplink.ports.integration import Capability
from coplink.ports.spaces import SpaceWish
from coplink.ports.watch import Subscription
from coplink.testing import graph_contract
from coplink.testing.conformance import Front, ServedRig, cannot
from coplink.testing.conformance.rig import Way
from coplink_teams import integration
from coplink_teams.sandbox import make

PEOPLE = ("ana.ruiz", "ben.okafor", "chloe.park", "dana.whitfield", "elias.haddad", "fatima.noor")


class TeamsRig(ServedRig):
    where = "coplink_teams:integration"
    lines: Mapping[Capability, str] = {
        Capability.SPACES: "Channels",
        Capability.SEATS: "Members of channels",
        Capability.DIRECTORY: "Permissions of the app",
        Capability.CALENDAR: "Meetings in the service mailbox",
        Capability.LIBRARY: "Permissions of the app",
        Capability.WATCH: "Permissions of the app",
        Capability.UPKEEP: "Channels",
        Capability.ANNOUNCEMENTS: "Channels",
    }
    sdk = ("msgraph", "msgraph_core", "kiota_abstractions", "kiota_http", "msal")
    key_prefix = "teams.key"
    stranger = AccountId("00000000-0000-0000-0000-000000000000")

    def __init__(self, front: Front, patch: pytest.MonkeyPatch) -> None:
        super().__init__(front, integration, make, "riverbend")
        self._patch = patch
        people = [self.wire.region.residents[key] for key in PEOPLE]
        self.accounts = tuple(AccountId(str(person.entra_id)) for person in people)
        self.addresses = tuple(str(person.email) for person in people)
        graph_contract.hang_on(self.wire, self.wire.granted)

    # --- weather ----------------------------------------------------------------------------------------------------

    def pages_of(self, size: int) -> None:
        self.wire.page_size = self.wire.most_per_page = size

    def half_a_listing(self, parts: Mapping[str, str]) -> None:
        self.pages_of(2)
        self.rain(r"members\?.*skiptoken=2", status=503)

    # --- what people do over there ----------------------------------------------------------------------------------

    def revoke(self) -> None:
        self.rain("", status=401, times=50, body={"error": {"code": "InvalidAuthenticationToken"}})

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        if step != "channel":
            cannot("a copy of a folder or a tab")
        channel = self._channel(parts)
        kept = self.store.get("teams.channel", channel)
        assert kept is not None
        twin = {**kept, "id": "19:twin@thread.tacv2", "name": "Twin"}
        self.store.put("teams.channel", "19:twin@thread.tacv2", twin)

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        kept = self.store.get("teams.channel", self._channel(parts))
        assert kept is not None
        self.store.put("teams.channel", self._channel(parts), {**kept, "name": name})

    def vanish(self, parts: Mapping[str, str]) -> None:
        self.store.drop("teams.channel", self._channel(parts))
        drive = parts["folder"].partition("/")[0]
        for kept in self.store.all("teams.file"):
            if kept["drive"] == drive:
                self.store.drop("teams.file", kept["id"])

    def seat_own_account(self, parts: Mapping[str, str]) -> AccountId:
        return AccountId(self.wire.people.service_id)  # it made the channel, and owns it

    def twofold(self) -> str:
        address, everybody = self.addresses[0], self.wire.people.everybody()
        twin = {"id": "twin", "displayName": "Twin", "mail": address, "userPrincipalName": "twin@x"}
        self._patch.setattr(self.wire.people, "everybody", lambda: [*everybody, twin])
        return address

    def foreign_address(self) -> str:
        return "luis.ortega@lakeside.example"  # a guest over there

    def meetings(self, parts: Mapping[str, str], series: Series) -> Sequence[datetime]:
        starts = [start for one in self.wire.state()["series"] for start in one["instances"]]
        moments = [datetime.fromisoformat(start) for start in starts]
        return sorted(m.replace(tzinfo=m.tzinfo or UTC).astimezone(UTC) for m in moments)

    def move_meeting(self, parts: Mapping[str, str], series: Series, original: date, by: timedelta) -> None:
        (master,) = self.wire.state()["series"]
        self.wire.outlook.move(master["id"], original.isoformat(), int(by.total_seconds() // 60))

    def half_a_calendar(self, parts: Mapping[str, str]) -> None:
        self.pages_of(4)
        self.rain(r"instances\?.*skiptoken", status=503)

    def add_file(self, parts: Mapping[str, str], name: str) -> str:
        made = self.wire.drives.add(self._channel(parts), name, self.wire.region.residents[PEOPLE[0]])
        return str(made["id"])

    def add_folder(self, parts: Mapping[str, str], name: str) -> None:
        folder = parts["folder"].partition("/")[2]
        kept = self.store.get("teams.file", folder)
        assert kept is not None
        below = {"id": "01SUB", "parent": folder, "name": name, "n": self.store.serial("teams.file")}
        self.store.put("teams.file", "01SUB", {**kept, **below})

    def rename_file(self, remote: str, name: str) -> None:
        self.wire.drives.touch(remote, name=name)

    def delete_file(self, remote: str) -> None:
        self.wire.drives.touch(remote, deleted=True)

    def announced(self, parts: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
        where = (parts["team"],) if "team" in parts else (self.settings["team_id"], self._channel(parts))
        told = self.wire.activity.seen_in(*where)
        return [(one["words"]["title"], one["preview"], one["words"]["by"]) for one in told]

    def forget_cursors(self) -> None:
        self.wire.drives.expire(None)

    def end_subscription(self, subscription: Subscription) -> None:
        self.store.drop("teams.subscription", subscription.remote)

    def call_in(self, secret: str) -> InboundRequest:
        body = json.dumps({"value": [{"clientState": secret, "changeType": "updated"}]}).encode()
        return InboundRequest("POST", "/hook/here/1", body=body)

    # --- the way in -------------------------------------------------------------------------------------------------

    def door(self) -> Door:
        door = integration.door("here", self.settings, self.around())
        assert door is not None
        return door

    def knock(self) -> Way:
        return self._with(self.wire.entra.tab_token(self.wire.region.residents[PEOPLE[0]]))

    def knocks_wrongly(self) -> Mapping[str, Callable[[], Way]]:
        ana, luis = self.wire.region.residents[PEOPLE[0]], self.wire.region.residents["luis.ortega"]
        token = self.wire.entra.tab_token

        def forged() -> Way:
            claims = jwt.decode(token(ana), options={"verify_signature": False})
            key = rsa.generate_private_key(65537, 2048)
            return self._with(jwt.encode(claims, key, "RS256", {"kid": self.wire.signer.kid}))

        return {
            "another audience": lambda: self._with(token(ana, aud="another-app")),
            "another signer": forged,
            "expired": lambda: self._with(token(ana, exp=1)),
            "another institution": lambda: self._with(token(ana, tid="11111111-1111-1111-1111-111111111111")),
            "a guest": lambda: self._with(self.wire.entra.guest_token(luis)),
            "no object id": lambda: self._with(token(ana, oid=None)),
        }

    @staticmethod
    def _with(token: str) -> Way:
        return InboundRequest("POST", "/door/teams/here", form={"token": token}), None

    @staticmethod
    def _channel(parts: Mapping[str, str]) -> str:
        return parts["channel"].partition("/")[2]

"""Google Workspace as a suite plays it: Google's client over the pretended APIs, and what people do there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from bs4 import BeautifulSoup
from cryptography.hazmat.primitives.asymmetric import rsa

from coplink.core.people import AccountId
from coplink.core.rhythm import Series, zone_of
from coplink.ports.door import Door, InboundRequest, Knock
from coplink.ports.integration import Capability
from coplink.ports.spaces import SpaceWish
from coplink.testing.conformance import Front, ServedRig, cannot
from coplink.testing.conformance.rig import Way
from coplink_google import integration
from coplink_google.sandbox import make

PEOPLE = ("luis.ortega", "mei.chen", "noah.feld", "olga.ivanova", "pedro.alves", "qiana.jones")
RETURN = "http://127.0.0.1:8080/door/google"
KNOCK = Knock("a-state", "a-nonce", "v" * 43, RETURN)


class GoogleRig(ServedRig):
    where = "coplink_google:integration"
    lines: Mapping[Capability, str] = {
        Capability.SPACES: "Shared drives",
        Capability.SEATS: "Groups",
        Capability.DIRECTORY: "Accounts",
        Capability.CALENDAR: "Calendars",
        Capability.LIBRARY: "Shared drives",
        Capability.WATCH: "Shared drives",
        Capability.UPKEEP: "Shared drives",
        Capability.ANNOUNCEMENTS: "Chat",
    }
    sdk = ("googleapiclient", "google", "google_auth_httplib2", "httplib2")
    key_prefix = "google.key"
    stranger = AccountId("999999999999999999999")
    lists_subscriptions = False  # Google's channels are known to whoever made them

    def __init__(self, front: Front, patch: pytest.MonkeyPatch) -> None:
        super().__init__(front, integration, make, "lakeside")
        self.settings = {**self.settings, **self.wire.with_chat("lakeside")}
        self.connection = integration.connect(self.settings, self.around())
        self._patch = patch
        people = [self.wire.region.residents[key] for key in PEOPLE]
        self.accounts = tuple(AccountId(str(person.google_id)) for person in people)
        self.addresses = tuple(person.upn for person in people)

    # --- weather ----------------------------------------------------------------------------------------------------

    def half_a_listing(self, parts: Mapping[str, str]) -> None:
        self.pages_of(2)
        self.rain("GET .*/members.*pageToken", status=503, body={})

    # --- what people do over there ----------------------------------------------------------------------------------

    def revoke(self) -> None:
        refused = {
            "error": {"code": 401, "message": "Invalid Credentials", "errors": [{"reason": "authError"}]}
        }
        self.rain("", status=401, times=50, body=refused)

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        if step != "group":
            cannot("a copy of what is in the drive")
        kept = self.store.get("google.group", parts["group"])
        assert kept is not None
        twin = {"id": "0twin", "email": f"{kept['email'].partition('@')[0]}-2@lakeside.example"}
        self.store.put("google.group", "0twin", {**kept, **twin})

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        kept = self.store.get("google.drive", parts["drive"])
        assert kept is not None
        self.store.put("google.drive", parts["drive"], {**kept, "name": name})

    def vanish(self, parts: Mapping[str, str]) -> None:
        self.store.drop("google.drive", parts["drive"])
        self.store.drop("google.group", parts["group"])
        self.store.drop("google.chat", parts["chat"])

    def seat_own_account(self, parts: Mapping[str, str]) -> AccountId:
        robot = self.wire.directory.account(self.wire.districts["lakeside"], "coplink@lakeside.example")
        group = self.store.get("google.group", parts["group"])
        self.wire.directory.seat(group, robot["id"], robot["email"], "OWNER")
        return AccountId(robot["id"])

    def foreign_address(self) -> str:
        return "ana.ruiz@riverbend.example"

    def meetings(self, parts: Mapping[str, str], series: Series) -> Sequence[datetime]:
        state = self.wire.state()
        starts = [start for one in state["series"] for start in one["instances"]]
        starts += [one["start"] for one in state["events"]]
        return sorted(datetime.fromisoformat(start).astimezone(UTC) for start in starts)

    def move_meeting(self, parts: Mapping[str, str], series: Series, original: date, by: timedelta) -> None:
        zone = zone_of(series.rhythm.zone)
        (stored,) = self.wire.events.stored(parts["calendar"])
        for row in self.wire.events.instances(stored):
            regular = datetime.fromisoformat(row["originalStartTime"]["dateTime"])
            if regular.astimezone(zone).date() == original:
                times = {
                    name: {
                        "dateTime": (datetime.fromisoformat(row[name]["dateTime"]) + by).isoformat(),
                        "timeZone": series.rhythm.zone,
                    }
                    for name in ("start", "end")
                }
                self.wire.events.change(stored, regular.astimezone(UTC), times, None)

    def half_a_calendar(self, parts: Mapping[str, str]) -> None:
        self.pages_of(4)
        self.rain("GET .*/instances.*pageToken", status=503, body={})

    def announced(self, parts: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
        found = []
        for message in self.wire.chat.messages(parts["chat"]):
            title, _, rest = message.partition("\n\n")
            text, _, last = rest.rpartition("\n\n")
            found.append((title, text, last.rpartition(" · ")[0]))
        return found

    def add_file(self, parts: Mapping[str, str], name: str) -> str:
        district, drive = self.wire.districts["lakeside"], self.store.get("google.drive", parts["drive"])
        made = self.wire.drive.add(drive, self.addresses[0], district, name=name, parents=[parts["folder"]])
        return str(made["id"])

    def add_folder(self, parts: Mapping[str, str], name: str) -> None:
        district, drive = self.wire.districts["lakeside"], self.store.get("google.drive", parts["drive"])
        kind = "application/vnd.google-apps.folder"
        where = [parts["folder"]]
        self.wire.drive.add(drive, self.addresses[0], district, name=name, parents=where, mimeType=kind)

    def rename_file(self, remote: str, name: str) -> None:
        self.wire.drive.change(remote, name=name)

    def delete_file(self, remote: str) -> None:
        self.wire.drive.change(remote, removed=True)

    def forget_cursors(self) -> None:
        self.wire.drive.changes.forget()

    def call_in(self, secret: str) -> InboundRequest:
        about = {"channel-token": secret, "channel-id": "1", "resource-state": "change"}
        headers = {f"x-goog-{name}": value for name, value in about.items()}
        return InboundRequest("POST", "/hook/here/1", headers=headers)

    # --- the way in -------------------------------------------------------------------------------------------------

    def door(self) -> Door:
        door = integration.door("here", self.settings, self.around())
        assert door is not None
        return door

    def knock(self) -> Way:
        reply = self.door().begin(KNOCK)
        with httpx.Client(trust_env=False) as browser:
            page = browser.get(reply.headers["location"] + f"&login_hint={self.addresses[0]}")
            form = BeautifulSoup(page.text, "html.parser").find("form")
            values = {one["name"]: one["value"] for one in form.find_all("input")}
            answer = browser.post(self.wire.base_url + form["action"], data=values)
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        return InboundRequest("GET", "/door/google", {name: texts[0] for name, texts in query.items()}), KNOCK

    def knocks_wrongly(self) -> Mapping[str, Callable[[], Way]]:
        signin = self.wire.signin
        secret = signin._pem("signing")

        def handing_out(key: object = secret, **changes: object) -> Way:
            """The token end answers with an identity token of its own claims, but for these."""
            way = self.knock()
            honest = signin._id_token
            claims: dict[str, object] = {}

            def other(code: Mapping[str, object]) -> str:
                claims.update(jwt.decode(honest(code), options={"verify_signature": False}), **changes)
                return jwt.encode(claims, key, "RS256", headers={"kid": signin._kid()})  # type: ignore[arg-type]

            self._patch.setattr(signin, "_id_token", other)
            return way

        return {
            "another audience": lambda: handing_out(aud="another-client"),
            "another signer": lambda: handing_out(rsa.generate_private_key(65537, 2048)),
            "expired": lambda: handing_out(exp=1, iat=1),
            "another institution": lambda: handing_out(hd="riverbend.example"),
            "another nonce": lambda: handing_out(nonce="another"),
            "declined": lambda: (
                InboundRequest("GET", "/door/google", {"state": KNOCK.state, "error": "access_denied"}),
                KNOCK,
            ),
        }

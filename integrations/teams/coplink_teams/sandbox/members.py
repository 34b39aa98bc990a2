"""Members of channels and of the team: opaque ids, duplicates refused, the last owner kept, late listings."""

from __future__ import annotations

import base64
import re
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import GraphWire
from coplink_teams.sandbox.people import People

MEMBER, CHANNEL = "teams.member", "teams.channel"
ONE = re.compile(r"\(microsoft\.graph\.aadUserConversationMember/userId eq '([^']*)'\)")
QUERY = ("$filter", "$select", "$top", "$skiptoken")


class Members:
    """``…/members`` of a channel and of the team."""

    def __init__(self, wire: GraphWire, people: People) -> None:
        self._wire, self.people = wire, people
        channel, write = "/teams/<team>/channels/<channel>/members", "ChannelMember.ReadWrite.Group"
        wire.api("GET", "/teams/<team>/members", self.team_listing, "TeamMember.Read.Group", QUERY)
        wire.api("GET", channel, self.listing, write, QUERY)
        wire.api("POST", channel, self.add, write)
        wire.api("PATCH", f"{channel}/<membership>", self.change, write)
        wire.api("DELETE", f"{channel}/<membership>", self.remove, write)

    # --- for other parts ------------------------------------------------------------------------------------------

    def seat(self, place: str, account: str, roles: list[str], since: float) -> Document:
        """Write one membership; ``place`` is a channel id or a team id."""
        serial = self._wire.store.serial(MEMBER)
        opaque = base64.urlsafe_b64encode(f"MCMjMCMj{serial}##{place[-12:]}##{account}".encode()).decode()
        kept = {
            "id": opaque,
            "place": place,
            "account": account,
            "roles": roles,
            "since": since,
            "gone": None,
        }
        self._wire.store.put(MEMBER, opaque, kept)
        return kept

    def sitting(self, place: str) -> list[Document]:
        """Who is a member at this moment, whatever listings show."""
        return [m for m in self._wire.store.all(MEMBER) if m["place"] == place and m["gone"] is None]

    def take_out(self, membership: str) -> None:
        """End one membership; the last owner stays."""
        with self._wire.store.change():
            kept = self._wire.document(MEMBER, membership)
            self._keep_an_owner(kept)
            self._wire.store.put(MEMBER, membership, {**kept, "gone": self._wire.clock()})

    def bound(self, body: dict[str, Any]) -> str:
        """The account a ``user@odata.bind`` names; 404 for strangers."""
        match = re.fullmatch(r"(.+)/users\('([^']+)'\)", str(body.get("user@odata.bind") or ""))
        if not match or not match[1].startswith(self._wire.base_url):
            raise Refuse(400, "BadRequest", "user@odata.bind is needed")
        account = self.people.find(match[2])
        if account is None:
            raise Refuse(404, "NotFound", "Failed to find this user")
        return str(account["id"])

    # --- routes ---------------------------------------------------------------------------------------------------

    def team_listing(self, request: Request, team: str) -> Response:
        """Members of the host team."""
        return self._listing(request, team, None)

    def listing(self, request: Request, team: str, channel: str) -> Response:
        """Members of a channel; a filter by account is answered at once, the whole listing with the lag."""
        self._channel(channel)
        return self._listing(request, channel, lambda: self._wire.read_completely("space", channel))

    def add(self, request: Request, team: str, channel: str) -> Response:
        """Add one member to a private or shared channel."""
        kept = self._channel(channel)
        body = self._wire.body(request, ("roles", "user@odata.bind"), ("roles", "user@odata.bind"))
        roles = _roles(body)
        if kept["kind"] == "standard":
            raise Refuse(400, "BadRequest", "Members of a standard channel are those of the team")
        with self._wire.store.change():
            account = self.bound(body)
            if kept["kind"] == "private" and all(m["account"] != account for m in self.sitting(team)):
                raise Refuse(404, "NotFound", "The user is not a member of the team")
            if kept["kind"] == "shared" and "#EXT#" in str(
                (self.people.find(account) or {}).get("userPrincipalName")
            ):
                raise Refuse(403, "Forbidden", "Guests cannot be members of shared channels by policy")
            if any(m["account"] == account for m in self.sitting(channel)):
                raise Refuse(400, "BadRequest", "The member already exists in the channel")
            made = self.seat(channel, account, roles, self._wire.clock())
        return self._wire.json(self._shown(made), 201)

    def change(self, request: Request, team: str, channel: str, membership: str) -> Response:
        """Change the roles of one membership."""
        body = self._wire.body(request, ("roles",), ("roles",))
        with self._wire.store.change():
            kept = self._member(channel, membership)
            if not _roles(body):
                self._keep_an_owner(kept)
            kept = {**kept, "roles": _roles(body)}
            self._wire.store.put(MEMBER, membership, kept)
        return self._wire.json(self._shown(kept))

    def remove(self, request: Request, team: str, channel: str, membership: str) -> Response:
        """End one membership."""
        with self._wire.store.change():
            self._member(channel, membership)
            self.take_out(membership)
        return Response(status=204)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _listing(self, request: Request, place: str, done: Any) -> Response:
        text = request.args.get("$filter")
        if text is not None:
            match = ONE.fullmatch(text)
            if not match:
                raise Refuse(400, "BadRequest", "Unsupported filter")
            return self._wire.page(
                request, [self._shown(m) for m in self.sitting(place) if m["account"] == match[1]]
            )
        wire = self._wire
        shown = [
            self._shown(m)
            for m in wire.store.all(MEMBER)
            if m["place"] == place
            and wire.visible(m["since"])
            and (m["gone"] is None or not wire.visible(m["gone"]))
        ]
        return wire.page(request, shown, done)

    def _channel(self, channel: str) -> Document:
        kept = self._wire.document(CHANNEL, channel)
        if not self._wire.visible(kept["since"]):
            raise Refuse(404, "NotFound", "The channel was not found")
        return kept

    def _member(self, channel: str, membership: str) -> Document:
        kept = self._wire.document(MEMBER, membership)
        if kept["place"] != channel or kept["gone"] is not None:
            raise Refuse(404, "NotFound", "The membership was not found")
        return kept

    def _keep_an_owner(self, leaving: Document) -> None:
        others = [m for m in self.sitting(leaving["place"]) if m["id"] != leaving["id"]]
        if "owner" in leaving["roles"] and all("owner" not in m["roles"] for m in others):
            raise Refuse(400, "BadRequest", "The channel must have at least one owner")

    def _shown(self, kept: Document) -> Document:
        account = self.people.find(kept["account"]) or {}
        return {
            "@odata.type": "#microsoft.graph.aadUserConversationMember",
            "id": kept["id"],
            "roles": kept["roles"],
            "displayName": account.get("displayName"),
            "userId": kept["account"],
            "email": account.get("mail"),
            "tenantId": self._wire.district.tenant_id,
        }


def _roles(body: Document) -> list[str]:
    roles = body["roles"]
    if roles not in ([], ["owner"]):
        raise Refuse(400, "BadRequest", "Invalid roles")
    return list(roles)

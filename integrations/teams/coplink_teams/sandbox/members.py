"""Members of teams and channels one by one: duplicates refused, the last owner kept, late listings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import GraphWire
from coplink_teams.sandbox.people import People
from coplink_teams.sandbox.roll import Roll

CHANNEL, TEAM = "teams.channel", "teams.team"
ONE = re.compile(r"\(microsoft\.graph\.aadUserConversationMember/userId eq '([^']*)'\)")
QUERY = ("$filter", "$select", "$top", "$skiptoken")
PAGE = 999
OF_CHANNEL, OF_TEAM = "ChannelMember.ReadWrite.Group", "TeamMember.ReadWrite.All"


class Members:
    """``…/members`` of teams and of channels. ``most`` is how many a place takes, and how many own it."""

    def __init__(self, wire: GraphWire, people: People) -> None:
        self._wire, self.people, self.roll = wire, people, Roll(wire)
        self.most = {"channel": 5_000, "team": 25_000, "owners": 100}
        channel, team = "/teams/<team>/channels/<channel>/members", "/teams/<team>/members"
        wire.api("GET", team, self.listing, "", QUERY)
        wire.api("PATCH", f"{team}/<membership>", self.change, OF_TEAM)
        wire.api("GET", channel, self.listing, OF_CHANNEL, QUERY)
        wire.api("POST", channel, self.add, OF_CHANNEL)
        wire.api("PATCH", f"{channel}/<membership>", self.change, OF_CHANNEL)
        wire.api("DELETE", f"{channel}/<membership>", self.remove, OF_CHANNEL)

    # --- for other parts ------------------------------------------------------------------------------------------

    def seat(self, place: str, account: str, roles: list[str], since: float) -> Document:
        """Write one membership; ``place`` is a channel id or a team id."""
        return self.roll.seat(place, account, roles, since)

    def sitting(self, place: str) -> list[Document]:
        """Who is a member at this moment, whatever listings show."""
        return self.roll.sitting(place)

    def take_out(self, membership: str) -> None:
        """End one membership; the last owner stays."""
        with self._wire.store.change():
            kept = self._known(self.roll.by_id(membership))
            self.keep_an_owner(kept)
            self.roll.end(kept, self._wire.clock())

    def bound(self, body: dict[str, Any]) -> str:
        """The account a ``user@odata.bind`` names; 404 for strangers."""
        match = re.fullmatch(r"(.+)/users\('([^']+)'\)", str(body.get("user@odata.bind") or ""))
        if not match or not match[1].startswith(self._wire.base_url):
            raise Refuse(400, "BadRequest", "user@odata.bind is needed")
        account = self.people.find(match[2])
        if account is None or not self.people.shows(account["id"]):
            raise Refuse(404, "NotFound", "Failed to find this user")
        return str(account["id"])

    def place(self, team: str, channel: str | None) -> str:
        """The id under which members of a team or of one of its channels are kept; 404 until it is visible."""
        kept = self._wire.document(CHANNEL, channel) if channel else self._wire.document(TEAM, team)
        if not self._wire.visible(kept.get("since", 0.0)):
            raise Refuse(404, "NotFound", f"The {'channel' if channel else 'team'} was not found")
        return channel or team

    def takes_members(self, channel: str | None) -> None:
        """Refuse a channel that has no members of its own."""
        if channel and self._wire.document(CHANNEL, channel)["kind"] == "standard":
            raise Refuse(400, "BadRequest", "Members of a standard channel are those of the team")

    def seat_one(self, team: str, channel: str | None, account: str, roles: list[str]) -> Document:
        """Add somebody as Microsoft would, or refuse it."""
        place, kind = channel or team, "team"
        if channel:
            kind = str(self._wire.document(CHANNEL, channel)["kind"])
        guest = "#EXT#" in str((self.people.find(account) or {}).get("userPrincipalName"))
        if kind == "private" and self.roll.of(team, account) is None:
            raise Refuse(404, "NotFound", "The user is not a member of the team")
        if kind == "shared" and guest:
            raise Refuse(403, "Forbidden", "Guests cannot be members of shared channels by policy")
        if roles and guest:
            raise Refuse(400, "BadRequest", "Guests cannot be owners")
        if self.roll.of(place, account) is not None:
            raise Refuse(400, "BadRequest", f"The member already exists in the {_word(channel)}")
        if self.roll.count(place) >= self.most[_word(channel)]:
            raise Refuse(
                403, "Forbidden", f"The maximum number of members of the {_word(channel)} is reached"
            )
        self._room_for_owners(place, roles)
        return self.roll.seat(place, account, roles, self._wire.clock())

    def keep_an_owner(self, leaving: Document) -> None:
        """Refuse what would leave a place without an owner."""
        if self.roll.owners(leaving["place"]) <= {leaving["account"]} and "owner" in leaving["roles"]:
            raise Refuse(400, "BadRequest", "The team or channel must have at least one owner")

    # --- routes ---------------------------------------------------------------------------------------------------

    def listing(self, request: Request, team: str, channel: str | None = None) -> Response:
        """Who sits there; a filter by account is answered at once, the whole listing with the lag."""
        wire, place = self._wire, self.place(team, channel)
        if not channel and not {"TeamMember.Read.Group", OF_TEAM} & set(wire.granted()):
            raise Refuse(403, "Forbidden", "Missing permission TeamMember.Read.Group")
        if int(request.args.get("$top", "1")) > PAGE:
            raise Refuse(400, "BadRequest", f"$top is {PAGE} at most")
        text = request.args.get("$filter")
        if text is not None:
            match = ONE.fullmatch(text)
            if not match:
                raise Refuse(400, "BadRequest", "Unsupported filter")
            found = self.roll.of(place, match[1])
            return wire.page(request, [self.shown(found)] if found else [])
        listed = [
            self.shown(m)
            for m in self.roll.everybody(place)
            if wire.visible(m["since"]) and (m["gone"] is None or not wire.visible(m["gone"]))
        ]
        done: Callable[[], None] = lambda: wire.read_completely("space", place)  # noqa: E731
        return wire.page(request, listed, done, most=PAGE)

    def add(self, request: Request, team: str, channel: str) -> Response:
        """Add one member to a private or shared channel."""
        self.place(team, channel)
        body = self._wire.body(request, ("roles", "user@odata.bind"), ("roles", "user@odata.bind"))
        self.takes_members(channel)
        with self._wire.store.change():
            made = self.seat_one(team, channel, self.bound(body), roles_of(body))
        return self._wire.json(self.shown(made), 201)

    def change(self, request: Request, team: str, membership: str, channel: str | None = None) -> Response:
        """Change the roles of one membership."""
        body = self._wire.body(request, ("roles",), ("roles",))
        with self._wire.store.change():
            kept = self._member(team, channel, membership)
            if roles_of(body):
                self._room_for_owners(kept["place"], roles_of(body))
            else:
                self.keep_an_owner(kept)
            kept = {**kept, "roles": roles_of(body)}
            self.roll.keep(kept)
        return self._wire.json(self.shown(kept))

    def remove(self, request: Request, team: str, channel: str, membership: str) -> Response:
        """End one membership."""
        with self._wire.store.change():
            self._member(team, channel, membership)
            self.take_out(membership)
        return Response(status=204)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _member(self, team: str, channel: str | None, membership: str) -> Document:
        place, kept = self.place(team, channel), self._known(self.roll.by_id(membership))
        if kept["place"] != place:
            raise Refuse(404, "NotFound", "The membership was not found")
        return kept

    def _known(self, kept: Document | None) -> Document:
        if kept is None or kept["gone"] is not None:
            raise Refuse(404, "NotFound", "The membership was not found")
        return kept

    def _room_for_owners(self, place: str, roles: list[str]) -> None:
        if roles and len(self.roll.owners(place)) >= self.most["owners"]:
            raise Refuse(400, "BadRequest", "The maximum number of owners is reached")

    def shown(self, kept: Document) -> Document:
        """One membership as Graph shows it."""
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


def _word(channel: str | None) -> str:
    return "channel" if channel else "team"


def roles_of(body: Document) -> list[str]:
    """The roles of a body: none, or owner."""
    roles = body["roles"]
    if roles not in ([], ["owner"]):
        raise Refuse(400, "BadRequest", "Invalid roles")
    return list(roles)

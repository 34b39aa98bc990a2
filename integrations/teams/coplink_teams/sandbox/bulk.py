"""``members/add`` and ``members/remove``: many at a time, each with an answer of their own (207 where one failed)."""

from __future__ import annotations

import re
from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import GraphWire
from coplink_teams.sandbox.members import OF_CHANNEL, OF_TEAM, Members, roles_of

RESULT = "#microsoft.graph.aadUserConversationMemberResult"


class Bulk:
    """At most ``most_added`` or ``most_removed`` people in one call; Graph refuses longer lists as a whole."""

    def __init__(self, wire: GraphWire, members: Members) -> None:
        self._wire, self._members = wire, members
        self.most_added, self.most_removed = 200, 20
        channel, team = "/teams/<team>/channels/<channel>/members", "/teams/<team>/members"
        for path, permission in ((channel, OF_CHANNEL), (team, OF_TEAM)):
            wire.api("POST", f"{path}/add", self.add, permission)
            wire.api("POST", f"{path}/remove", self.remove, permission)

    def add(self, request: Request, team: str, channel: str | None = None) -> Response:
        """Add people."""
        return self._each(
            request, team, channel, self.most_added, lambda one: self._add_one(team, channel, one)
        )

    def remove(self, request: Request, team: str, channel: str | None = None) -> Response:
        """Take people out; the last owner stays."""
        return self._each(
            request, team, channel, self.most_removed, lambda one: self._take_one(channel or team, one)
        )

    def _each(
        self, request: Request, team: str, channel: str | None, most: int, do: Callable[[Document], str]
    ) -> Response:
        self._members.place(team, channel)
        self._members.takes_members(channel)
        values = self._wire.body(request, ("values",), ("values",))["values"]
        if not isinstance(values, list) or not 1 <= len(values) <= most:
            raise Refuse(400, "BadRequest", f"The number of members in one request is limited to {most}")
        results = []
        with self._wire.store.change():
            for one in values:
                error: Document | None = None
                try:
                    account: str | None = do(one)
                except Refuse as refused:
                    account, error = _named(one), {"code": refused.code, "message": refused.message}
                results.append({"@odata.type": RESULT, "userId": account, "error": error})
        return self._wire.json({"value": results}, 207 if any(r["error"] for r in results) else 200)

    def _add_one(self, team: str, channel: str | None, one: Document) -> str:
        self._well_formed(one)
        account = self._members.bound(one)
        self._members.seat_one(team, channel, account, roles_of(one))
        return account

    def _take_one(self, place: str, one: Document) -> str:
        self._well_formed(one)
        account = self._members.bound(one)
        kept = self._members.roll.of(place, account)
        if kept is None:
            raise Refuse(404, "NotFound", "The user is not a member")
        self._members.take_out(kept["id"])
        return account

    def _well_formed(self, one: Document) -> None:
        if set(one) - {"@odata.type", "roles", "user@odata.bind"}:
            raise Refuse(400, "BadRequest", "unknown property of a member")


def _named(one: Document) -> str | None:
    match = re.search(r"/users\('([^']+)'\)$", str(one.get("user@odata.bind") or ""))
    return match[1] if match else None

"""The connection's own account: it owns the channels, the teams and the calendar, and is never reported as a member."""

from __future__ import annotations

from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Gone, Misconfigured
from coplink_teams import ADMIN
from coplink_teams.calls import Graph
from coplink_teams.settings import Settings


class ServiceAccount:
    """The service mailbox as an account; its object id is asked once for each connection."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph, self.mailbox = graph, settings.mailbox
        self._id = ""

    def id(self) -> str:
        """Its Entra object id; raises ``Misconfigured`` where the mailbox is unknown."""
        if not self._id:
            try:
                found = self._graph.get(
                    lambda g: g.users.by_user_id(self.mailbox), service="identity", query={"$select": "id"}
                )
            except Gone as error:
                raise Misconfigured(
                    say("The service mailbox of the Teams connection does not exist in your organisation."),
                    ADMIN,
                    error.detail,
                ) from error
            self._id = str(found["id"])
        return self._id

    def as_owner(self) -> dict[str, Any]:
        """The account as the owner that whatever an app makes has to name."""
        return {
            "@odata.type": "#microsoft.graph.aadUserConversationMember",
            "user@odata.bind": self.bind(self.id()),
            "roles": ["owner"],
        }

    def bind(self, account: str) -> str:
        """An account as ``@odata.bind`` wants it."""
        return f"{self._graph.base}/users('{account}')"

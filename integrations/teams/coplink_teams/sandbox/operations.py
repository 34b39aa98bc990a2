"""Long-running operations: answered 202, done after ``seconds``, told by ``/teams/{id}/operations/{op}``."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import GraphWire

OPERATION = "teams.operation"
WRITE = ("Team.Create", "TeamSettings.ReadWrite.Group", "Channel.Create.Group")


class Operations:
    """What goes on behind a 202. ``fails`` is the code with which those begun from now on end; ``polled`` when each was
    asked for.
    """

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire
        self.seconds = 0.0
        self.fails = ""
        self.forms = ("Location", "Content-Location")
        self.polled: dict[str, list[float]] = {}
        self.ended: Callable[[Document], None] = lambda operation: None
        wire.api("GET", "/teams/<team>/operations/<operation>", self.one, WRITE)

    def begin(self, team: str, kind: str) -> Response:
        """Begin one; the answer names it in OData's own form, without host and version, as Graph does."""
        wire, number = self._wire, guid("operation", secrets.token_hex(8))
        kept = {
            "id": number, "team": team, "type": kind, "at": wire.clock(), "until": wire.clock() + self.seconds,
            "fails": self.fails, "done": False,
        }  # fmt: skip
        wire.store.put(OPERATION, number, kept)
        self.catch_up()
        named = {
            "Location": f"/teams('{team}')/operations('{number}')",
            "Content-Location": f"/teams('{team}')",
        }
        return Response(status=202, headers={form: named[form] for form in self.forms})

    def catch_up(self) -> None:
        """Bring about what is due by now."""
        wire = self._wire
        with wire.store.change():
            for kept in wire.store.all(OPERATION):
                if not kept["done"] and wire.clock() >= kept["until"]:
                    wire.store.put(OPERATION, kept["id"], {**kept, "done": True})
                    self.ended(kept)

    def one(self, request: Request, team: str, operation: str) -> Response:
        """How far it is."""
        wire = self._wire
        self.polled.setdefault(operation, []).append(wire.clock())
        self.catch_up()
        kept = wire.document(OPERATION, operation)
        if kept["team"] != team:
            raise Refuse(404, "NotFound", "The operation was not found")
        status = "inProgress" if not kept["done"] else "failed" if kept["fails"] else "succeeded"
        error = {"code": kept["fails"], "message": "The operation failed"} if status == "failed" else None
        return wire.json(
            {
                "id": operation, "operationType": kept["type"], "createdDateTime": wire.stamp(kept["at"]),
                "status": status, "lastActionDateTime": wire.stamp(), "attemptsCount": 1,
                "targetResourceId": team, "targetResourceLocation": f"/teams('{team}')", "error": error,
            }
        )  # fmt: skip

"""``$batch``: at most 20 relative parts, each routed, limited by weather and counted like a call of its own."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import ROOT, GraphWire


class Batch:
    """The envelope itself is no write; its parts are."""

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire
        wire.route("POST", f"{ROOT}/$batch", self.envelope, write=False)

    def envelope(self, request: Request) -> Response:
        """Carry the parts out in order; a part waits for those it depends on."""
        body = self._wire.body(request, ("requests",), ("requests",))
        parts = body["requests"]
        if not isinstance(parts, list) or not 1 <= len(parts) <= 20:
            raise Refuse(400, "BadRequest", "A batch holds 1 to 20 requests")
        if len({part.get("id") for part in parts}) != len(parts):
            raise Refuse(400, "BadRequest", "Request ids must be unique")
        answers: dict[str, Document] = {}
        for part in parts:
            failed = any(
                answers.get(before, {"status": 424})["status"] >= 400
                for before in part.get("dependsOn") or ()
            )
            answers[part["id"]] = {"id": part["id"], "status": 424} if failed else self._part(request, part)
        return self._wire.json({"responses": list(reversed(answers.values()))})  # unordered, as Graph's are

    def _part(self, request: Request, part: dict[str, Any]) -> Document:
        wire, url, method = self._wire, str(part.get("url") or ""), str(part.get("method") or "")
        if not url.startswith("/") or url.startswith("//") or ("body" in part and "headers" not in part):
            raise Refuse(400, "BadRequest", "Invalid batch part")
        headers = {"Authorization": request.headers["Authorization"], **(part.get("headers") or {})}
        answer = wire.dispatch(method, ROOT + url, headers, part.get("body"))
        shown: Document = {"id": part["id"], "status": answer.status_code, "headers": dict(answer.headers)}
        if answer.get_data():
            shown["body"] = json.loads(answer.get_data())
        return shown

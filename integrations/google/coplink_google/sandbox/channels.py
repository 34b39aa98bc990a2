"""Channels, pretended: Google calls whoever asked when files change, unsigned and late, from another thread.

Kept: the first call says ``sync``; an address must be https (or this machine); a channel's name is used once; a channel
lives a week at most, and ends without a word. ``manner`` is how calls are made: normal, twice, wrong-token or dropped.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.frame import Asked, Frame, opaque

KIND = "google.channel"
LONGEST = 7 * 86_400.0
PATIENCE = 10.0
HERE = ("127.0.0.1", "localhost")


class Channels:
    """The calls themselves, and how many were answered with what."""

    def __init__(self, wire: Frame) -> None:
        self._wire, self._store = wire, wire.store
        self.manner = "normal"
        self.delivered: list[int] = []
        self._due: queue.Queue[tuple[Document, str]] = queue.Queue()
        self._caller: threading.Thread | None = None
        wire.api("drive.channels.stop", self._stop)

    def open(self, asked: Asked, drive: str) -> Mapping[str, Any]:
        """A new channel on the changes of a drive."""
        body = asked.body
        parts = urlsplit(str(body.get("address", "")))
        if body.get("type") not in ("web_hook", "webhook") or not body.get("id"):
            raise Refuse(400, "required", "a channel needs an id and a type")
        if parts.scheme != "https" and parts.hostname not in HERE:
            raise Refuse(400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS")
        if len(str(body["id"])) > 64 or len(str(body.get("token", ""))) > 256:
            raise Refuse(400, "invalid", "the id or the token is too long")
        if self._store.get(KIND, body["id"]):
            raise Refuse(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
        now = self._wire.clock()
        ends = min(float(body.get("expiration", (now + 3600) * 1000)) / 1000, now + LONGEST)
        if ends <= now:
            raise Refuse(400, "invalid", "the channel would have ended")
        kept = {
            "id": body["id"],
            "resource": opaque("", 27, "changes", drive),
            "drive": drive,
            "address": body["address"],
            "token": body.get("token", ""),
            "ends": ends,
            "living": True,
            "by": asked.caller,
            "number": 0,
        }
        self._store.put(KIND, kept["id"], kept)
        self._call(kept, "sync")
        return {
            "kind": "api#channel",
            "id": kept["id"],
            "resourceId": kept["resource"],
            "resourceUri": f"{self._wire.base_url}/drive/v3/changes?alt=json",
            "expiration": str(int(ends * 1000)),
        }

    def changed(self, drive: str) -> None:
        """Something happened to files of a drive."""
        for kept in self.living():
            if kept["drive"] == drive and self.manner != "dropped":
                for _ in range(2 if self.manner == "twice" else 1):
                    self._call(kept, "change")

    def living(self) -> list[Document]:
        """Every channel that has not ended."""
        now = self._wire.clock()
        return [one for one in self._store.all(KIND) if one["living"] and one["ends"] > now]

    def vanish(self) -> None:
        """Every channel is gone, and nobody is told."""
        for kept in self.living():
            self._store.put(KIND, kept["id"], {**kept, "living": False})

    def _stop(self, asked: Asked) -> None:
        kept = self._store.get(KIND, str(asked.body.get("id", "")))
        if kept is None or kept not in self.living() or kept["resource"] != asked.body.get("resourceId"):
            raise Refuse(404, "notFound", "Channel not found")
        self._store.put(KIND, kept["id"], {**kept, "living": False})

    def _call(self, kept: Document, state: str) -> None:
        if urlsplit(kept["address"]).hostname not in HERE:
            return  # a sandbox calls nobody outside of this machine
        if self._caller is None:
            self._caller = threading.Thread(target=self._go, name="pretended calls of Google", daemon=True)
            self._caller.start()
        self._due.put((kept, state))

    def _go(self) -> None:
        while True:
            kept, state = self._due.get()
            token = "somebody else's" if self.manner == "wrong-token" and state != "sync" else kept["token"]
            ends = datetime.fromtimestamp(kept["ends"], UTC)
            headers = {
                "X-Goog-Channel-ID": kept["id"],
                "X-Goog-Channel-Token": token,
                "X-Goog-Channel-Expiration": f"{ends:%a, %d %b %Y %H:%M:%S} GMT",
                "X-Goog-Resource-ID": kept["resource"],
                "X-Goog-Resource-URI": f"{self._wire.base_url}/drive/v3/changes?alt=json",
                "X-Goog-Resource-State": state,
                "X-Goog-Message-Number": str(len(self.delivered) + 1),
            }
            try:
                with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
                    self.delivered.append(client.post(kept["address"], headers=headers).status_code)
            except httpx.HTTPError:
                self.delivered.append(0)

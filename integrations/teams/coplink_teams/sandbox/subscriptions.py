"""Change notifications: the echo is asked for while the subscription is being made; calls come late, from a thread."""

from __future__ import annotations

import queue
import secrets
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.drives import FILE, PERMISSION
from coplink_teams.sandbox.frame import GraphWire

KIND = "teams.subscription"
LONGEST = timedelta(minutes=42_300)
PATIENCE = 10.0


class Subscriptions:
    """``/subscriptions``. ``manner`` is how calls are made: normal, twice, wrong-state or dropped."""

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire
        self.manner = "normal"
        self.delivered: list[int] = []
        self._due: queue.Queue[str] = queue.Queue()
        self._caller: threading.Thread | None = None
        wire.api("GET", "/subscriptions", self.listing, PERMISSION, ("$skiptoken",))
        wire.api("POST", "/subscriptions", self.create, PERMISSION)
        wire.api("PATCH", "/subscriptions/<subscription>", self.renew, PERMISSION)
        wire.api("DELETE", "/subscriptions/<subscription>", self.end, PERMISSION)

    def changed(self, drive: str) -> None:
        """Something happened on a drive: call everybody who asked, soon, from another thread."""
        if self._caller is None:
            self._caller = threading.Thread(target=self._call, name="pretended notifications", daemon=True)
            self._caller.start()
        self._due.put(drive)

    # --- routes ---------------------------------------------------------------------------------------------------

    def listing(self, request: Request) -> Response:
        """The app's own subscriptions that have not ended."""
        return self._wire.page(request, [_shown(s) for s in self._living()])

    def create(self, request: Request) -> Response:
        """Validate both addresses, then keep the subscription."""
        wire = self._wire
        needed = ("changeType", "notificationUrl", "resource", "expirationDateTime")
        body = wire.body(request, (*needed, "clientState", "lifecycleNotificationUrl"), needed)
        drive = str(body["resource"]).removeprefix("/").removeprefix("drives/").removesuffix("/root")
        if body["changeType"] != "updated" or not any(f["drive"] == drive for f in wire.store.all(FILE)):
            raise Refuse(400, "InvalidRequest", "The resource of the subscription is not supported")
        if len(str(body.get("clientState") or "")) > 128:
            raise Refuse(400, "InvalidRequest", "clientState is too long")
        ends = self._ends(body)
        addresses = [str(body[n]) for n in ("notificationUrl", "lifecycleNotificationUrl") if body.get(n)]
        for address in addresses:
            self._validate(address)
        kept = {
            "id": guid("subscription", secrets.token_hex(8)), "drive": drive, "resource": body["resource"],
            "url": addresses[0], "lifecycle": addresses[-1], "state": body.get("clientState"), "ends": ends,
        }  # fmt: skip
        wire.store.put(KIND, str(kept["id"]), kept)
        return wire.json(_shown(kept), 201)

    def renew(self, request: Request, subscription: str) -> Response:
        """A new end; nothing else can be changed."""
        body = self._wire.body(request, ("expirationDateTime",), ("expirationDateTime",))
        with self._wire.store.change():
            kept = self._wire.document(KIND, subscription)
            if kept not in self._living():
                raise Refuse(404, "ResourceNotFound", "The subscription has ended")
            kept = {**kept, "ends": self._ends(body)}
            self._wire.store.put(KIND, subscription, kept)
        return self._wire.json(_shown(kept))

    def end(self, request: Request, subscription: str) -> Response:
        """No more calls."""
        with self._wire.store.change():
            self._wire.document(KIND, subscription)
            self._wire.store.drop(KIND, subscription)
        return Response(status=204)

    # --- for tests ------------------------------------------------------------------------------------------------

    def vanish(self) -> None:
        """Every subscription is gone, and nobody is told."""
        for kept in self._living():
            self._wire.store.drop(KIND, str(kept["id"]))

    def tell(self, event: str) -> list[int]:
        """Call the lifecycle address of every subscription at once; what was answered."""
        for kept in self._living():
            self._notify(kept, event)
        return self.delivered

    # --- inside ---------------------------------------------------------------------------------------------------

    def _living(self) -> list[Document]:
        return [s for s in self._wire.store.all(KIND) if s["ends"] > self._wire.stamp()]

    def _ends(self, body: Document) -> str:
        now = datetime.fromtimestamp(self._wire.clock(), UTC)
        ends = datetime.fromisoformat(str(body["expirationDateTime"]))
        if not now < ends <= now + LONGEST + timedelta(minutes=5):
            raise Refuse(400, "InvalidRequest", "Subscription expirationDateTime is out of range")
        return self._wire.stamp(ends.timestamp())

    def _validate(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise Refuse(400, "InvalidRequest", "The notification address must be https")
        token = f"Validation: Testing client application reachability & <echo> {secrets.token_hex(8)}"
        try:
            with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
                answer = client.post(
                    address, params={"validationToken": token}, headers={"Content-Type": "text/plain"}
                )
        except httpx.HTTPError as error:
            raise Refuse(400, "ValidationError", "Subscription validation request failed.") from error
        plain = answer.headers.get("content-type", "").startswith("text/plain")
        if answer.status_code != 200 or answer.text != token or not plain:
            raise Refuse(400, "ValidationError", "Subscription validation request failed.")

    def _call(self) -> None:
        while True:
            drive = self._due.get()
            for subscription in self._living():
                if subscription["drive"] == drive and self.manner != "dropped":
                    for _ in range(2 if self.manner == "twice" else 1):
                        self._notify(subscription)

    def _notify(self, subscription: Document, event: str = "") -> None:
        state = "somebody else" if self.manner == "wrong-state" else subscription["state"]
        entry = {
            "subscriptionId": subscription["id"], "clientState": state, "changeType": "updated",
            "resource": subscription["resource"], "subscriptionExpirationDateTime": subscription["ends"],
            "tenantId": self._wire.district.tenant_id,
        }  # fmt: skip
        if event:
            entry = {**entry, "lifecycleEvent": event}
            del entry["changeType"]
        address = subscription["lifecycle" if event else "url"]
        try:
            with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
                self.delivered.append(client.post(address, json={"value": [entry]}).status_code)
        except httpx.HTTPError:
            self.delivered.append(0)


def _shown(kept: Document) -> Document:
    return {
        "id": kept["id"],
        "resource": kept["resource"],
        "changeType": "updated",
        "notificationUrl": kept["url"],
        "lifecycleNotificationUrl": kept["lifecycle"],
        "expirationDateTime": kept["ends"],
        "clientState": kept["state"],
    }

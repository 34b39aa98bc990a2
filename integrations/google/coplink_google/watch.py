"""Google's promise to call us when files of a shared drive change (a channel on its list of changes).

A channel cannot be prolonged: a new one is made in its place, and the old one is stopped only after that. Nothing
hangs on a call: changes are read on a timer too. ``hints`` reads the calls themselves.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from coplink.core.words import say
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone, IntegrationError, UnexpectedReply
from coplink.ports.watch import Subscription
from coplink_google import manifest
from coplink_google.replies import AlreadyThere, part, text_of
from coplink_google.workspace import Workspace

LIFE = manifest.limits.watch_life or timedelta(days=6)


class DriveWatch:
    """Channels on the changes of shared drives; a subscription's remote id is channel and resource."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._google, self._clock = workspace, clock
        self._lock = threading.Lock()
        self._replaced: dict[str, Subscription] = {}

    def subscribe(self, parts: Mapping[str, str], callback: str, secret: str, key: str) -> Subscription:
        """Ask to be called, and stop the channel that this one replaces."""
        drive = part(parts, "drive")
        made = self._channel(drive, callback, secret, key)
        with self._lock:
            before = self._replaced.pop(drive, None)
        if before is not None:
            self._stop_if_it_goes(before)
        return made

    def renew(self, parts: Mapping[str, str], subscription: Subscription) -> Subscription:
        """Google prolongs no channel: raises ``Gone``, and the next subscription replaces this one."""
        with self._lock:
            self._replaced[part(parts, "drive")] = subscription
        raise Gone(say("Google asks for a new promise to call instead of a longer one."), "channels end")

    def stop(self, subscription: Subscription) -> None:
        """Take the promise back; one that is gone is no error."""
        channel, _, resource = subscription.remote.partition(" ")
        try:
            self._google.call("drive.channels.stop", body={"id": channel, "resourceId": resource})
        except Gone:
            return

    def _stop_if_it_goes(self, before: Subscription) -> None:
        """The old channel ends by itself in some days; until then its calls would only be one hint more."""
        try:
            self.stop(before)
        except IntegrationError:
            return

    def _channel(self, drive: str, callback: str, secret: str, key: str) -> Subscription:
        how = {"driveId": drive, "supportsAllDrives": True}
        start = self._google.call("drive.changes.getStartPageToken", **how, fields="startPageToken")
        ends = self._clock.now() + LIFE
        token = text_of(start, "startPageToken")
        # A name is used once, also by a try whose answer never came; that of the moment cannot have been.
        for salt in ("", f"/{self._clock.now().isoformat()}"):
            name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"coplink:{key}{salt}"))
            body = {
                "id": name,
                "type": "web_hook",
                "address": callback,
                "token": secret,
                "expiration": str(int(ends.timestamp() * 1000)),
            }
            try:
                made = self._google.call(
                    "drive.changes.watch", pageToken=token, includeItemsFromAllDrives=True, **how, body=body
                )
            except AlreadyThere:  # made by a go whose answer never came, and so nobody knows its resource
                continue
            return Subscription(f"{name} {text_of(made, 'resourceId')}", _ends(made, ends))
        said = say("Google says that every channel coplink asks for is there already.")
        raise UnexpectedReply(said, "drive.changes.watch")


def _ends(made: Mapping[str, Any], asked: datetime) -> datetime:
    """When Google says that the channel ends."""
    told = made.get("expiration")
    if not isinstance(told, str) or not re.fullmatch(r"[0-9]{1,15}", told):
        return asked
    return datetime.fromtimestamp(min(int(told) / 1000, asked.timestamp()), UTC)

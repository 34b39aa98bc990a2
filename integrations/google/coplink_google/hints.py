"""Reads the calls that Google makes when files of a shared drive change; needs no client, for pages and hooks use it.

Google signs nothing: the token that coplink gave with the channel is all that tells its calls from anybody's. The body
is not read, and a call is only ever a hint. Source: Google Drive API, "Notifications for resource changes".
"""

from __future__ import annotations

import hmac

from coplink.ports.door import InboundRequest, Reply
from coplink.ports.watch import Heard

STATES = frozenset({"add", "remove", "update", "trash", "untrash", "change", "exists", "not_exists"})


def receive(request: InboundRequest, secret: str) -> Reply | Heard | None:
    """What a call with our token hints at; a reply to the one with which a channel begins; None for any other call."""
    told = request.headers.get("x-goog-channel-token", "")
    proven = bool(secret) and hmac.compare_digest(
        told.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    )
    if not proven or request.method != "POST" or not request.headers.get("x-goog-channel-id"):
        return None
    state = request.headers.get("x-goog-resource-state", "")
    if state == "sync":
        return Reply(200)
    return Heard() if state in STATES else None

"""Reads the calls that Graph makes when files of a channel change; needs no SDK, for it stands in the web process.

Graph asks our address to echo a token while the request for a subscription is still open. Later calls carry our secret
as ``clientState``; what else they say is not used, they only hint that reading is worth while. Source: Microsoft Graph,
"Receive change notifications through webhooks".
"""

from __future__ import annotations

import hmac
import json

from coplink.ports.door import InboundRequest, Reply
from coplink.ports.watch import Heard

LONGEST_ECHO = 2048
LONGEST_BODY = 256 * 1024
MOST_ENTRIES = 1000


def receive(request: InboundRequest, secret: str) -> Reply | Heard | None:
    """The echo Graph waits for, or what a call with our secret hints at; None for any other call."""
    if "validationToken" in request.query:
        echo = request.query["validationToken"]
        if request.method != "POST" or not echo or len(echo) > LONGEST_ECHO:
            return Reply(400, {"content-type": "text/plain; charset=utf-8"}, "")
        # plain text that no browser may take for a page: the token is whatever the caller wrote
        return Reply(
            200, {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}, echo
        )
    if request.method != "POST" or len(request.body) > LONGEST_BODY:
        return None
    try:
        entries = json.loads(request.body)["value"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if not isinstance(entries, list):
        return None
    ours = secret[:128].encode()
    told = [entry.get("clientState") for entry in entries[:MOST_ENTRIES] if isinstance(entry, dict)]
    # every entry is compared, each in constant time
    fits = [
        isinstance(t, str) and hmac.compare_digest(t.encode("utf-8", "surrogatepass"), ours) for t in told
    ]
    return Heard() if any(fits) else None

"""Reads the calls that Graph makes when files of a channel change; needs no SDK, for it stands in the web process.

Graph asks our address to echo a token while the request for a subscription is still open. Later calls carry our secret
as ``clientState`` and come from our directory; what else they say is not used, they only hint that reading is worth
while, or that the subscription wants to be renewed. Sources: Microsoft Graph, "Receive change notifications through
webhooks" and "Reduce missing subscriptions and change notifications".
"""

from __future__ import annotations

import hmac
import json

from coplink.ports.door import InboundRequest, Reply
from coplink.ports.watch import Heard

LONGEST_ECHO = 2048
LONGEST_BODY = 256 * 1024
MOST_ENTRIES = 1000


RENEW = frozenset({"reauthorizationRequired", "subscriptionRemoved"})


def receive(request: InboundRequest, secret: str, tenant_id: str = "") -> Reply | Heard | None:
    """The echo Graph waits for, or what a call with our secret hints at; None for any other call.

    An entry that names another directory than ``tenant_id`` is not ours, whatever secret it carries.
    """
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
    told = [entry for entry in entries[:MOST_ENTRIES] if isinstance(entry, dict)]
    # every entry is compared, each in constant time
    proven = [entry for entry in told if _proven(entry.get("clientState"), ours)]
    meant = [entry for entry in proven if _of(entry.get("tenantId"), tenant_id)]
    if not meant:
        return None
    renew = [str(entry.get("lifecycleEvent")) in RENEW for entry in meant]
    return Heard(files=not all(renew), renew=any(renew))


def _proven(told: object, ours: bytes) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode("utf-8", "surrogatepass"), ours)


def _of(told: object, tenant_id: str) -> bool:
    return not tenant_id or told is None or (isinstance(told, str) and told.lower() == tenant_id.lower())

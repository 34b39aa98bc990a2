"""Graph's promise to call us when files of a channel change (a subscription on its drive).

The calls themselves are read by ``hints``. A lost or refused call costs nothing but time: the library is read on a
timer too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from coplink.core.words import say
from coplink.ports.errors import Misconfigured
from coplink.ports.integration import Surroundings
from coplink.ports.watch import Subscription
from coplink_teams import ADMIN, manifest
from coplink_teams.answers import Answer
from coplink_teams.calls import Graph
from coplink_teams.replies import accepted, careful, made

SHORT = timedelta(days=2)  # where the service wants less than the 42,300 minutes it publishes for drives
_LIFE = manifest.limits.watch_life or SHORT


class FileWatch:
    """Subscriptions on the drives of channels, and the calls that come of them."""

    def __init__(self, graph: Graph, around: Surroundings) -> None:
        self._graph, self._around = graph, around

    @careful
    def subscribe(self, parts: Mapping[str, str], callback: str, secret: str, key: str) -> Subscription:
        """Ask to be called; an earlier subscription with this callback is taken over."""
        for known in self._graph.listed(lambda g: g.subscriptions, service="files"):
            other_secret = known.get("clientState") not in (None, secret[:128])  # its calls would be refused
            if (
                known.get("notificationUrl") == callback
                and not other_secret
                and _ends(known) > self._around.clock.now()
            ):
                return Subscription(str(known["id"]), _ends(known))
        drive = parts["folder"].partition("/")[0]
        body = {
            "changeType": "updated",
            "resource": f"/drives/{drive}/root",
            "notificationUrl": callback,
            "lifecycleNotificationUrl": callback,
            "clientState": secret[:128],
        }
        answer = self._ask("POST", lambda g: g.subscriptions, body)
        if answer.status == 400 and callback.startswith("http://"):
            raise Misconfigured(
                say(
                    "Microsoft calls coplink only at an https address that can be reached from the internet."
                ),
                ADMIN,
                answer.detail(),
            )
        new = made(answer, 201).json()
        return Subscription(str(new["id"]), _ends(new))

    @careful
    def renew(self, parts: Mapping[str, str], subscription: Subscription) -> Subscription:
        """Prolong; raises ``Gone`` when Graph knows it no more."""
        answer = self._ask("PATCH", lambda g: g.subscriptions.by_subscription_id(subscription.remote), {})
        renewed = accepted(answer, 200).json()
        return Subscription(str(renewed["id"]), _ends(renewed))

    @careful
    def stop(self, subscription: Subscription) -> None:
        """Take the promise back; one that Graph knows no more is no error."""
        at = lambda g: g.subscriptions.by_subscription_id(subscription.remote)  # noqa: E731
        answer = self._graph.send("DELETE", at, service="files")
        if answer.status != 404:
            accepted(answer, 204)

    def _ask(self, method: str, at: object, body: Mapping[str, str]) -> Answer:
        """Ask for the long life, and for a short one where that is refused."""
        for life in (_LIFE, SHORT):
            until = (self._around.clock.now() + life).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            answer = self._graph.send(method, at, service="files", body={**body, "expirationDateTime": until})  # type: ignore[arg-type]
            if answer.status != 400 or "xpiration" not in " ".join(answer.error()):
                break
        return answer


def _ends(subscription: Mapping[str, object]) -> datetime:
    moment = datetime.fromisoformat(str(subscription["expirationDateTime"]))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

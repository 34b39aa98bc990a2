"""Google's published quotas as data, and the one place where calls take their part of them.

Google counts per API and account, and a batch of n as n calls; for each API coplink calls as one account. Figures are
those of each API's page on usage limits (developers.google.com, November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping

from coplink.ports.errors import IntegrationError, Throttled
from coplink.ports.pace import Limit, Pace, Rate

MINUTE = 60.0
LIMITS: Mapping[str, Limit] = {
    # Drive API, usage limits: 12,000 queries a minute; projects made since May 2026 have far more, in units.
    "drive": Limit("drive", (Rate(12_000, MINUTE, burst=1_200),)),
    # Calendar API, manage quotas: 600 queries a minute and account.
    "calendar": Limit("calendar", (Rate(600, MINUTE, burst=100),)),
    # Admin SDK Directory API: 2,400 queries a minute and account; two whole batches of 1,000 may go at once.
    "directory": Limit("directory", (Rate(2_400, MINUTE),)),
    # Groups Settings API: counted with the Directory API's figure, for lack of one.
    "settings": Limit("settings", (Rate(2_400, MINUTE, burst=240),)),
    # Chat API, usage limits: 60 writes of spaces a minute and project; members and messages have more.
    "chat": Limit("chat", (Rate(60, MINUTE, burst=20),)),
    # Cloud Identity Groups: one look-up for each Chat space, held to what Chat takes.
    "identity": Limit("identity", (Rate(600, MINUTE, burst=60),)),
    # Sign-in publishes none for a server; coplink needs a token an hour and one for each sign-in of a person.
    "sign-in": Limit("sign-in", (Rate(600, MINUTE, burst=100),)),
}


class Quota:
    """Our part of Google's quotas, for one connection or door."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def take(self, api: str, calls: int = 1) -> None:
        """Take so many calls' worth of an API's quota, or raise ``Throttled`` with the seconds to wait."""
        with self._pace.taking((LIMITS[api], ""), weight=calls):
            pass  # Google bounds no number of calls under way

    def most(self, api: str) -> int:
        """How many calls may go together, of our part of the quota: the parts of one batch."""
        return self._pace.most((LIMITS[api], ""))

    def told(self, api: str, refused: IntegrationError) -> IntegrationError:
        """The same refusal; when Google asks to slow down, everybody at this API does."""
        if isinstance(refused, Throttled):
            self._pace.told(LIMITS[api], "", refused.retry_after)
        return refused

"""Microsoft's published rates, kept on the wire's clock: for tests of who keeps to them without being told.

Four requests a second on one team and 30 in all of Teams, 10,000 in ten minutes and four at a time on one mailbox, 150
invitations in five seconds, 3,500 units in ten seconds for the directory (Microsoft's throttling page, as of 2026-11).
The parts of a batch count one by one. The throttling page names no bursts: a bucket holds a second's worth.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable

from werkzeug.wrappers import Request

from coplink.sandbox.quota import Quota
from coplink.sandbox.wire import Refuse

AT_ONCE = 4
_TEAM = re.compile(r"/v1\.0/teams(?:/|\(')([^/()']+)", re.IGNORECASE)
_MAILBOX = re.compile(r"/v1\.0/users/([^/]+)/(?:events|calendar|messages)", re.IGNORECASE)
_PEOPLE = re.compile(r"/v1\.0/users(/[^/]+)?$", re.IGNORECASE)


class Quotas:
    """What one application may ask of one tenant."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._team, self._teams = Quota(4, 1), Quota(30, 1)
        self._mailbox, self._invitations = Quota(10_000, 600), Quota(150, 5)
        self._people = Quota(3_500, 10)
        self._busy = Counter[str]()

    def over(self, request: Request) -> Refuse | None:
        """How a request is refused that comes too early, if it does."""
        now, path = self._clock(), request.path
        if found := _TEAM.match(path):
            wait = self._team.take(found[1].casefold(), now) or self._teams.take("", now)
        elif found := _MAILBOX.match(path):
            wait = self._mailbox.take(found[1].casefold(), now)
            if not wait:
                self._busy[found[1].casefold()] += 1
                if self._busy[found[1].casefold()] > AT_ONCE:
                    self.ended(request)
                    wait = 1.0
        elif _PEOPLE.match(path):
            wait = self._people.take("", now, 2)
        else:
            wait = self._invitations.take("", now) if path.casefold().endswith("/invitations") else 0.0
        if not wait:
            return None
        return Refuse(429, "TooManyRequests", "Too many requests", {"Retry-After": str(math.ceil(wait))})

    def ended(self, request: Request) -> None:
        """One request less at that mailbox."""
        if found := _MAILBOX.match(request.path):
            self._busy[found[1].casefold()] -= 1

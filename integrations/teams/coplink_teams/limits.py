"""Microsoft's published limits as data, and the one place where calls take their part of them.

Figures are those of Microsoft's page on throttling limits (learn.microsoft.com/graph/throttling-limits, November 2026),
per app and directory unless said otherwise. Where a limit counts per team or per mailbox, its key is read from the
address of the call. Each part of a ``$batch`` counts as a call of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from coplink.ports.pace import Limit, Pace, Rate
from coplink_teams.answers import Answer

PER_TEAM = 4.0  # requests a second of one app on one team; ``calls_per_second`` where Microsoft gave more
MAILBOX = Limit("outlook", (Rate(10_000, 600.0, burst=200),), at_once=4)  # per app and mailbox
# Resource units: 3,500 in 10 s for the smallest directories, 3 for a listing; 3,000 writes in 150 s.
IDENTITY = Limit("identity", (Rate(1_000, 10.0),))
IDENTITY_WRITES = Limit("identity.writes", (Rate(3_000, 150.0, burst=600),))
INVITATIONS = Limit("identity.invitations", (Rate(150, 5.0),))
# SharePoint and OneDrive: 1,250 resource units a minute for the smallest, 2 for a listing or a write.
FILES = Limit("files", (Rate(600, 60.0, burst=100),))
# Entra publishes none for tokens and key sets: far above what coplink needs, far below a runaway.
SIGN_IN = Limit("sign-in", (Rate(60, 60.0, burst=20),))

Taken = tuple[Limit, str]


class Quota:
    """Our part of Microsoft's limits, for one connection."""

    def __init__(self, pace: Pace, calls_per_second: float = PER_TEAM) -> None:
        self._pace = pace
        more = calls_per_second / PER_TEAM
        self._team = Limit("teams.team", (Rate(calls_per_second, 1.0),))
        self._teams = Limit("teams", (Rate(30 * more, 1.0),))
        self._removals = Limit("teams.removals", (Rate(15 * more, 1.0),))

    @property
    def background(self) -> bool:
        """Whether the present call can wait for others."""
        return self._pace.background

    @contextmanager
    def taking(self, service: str, calls: Sequence[tuple[str, str]]) -> Iterator[None]:
        """Around one exchange that carries these calls (method and address); raises ``Throttled`` after patience."""
        counted = Counter(taken for call in calls for taken in self.limits(service, *call))
        together: dict[int, list[Taken]] = {}
        for taken, weight in counted.items():
            together.setdefault(weight, []).append(taken)
        with ExitStack() as held:
            for weight, limits in together.items():
                held.enter_context(self._pace.taking(*limits, weight=weight))
            yield

    def granted(self, service: str, method: str, address: str) -> int:
        """How many calls like this one may go together: the parts of one batch."""
        return self._pace.granted(*self.limits(service, method, address))

    def answered(self, service: str, method: str, address: str, answer: Answer) -> None:
        """Look at one answer: when Microsoft asks to slow down, everybody at the limit that was hit does.

        Which one that was is told by nothing in the answer: it is the one that reaches least far. Where it was another,
        the calls that go on are told so themselves.
        """
        if answer.status == 429 or (answer.status == 503 and answer.retry_after is not None):
            self._pace.told(*self.limits(service, method, address)[0], answer.retry_after)
        elif used := _used(answer):
            self._pace.left(*self.limits(service, method, address)[0], max(0.0, 1.0 - used))

    def limits(self, service: str, method: str, address: str) -> tuple[Taken, ...]:
        """The limits that a call counts against; the one that reaches least far comes first."""
        match service:
            case "teams":
                team = _part(address, "teams|groups")
                return (
                    *([(self._team, team)] if team else []),
                    *([(self._removals, "")] if method == "DELETE" else []),
                    (self._teams, ""),
                )
            case "outlook":
                return ((MAILBOX, _part(address, "users")),)
            case "identity":
                if method == "GET":
                    return ((IDENTITY, ""),)
                invites = address.partition("?")[0].endswith("/invitations")
                return (*([(INVITATIONS, "")] if invites else []), (IDENTITY_WRITES, ""), (IDENTITY, ""))
            case "sign-in":
                return ((SIGN_IN, ""),)
            case _:
                return ((FILES, ""),)


def _part(address: str, collection: str) -> str:
    """The id that an address has below a collection; empty without one."""
    found = re.search(rf"/(?:{collection})(?:/|\(')([^/?()']+)", address)
    return found[1].casefold() if found else ""


def _used(answer: Answer) -> float:
    """How much of a limit is used up, where Microsoft tells it: from 80 % on (``x-ms-throttle-limit-percentage``)."""
    told = answer.headers.get("x-ms-throttle-limit-percentage", "")
    return float(told) if re.fullmatch(r"\d(\.\d{1,6})?", told) else 0.0

"""Answers of 202: Microsoft goes on working, and tells how far it is when it is asked.

It wants to be asked at most every 30 seconds (Graph, "Create team"). Whoever waits is told so with ``NotReadyYet`` and
comes back by itself; this process also remembers when it asked last, should a person press a button in between.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from coplink.core.words import Said, say
from coplink.ports.clock import Clock
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    LimitReached,
    NeedsAttention,
    NotLicensed,
    NotReadyYet,
    PolicyForbids,
)
from coplink_teams import ADMIN
from coplink_teams.answers import Answer
from coplink_teams.calls import Graph
from coplink_teams.replies import strange

EVERY = 30.0
REMEMBERED = 1_000
# As OData writes it, /teams('id')/operations('op'), or with slashes; with or without host and version before it.
_TEAM = re.compile(r"/teams(?:\('|/)([^'/()?\s]+)", re.IGNORECASE)
_OPERATION = re.compile(r"/operations(?:\('|/)([^'/()?\s]+)", re.IGNORECASE)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Operation:
    """What goes on: the team it is about, its number, empty where Microsoft named none, and since when, if known."""

    team: str
    number: str
    since: str = ""

    def __str__(self) -> str:
        return f"{self.team}/{self.number}"


def begun(answer: Answer) -> Operation | None:
    """What a 202 began, from ``Location`` or else ``Content-Location``; None where neither names a team."""
    named = f"{answer.headers.get('location', '')} {answer.headers.get('content-location', '')}"
    team, number = _TEAM.search(named), _OPERATION.search(named)
    return Operation(team[1], number[1] if number else "") if team else None


class LongRunning:
    """Asks how far something is."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        self._graph, self._clock = graph, clock

    def remember(self, what: str, operation: Operation) -> None:
        """Keep in mind, in this process, what is being brought about."""
        _keep(_pending, f"{self._graph.base} {what}", operation)

    def pending(self, what: str) -> Operation | None:
        """What was remembered."""
        with _lock:
            return _pending.get(f"{self._graph.base} {what}")

    def forget(self, what: str) -> None:
        """It has come to its end."""
        with _lock:
            _pending.pop(f"{self._graph.base} {what}", None)

    def failed(self, operation: Operation, still: Said) -> IntegrationError | None:
        """None once it has succeeded, or what it failed with. Raises ``NotReadyYet`` while it goes on.

        One that Microsoft does not know, any more or yet, counts as ended: whoever asks looks at what it was to make.
        """
        key, now = f"{self._graph.base} {operation}", self._clock.now()
        with _lock:
            if key in _done:
                return None
            asked = _asked.get(key)
        if asked is not None and timedelta(0) <= now - asked < timedelta(seconds=EVERY):
            raise NotReadyYet(still, "asked a moment ago", EVERY - (now - asked).total_seconds())
        _keep(_asked, key, now)
        try:
            found = self._graph.get(
                lambda g: g.teams.by_team_id(operation.team).operations.by_teams_async_operation_id(operation.number),
                service="teams",
            )  # fmt: skip
        except Gone:
            return None
        status = found["status"]
        if status == "succeeded":
            _keep(_done, key, True)
            return None
        if status == "failed":
            return _failure(found.get("error") or {})
        if status not in ("notStarted", "inProgress", "unknownFutureValue"):
            raise strange("an operation in a state of its own")
        raise NotReadyYet(still, f"operation {status}", EVERY)


def _failure(error: dict[str, Any]) -> IntegrationError:
    """What a failed operation means: its code and words are matched, never shown."""
    code = re.sub(r"[^\w./-]", "", str(error.get("code") or ""))[:80]
    words, detail = f"{code}: {error.get('message') or ''}", f"operation failed {code}".strip()
    if re.search(r"(?i)licen[cs]e", words):
        said = say(
            "Microsoft began and gave up: the organisation or the service account lacks a licence for this."
        )
        return NotLicensed(said, ADMIN, detail)
    if re.search(r"(?i)quota|limit|maximum|too ?many", words):
        said = say(
            "Microsoft began and gave up: your organisation or the service account holds no more teams."
        )
        return LimitReached(said, ADMIN, detail)
    if re.search(r"(?i)polic|forbid|not ?allowed|disabled|blocked|denied|unauthori[sz]ed", words):
        said = say("Microsoft began and gave up: a policy of your organisation forbids this.")
        return PolicyForbids(said, ADMIN, "Teams policy", detail)
    return NeedsAttention(
        say("Microsoft began and gave up without saying why. Try again later."), ADMIN, detail
    )


_lock = threading.Lock()
_asked: OrderedDict[str, datetime] = OrderedDict()
_done: OrderedDict[str, bool] = OrderedDict()
_pending: OrderedDict[str, Operation] = OrderedDict()


def _keep(memory: OrderedDict[str, V], key: str, value: V) -> None:
    with _lock:
        memory[key] = value
        memory.move_to_end(key)
        while len(memory) > REMEMBERED:
            memory.popitem(last=False)

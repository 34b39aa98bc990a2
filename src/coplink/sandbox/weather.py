"""What goes wrong on the wire, scripted: throttling, lost answers, half pages, slowness, and calls held in mid-air.

A rule waits for a request and spoils it. ``hold`` rules stop a call just before the sandbox does the work or just
after it has committed and before it answers; whoever runs the test kills the caller meanwhile.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Act = Literal["answer", "apply", "lose", "garble", "slow", "hold-before", "hold-after"]


@dataclass(slots=True)
class Rule:
    """Spoil requests whose ``METHOD path?query`` matches ``match``, after ``skip`` of them, ``times`` times.

    ``answer``: reply with ``status``, ``headers`` and ``body`` (JSON) without doing the work. ``apply``: do the work,
    then reply so. ``lose``: do the work and drop the connection. ``garble``: do it and answer with a page instead.
    ``slow``: wait ``seconds`` first. ``hold-before`` and ``hold-after``: wait until released. Token endpoints and pages
    for people, which are not counted, have weather only from rules with ``uncounted``.
    """

    match: str
    act: Act
    skip: int = 0
    times: int = 1
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    uncounted: bool = False


class Weather:
    """The rules of one sandbox, and the calls it holds."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._rules: list[Rule] = []
        self._held: list[str] = []
        self._round = 0

    def add(self, rule: Rule) -> None:
        """Let a rule wait for its request."""
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Fair weather; held calls go on."""
        with self._lock:
            self._rules.clear()
        self.release()

    def due(self, line: str, counted: bool = True) -> Rule | None:
        """The rule that spoils this request line, if any; counts it."""
        with self._lock:
            for rule in self._rules:
                if rule.times > 0 and rule.uncounted is not counted and re.search(rule.match, line):
                    if rule.skip > 0:
                        rule.skip -= 1
                        continue
                    rule.times -= 1
                    return rule
        return None

    def hold(self, line: str, patience: float = 60.0) -> None:
        """Keep the calling thread until released, or until patience (seconds) ends."""
        with self._lock:
            self._held.append(line)
            mine = self._round
            self._lock.notify_all()
            self._lock.wait_for(lambda: self._round != mine, timeout=patience)

    @property
    def held(self) -> list[str]:
        """Request lines held right now."""
        with self._lock:
            return list(self._held)

    def release(self) -> None:
        """Let all held calls go on."""
        with self._lock:
            self._held.clear()
            self._round += 1
            self._lock.notify_all()

"""The gates of one process: one for each institution and integration, so that nobody waits for another institution."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from coplink.pace.gate import Gate, Wait


def _on_the_machine(condition: threading.Condition, seconds: float) -> object:
    return condition.wait(seconds)


@dataclass
class Pacer:
    """Built once per process. ``share`` is this process's part of every published limit; clock in seconds."""

    share: float = 1.0
    clock: Callable[[], float] = time.monotonic
    wait: Wait = _on_the_machine
    jitter: Callable[[], float] = random.random
    _gates: dict[tuple[str, str], Gate] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, institution: str | None, integration: str) -> Gate:
        """The pace of an institution at a platform; one of its own where the institution is not known yet."""
        if institution is None:
            return self._gate()
        with self._lock:
            return self._gates.setdefault((institution, integration), self._gate())

    def _gate(self) -> Gate:
        return Gate(self.share, self.clock, self.wait, self.jitter)

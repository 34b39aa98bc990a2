"""What a process remembers of spaces that platforms call about, so that a flood of calls costs next to nothing.

Who watches a space, and with which secret, is read once a minute; a call without proof has it read anew, at most once a
second; that nobody watches a space is remembered for a second. Calls about ids that are not known share the question
whether somebody watches them (``looks``). Proven calls of one moment share one look at the database: whoever comes
while a look is under way waits for the next, since the one under way may have passed before their change.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from coplink.ports.records import Connected
from coplink.web.looks import SharedLook

FRESH = timedelta(seconds=60)
DOUBTED = timedelta(seconds=1)
MOST = 10_000
MOST_MISSED = 1_000
ID = re.compile(r"[0-9A-Za-z_-]{1,64}")  # other texts are nobody's, and not asked about


@dataclass
class Known:
    """One watched space: its connection, the watch's secret and its community, as read at ``at``."""

    connected: Connected
    secret: str = field(repr=False)
    community: str
    at: datetime
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _looked: float = float("-inf")

    def gathered(self, look: Callable[[], None]) -> None:
        """Have ``look`` called after this moment, by this caller or by another who was here too."""
        came = time.monotonic()
        with self._turn:
            if self._looked > came:
                return
            began = time.monotonic()
            look()
            self._looked = began


class Memory:
    """Watched spaces by integration and id, at most 10,000, and when something was last said about a space."""

    def __init__(
        self,
        watched: Callable[[Collection[str]], Collection[str]],
        read: Callable[[str, str], Known | None],
        now: Callable[[], datetime],
    ) -> None:
        self._look, self._read, self._now = SharedLook(watched), read, now
        self._known: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._said: OrderedDict[str, datetime] = OrderedDict()
        self._missed: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, integration: str, space: str, doubted: bool = False) -> Known | None:
        """Who watches that space; None for what is not watched. ``doubted``: what is known seems not to fit."""
        key, now = (integration, space), self._now()
        with self._lock:
            known = self._known.get(key)
            missed = self._missed.get(key)
        if missed is not None and timedelta(0) <= now - missed < DOUBTED:
            return None
        if known is not None and timedelta(0) <= now - known.at < (DOUBTED if doubted else FRESH):
            return known
        there = bool(ID.fullmatch(space)) and self._look.shows(space)
        found = self._read(integration, space) if there else None
        with self._lock:
            if found is None:
                self._known.pop(key, None)
                self._missed[key] = now
                self._missed.move_to_end(key)
                while len(self._missed) > MOST_MISSED:
                    self._missed.popitem(last=False)
            elif known is not None and (found.connected, found.secret) == (known.connected, known.secret):
                known.at = found.at  # the same one, with whoever waits there
                found = known
            else:
                self._known[key] = found
                while len(self._known) > MOST:
                    self._known.popitem(last=False)
        return found

    def may_say(self, about: str) -> bool:
        """Whether a line may be written about this: at most one a second."""
        now = self._now()
        with self._lock:
            last = self._said.get(about)
            if last is not None and timedelta(0) <= now - last < DOUBTED:
                return False
            self._said[about] = now
            self._said.move_to_end(about)
            while len(self._said) > MOST:
                self._said.popitem(last=False)
        return True

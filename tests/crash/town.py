"""The platforms of the crash tests: the three sandboxes and a mail server, in the process of the test.

They outlive every worker, keep all that was written, and can be taken back to an earlier moment. A killer at their door
ends the worker exactly when its ``number``-th write has arrived and is not yet done, or is done and not yet answered.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from coplink import registry
from coplink.sandbox.district import Region, region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served, Wire
from coplink.testing.smtp import MailServer, Taken
from coplink_google.sandbox import GoogleSandbox

ASKING = ("GET", "HEAD", "OPTIONS")
TOLD = (
    *(
        "name",
        "members",
        "owners",
        "moderators",
        "marker",
        "kind",
        "title",
        "subject",
        "attendees",
        "instances",
    ),
    *("cancelled", "role", "address", "starts", "start", "end"),
)
"""What must be equal after every crash; ids are made anew in each run."""

Kill = Callable[[], None]


class Past(Store):
    """A store that can be taken back."""

    def kept(self) -> sqlite3.Connection:
        """How it is now."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        with self._lock:
            self._db.backup(copy)
        return copy

    def back_to(self, kept: sqlite3.Connection) -> None:
        """As it was then."""
        with self._lock:
            kept.backup(self._db)


class Letters(list[Taken]):
    """The letters that were taken; who hands one over may be killed at it."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door

    def append(self, letter: Taken) -> None:
        if not self._door.arrived():
            super().append(letter)
            self._door.done()


class Door:
    """Counts writes to every platform, and kills the writer at the one that was chosen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.writes = 0
        self._fate: tuple[int, str, Kill] | None = None

    def clear(self) -> None:
        """Count from the beginning; nobody is to be killed."""
        with self._lock:
            self.writes, self._fate = 0, None

    def wait_for(self, number: int, when: str, kill: Kill) -> None:
        """Kill at this write, when it ``arrived`` or is ``done``; one that comes ``late`` is done after ``kill``."""
        with self._lock:
            self._fate = number, when, kill

    def arrived(self) -> bool:
        """Whether the writer was killed before anything was done."""
        with self._lock:
            self.writes += 1
        self._struck("late")
        return self._struck("arrived")

    def done(self) -> bool:
        """Whether the writer was killed before it was answered."""
        return self._struck("done")

    def _struck(self, when: str) -> bool:
        with self._lock:
            if self._fate is None or self._fate[:2] != (self.writes, when):
                return False
            kill, self._fate = self._fate[2], None
        kill()
        return True


class Town:
    """Everything outside coplink."""

    def __init__(self) -> None:
        self.door = Door()
        self.store = Past()
        self._served = [Served(_hooks)]
        self.place: Region = region(self._served[0].url)
        self.wires: dict[str, Wire] = {}
        for key, make in registry.sandboxes().items():
            wire = make(self.place, self.store, time.time)
            served = Served(self._watched(wire))
            wire.base_url = served.url
            self.wires[key] = wire
            self._served.append(served)
        self.mail = MailServer()
        self.mail.letters = Letters(self.door)

    def close(self) -> None:
        for served in self._served:
            served.stop()
        self.mail.stop()
        self.store.close()

    def settings(self, key: str) -> Mapping[str, str]:
        """What an admin enters to connect one platform, with a place in it where everybody can be spoken to."""
        if isinstance(wire := self.wires[key], GoogleSandbox):
            return {**wire.settings("lakeside"), **wire.with_chat("lakeside")}
        return wire.settings("riverbend")

    def clear(self) -> None:
        """Forget what was counted and which letters came."""
        self.door.clear()
        self.mail.letters.clear()
        for wire in self.wires.values():
            wire.calls.clear()
            wire.refusals.clear()
            wire.violations.clear()

    def writes(self) -> int:
        """How many writes were done since then, letters included."""
        done = sum(call.write and call.status < 400 for wire in self.wires.values() for call in wire.calls)
        return done + len(self.mail.letters)

    def told(self) -> Any:
        """All there is on the platforms, without ids, in order: equal after every crash."""
        lists = {key: _plain(wire.state()) for key, wire in self.wires.items()}
        return {**lists, "letters": sorted(self.mail.to())}

    def refused(self) -> list[str]:
        """What no real platform would have taken; a name that was used before the death is one it knows already."""
        found = [line for wire in self.wires.values() for line in (*wire.refusals, *wire.violations)]
        return [line for line in found if "channelIdNotUnique" not in line]

    def _watched(self, wire: Wire) -> Callable[..., Iterable[bytes]]:
        def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            asking = environ["REQUEST_METHOD"] in ASKING or re.search("token|_sandbox", environ["PATH_INFO"])
            if asking:
                return wire(environ, start)
            if self.door.arrived():
                start("500 Nobody is there any more", [])
                return [b""]
            answered = wire(environ, start)
            self.door.done()
            return answered

        return answer


def _hooks(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """What coplink's pages answer to a platform that asks whether they are there; no worker is asked for it."""
    start("200 OK", [("Content-Type", "text/plain")])
    return [parse_qs(environ.get("QUERY_STRING", "")).get("validationToken", [""])[0].encode()]


def _plain(found: Any) -> Any:
    """Lists in an order of their own, of mappings only what does not differ from run to run."""
    if isinstance(found, Mapping):
        return {
            key: _plain(value)
            for key, value in found.items()
            if key in TOLD or isinstance(value, (list, Mapping))
        }
    if isinstance(found, list | tuple):
        return sorted((_plain(one) for one in found), key=repr)
    return found

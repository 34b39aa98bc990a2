"""Most of a rig, over a sandbox made of ``coplink.sandbox.wire.Wire`` and served on loopback.

Tests of one module share a server (``Front``), because stopping one takes half a second; each has a sandbox of its own
behind it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from coplink.ports.integration import Call, Connection, Integration, Surroundings
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import Region, region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Act, Rule
from coplink.sandbox.wire import Served, Wire
from coplink.testing.conformance.rig import Rig, cannot

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Make = Callable[[Region, Store, Callable[[], float]], Wire]

WRITE = r"^(POST|PUT|PATCH|DELETE) "
ANY, MANY = "", 1_000
LATE = 600.0  # seconds


class Front:
    """One loopback server, and the sandbox behind it at the moment."""

    def __init__(self) -> None:
        self.behind: Wire | None = None
        self._served = Served(self)
        self.url = self._served.url

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert self.behind is not None, "nobody put a sandbox here"
        return self.behind(environ, start_response)

    def close(self) -> None:
        """Stop answering."""
        self._served.stop()


class Clock:
    """The machine's clock, which a test may set ahead (seconds)."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)


class ServedRig(Rig):
    """A rig whose platform is a sandbox. ``district`` is the pretended institution that the connection belongs to.

    What stands here holds for every ``Wire``; what people do over there is the integration's own.
    """

    key_prefix = (
        ""  # keys that are slow to make are kept from one store to the next: their kind, if there is one
    )
    _kept: Mapping[str, Any] = {}

    def __init__(self, front: Front, integration: Integration, make: Make, district: str) -> None:
        self.clock = Clock()
        self.store = Store()
        for name, kept in type(self)._kept.items():
            self.store.put(self.key_prefix, name, kept)
        self.wire: Any = make(region(), self.store, self.clock)
        if self.key_prefix:
            names = self.store.keys(self.key_prefix)
            type(self)._kept = {name: self.store.get(self.key_prefix, name) for name in names}
        front.behind, self.wire.base_url = self.wire, front.url
        self.integration, self.district = integration, district
        self.recorded: list[Call] = []
        self.settings: Mapping[str, str] = dict(self.wire.settings(district))
        self.connection: Connection = integration.connect(self.settings, self.around())

    def around(self) -> Surroundings:
        """What the house gives."""
        return Surroundings(self.clock, self.note, timeout=10.0)

    def note(self, call: Call) -> None:
        """Keep what was called."""
        self.recorded.append(call)

    def wish(self, number: int = 1, name: str = "Reading circle") -> SpaceWish:
        """A wish with a marker of its own."""
        marker = f"coplink:{hashlib.sha256(str(number).encode()).hexdigest()[:32]}"
        asked = dict.fromkeys(self.integration.manifest.chooses, "")
        about, home = "We read together.", f"https://coplink.example/c/{number}"
        return SpaceWish(name, about, marker, asked={**asked, **self.asked()}, home_url=home)

    def asked(self) -> Mapping[str, str]:
        """What a founder would have chosen, where the manifest asks for something."""
        return {}

    def writes(self) -> int:
        """Writes the sandbox counted."""
        return sum(call.write for call in self.wire.calls)

    def calls(self) -> int:
        """Requests the sandbox counted."""
        return len(self.wire.calls)

    # --- weather ----------------------------------------------------------------------------------------------------

    def rain(self, match: str, act: Act = "answer", **rest: Any) -> None:
        """Spoil requests, see ``coplink.sandbox.weather.Rule``."""
        self.wire.weather.add(Rule(match, act, **rest))

    def lose_next_answer(self) -> None:
        """Done, and dropped."""
        self.rain(WRITE, "lose")

    def outage(self) -> None:
        """Answered with 503."""
        self.rain(ANY, status=503, body={}, times=MANY)

    def throttle(self, seconds: int) -> None:
        """Answered with 429."""
        self.rain(ANY, status=429, headers={"Retry-After": str(seconds)}, body={}, times=MANY)

    def garble_next_answer(self) -> None:
        """Answered with a page for people."""
        self.rain(ANY, "garble")

    def fair_weather(self) -> None:
        """No rule waits any more."""
        self.wire.weather.clear()

    def pages_of(self, size: int) -> None:
        """Smaller pages than the vendor's."""
        self.wire.most_per_page = size

    def lag(self) -> None:
        """Where the sandbox plays it; what stands there already has long been seen."""
        if not hasattr(self.wire, "lag_seconds"):
            cannot("readings that are late")
        self.clock.ahead += LATE + 1
        self.wire.lag_seconds = LATE

    def catch_up(self) -> None:
        """Time goes by."""
        if getattr(self.wire, "lag_seconds", 0.0):
            self.clock.ahead += LATE + 1

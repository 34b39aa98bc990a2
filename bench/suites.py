"""Three pretended suites in a process of their own: the sandboxes with so many teachers, served without any delay.

    python bench/suites.py PEOPLE

Prints one line of JSON: by integration, the address and what ``connect()`` takes. ``/_bench/fill`` of each seats many
at once, without a call that is counted, and ``/_bench/await`` answers as soon as one account sits there, or does not.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import apply_canvas
import apply_google
import apply_microsoft
from werkzeug.wrappers import Request, Response

from coplink import registry
from coplink.sandbox.district import Region, Resident, region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink_teams import manifest

HERE = {"teams": "riverbend", "google": "lakeside", "canvas": "riverbend"}
ACCOUNTS = {
    "teams": apply_microsoft.account,
    "google": apply_google.account,
    # As the launches of ``visits.py`` say; beyond them apart from the service accounts' own ids.
    "canvas": lambda number: str((1_000 if number < 2_000 else 500_000) + number),
}
LONGEST, EVERY = 60.0, 0.004


def address(number: int) -> str:
    """The e-mail address of one teacher, as Google knows it."""
    return f"teacher{number}@lakeside.example"


class Suite:
    """One sandbox with what the benchmark asks of it beside."""

    def __init__(self, key: str, wire: Any) -> None:
        self.key, self.wire = key, wire
        self.parts: Mapping[str, str] = {}
        wire.route("POST", "/_bench/fill", self._fill, counted=False)
        wire.route("GET", "/_bench/await", self._await, counted=False)
        wire.route("GET", "/_bench/sitting", self._all, counted=False)

    def _fill(self, request: Request) -> Response:
        """Seat these (number and whether they lead) in the place of these parts, as by our own hand."""
        asked = request.get_json()
        self.parts = asked["parts"]
        with self.wire.store.change():
            for number, leads in asked["seats"]:
                self._seat(str(ACCOUNTS[self.key](number)), number, leads)
        return Response(status=204)

    def _await(self, request: Request) -> Response:
        """Wait until one account sits there (or does not), and tell the moment at which that was seen."""
        account = str(ACCOUNTS[self.key](int(request.args["number"])))
        wanted, ends = request.args["sits"] == "1", time.monotonic() + LONGEST
        while self._sits(account) is not wanted:
            if time.monotonic() > ends:
                return Response(status=504)
            time.sleep(EVERY)
        return self.wire.json({"at": time.time()})

    def _all(self, request: Request) -> Response:
        """Everybody who sits there, and whether they lead."""
        return self.wire.json(self._sitting())

    # --- what each suite calls it ---------------------------------------------------------------------------------

    @property
    def _place(self) -> str:
        return self.parts.get("team") or self.parts["channel"].partition("/")[2]

    @property
    def _group(self) -> Any:
        return self.wire.directory.groups()[0]

    def _seat(self, account: str, number: int, leads: bool) -> None:
        match self.key:
            case "teams":
                self.wire.members.seat(self._place, account, ["owner"] if leads else [], self.wire.clock())
            case "google":
                self.wire.directory.seat(
                    self._group, account, address(number), "MANAGER" if leads else "MEMBER"
                )
            case _:
                self.wire.sit(self.parts["group"], account, leads)

    def _sits(self, account: str) -> bool:
        match self.key:
            case "teams":
                return self.wire.members.roll.of(self._place, account) is not None
            case "google":
                return self.wire.store.get(f"google.member/{self._group['id']}", account) is not None
            case _:
                found = self.wire.store.get("canvas.memberships", f"{self.parts['group']}/{account}")
                return found is not None and found["workflow_state"] == "accepted"

    def _sitting(self) -> Mapping[str, bool]:
        match self.key:
            case "teams":
                own = self.wire.people.service_id
                there = self.wire.members.sitting(self._place)
                return {one["account"]: "owner" in one["roles"] for one in there if one["account"] != own}
            case "google":
                there = self.wire.directory.members(self._group)
                return {one["id"]: one["role"] == "MANAGER" for one in there}
            case _:
                there = self.wire.sitting(self.parts["group"])
                return {str(one["user_id"]): one["moderator"] for one in there}


def crowded(start: Region, people: int) -> Region:
    """The pretended region with so many teachers more: each with an account at each of the three."""
    more = {}
    for number in range(people):
        key = f"teacher{number}"
        entra, google = str(ACCOUNTS["teams"](number)), str(ACCOUNTS["google"](number))
        more[key] = Resident(key, key, HERE["teams"], f"{key}@riverbend.example", key, key, entra_id=entra)
        # Google's own people are those of the other district: the same teacher, by the name of their account there.
        other = f"{key}.google"
        more[other] = Resident(key, key, HERE["google"], address(number), other, other, google_id=google)
    return replace(start, residents={**start.residents, **more})


def main(people: int) -> None:
    """Serve until told to stop."""
    place, store = crowded(region(), people), Store()
    wires = {key: make(place, store, time.time) for key, make in registry.sandboxes().items() if key in HERE}
    served = {key: serve(wire) for key, wire in wires.items()}
    for key, wire in wires.items():
        Suite(key, wire)
    canvas, teams = wires["canvas"], wires["teams"]
    teams.mode = "team"  # a channel does not hold 10,000
    granted = {scope.name for scope in manifest.scopes} | {apply_microsoft.BULK}
    store.put("teams.consent", HERE["teams"], {"granted": sorted(granted)})
    with store.change():
        for number in range(people):
            canvas.enrol(apply_canvas.COURSE, str(ACCOUNTS["canvas"](number)))
    told = {
        key: {"url": wire.base_url, "settings": dict(wire.settings(HERE[key]))} for key, wire in wires.items()
    }
    # The rate that Microsoft publishes, which this sandbox would let us exceed.
    told["teams"]["settings"]["calls_per_second"] = "4"
    print(json.dumps(told), flush=True)
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    ended.wait()
    for one in served.values():
        one.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))

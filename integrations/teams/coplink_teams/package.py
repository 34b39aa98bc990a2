"""The app's package for Teams, as an admin uploads it: what its manifest asks for, and whether Teams would take it.

Sources: Microsoft Teams app manifest schema 1.25 and "Teams app package" (icons of 192 and 32 pixels, nothing else in
the zip), as of November 2026. Needs no SDK.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping, Sequence

from coplink.core.words import Said, say
from coplink_teams.operations import CHANNEL, ENTRA, GUESTS, MODES, NO, scopes

ICONS = {"color": 192, "outline": 32}
MOST_RESOURCE_SPECIFIC = 16
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def gaps(settings: Mapping[str, str]) -> dict[str, str]:
    """The permissions of this connection's mode, as JSON; the patch number tells the modes' packages apart."""
    mode = settings.get("mode") or CHANNEL
    asked = {"mode": mode, GUESTS: settings.get(GUESTS, NO)}
    needed = [scope for scope in scopes() if scope.needed(asked)]
    of_teams = [scope.name for scope in needed if scope.where != ENTRA]
    return {
        "mode": mode,
        "patch": str(MODES.index(mode)),
        "resource_specific": _lines([{"name": name, "type": "Application"} for name in of_teams], 8),
        "of_teams": _lines(of_teams, 4),
        "of_tenant": _lines([scope.name for scope in needed if scope.where == ENTRA], 4),
    }


def faults(files: Mapping[str, bytes]) -> Sequence[Said]:
    """What Teams would not take: ids that are none, icons of another size, too many permissions."""
    app = json.loads(files["manifest.json"])
    found = [
        say("manifest.json: “{value}” is not the id of an app.", value=str(value)[:80])
        for value in (app["id"], app["webApplicationInfo"]["id"])
        if not UUID.fullmatch(str(value))
    ]
    asked = app["authorization"]["permissions"]["resourceSpecific"]
    if len(asked) > MOST_RESOURCE_SPECIFIC:
        found.append(say("manifest.json asks for more than {most} permissions.", most=MOST_RESOURCE_SPECIFIC))
    for kind, size in ICONS.items():
        name = str(app["icons"][kind])
        if _size(files.get(name, b"")) != (size, size):
            found.append(say("{file} is not a PNG of {size} by {size} pixels.", file=name, size=size))
    return found


def _lines(entries: Sequence[object], depth: int) -> str:
    """A JSON list with one entry a line, indented as the file around it."""
    space = " " * depth
    return "[\n" + ",\n".join(f"{space}{json.dumps(one)}" for one in entries) + f"\n{space[:-2]}]"


def _size(png: bytes) -> tuple[int, ...]:
    return struct.unpack(">II", png[16:24]) if png[:8] == b"\x89PNG\r\n\x1a\n" else ()

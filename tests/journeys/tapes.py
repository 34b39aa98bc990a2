"""What coplink asked of the platforms while the demo played, held against their contracts and our tables of calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coplink.testing import graph_contract
from coplink_canvas.operations import BY_CALL
from coplink_teams.operations import GUESTS, MODES, made

LTI = re.compile(r"/api/lti/|/login/")
IDS = re.compile(r"/(\d+|self)(?=/|$)")


class Tapes:
    """A folder of tapes, read on from where the last reading stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, int] = {}

    def wrong(self) -> list[str]:
        """Everything that is wrong with what was asked since the last time; each thing once."""
        found: dict[str, None] = {}
        for file in sorted(self.folder.iterdir()):
            judge = {"teams": graph_calls, "canvas": canvas_calls}.get(
                file.name.partition("-")[0], said_itself
            )
            for entry in self._new(file):
                assert "full" not in entry, "the tape is too short for this module"
                found |= dict.fromkeys([*said_itself(entry), *judge(entry)])
        return list(found)

    def _new(self, file: Path) -> Iterator[dict[str, Any]]:
        with file.open("rb") as tape:
            tape.seek(self._read.get(file.name, 0))
            for line in tape:
                if not line.endswith(b"\n"):
                    break
                self._read[file.name] = self._read.get(file.name, 0) + len(line)
                yield json.loads(line)


def said_itself(entry: dict[str, Any]) -> list[str]:
    """What the sandbox itself found wrong (Google's holds every call against its documents)."""
    return list(entry["violations"])


def graph_calls(entry: dict[str, Any]) -> list[str]:
    """Against Graph's contract, and against the table of operations."""
    contract = graph_contract.contract()
    if contract is None or not entry["path"].startswith(f"{graph_contract.VERSION}/"):
        return []
    path = entry["path"].removeprefix(graph_contract.VERSION)
    method, sent, received = entry["method"], entry["sent"].encode(), entry["received"].encode()
    problems = list(contract.problems(method, path, sent, entry["status"], received))
    for one, where in graph_contract.calls_of(method, path, sent):
        known = contract.operation(one, where)
        if known is not None and not any(known[0] in made(mode, [GUESTS]) for mode in MODES):
            problems.append(f"{known[0]} is not in the table of operations")
    return problems


def canvas_calls(entry: dict[str, Any]) -> list[str]:
    """Against the table of calls; LTI services and sign-in are no part of it."""
    method, path = entry["method"], entry["path"]
    if not path.startswith("/api/v1/") or LTI.search(path):
        return []
    call = f"{method} {path.removeprefix('/api/v1')}"
    plain = IDS.sub("/:id", call)
    known = {IDS.sub("/:id", one) for one in BY_CALL}
    if plain in known or re.sub(r"/pages/[^/]+$", "/pages/:id", plain) in known:
        return []
    return [f"{plain} is not in the table of calls"]

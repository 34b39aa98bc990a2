"""Drive's search terms, as far as coplink uses them; anything else is refused as Drive would."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from coplink.sandbox.wire import Refuse

Test = Callable[[dict[str, Any]], bool]
TEXT = r"'((?:[^'\\]|\\.)*)'"
TERMS: tuple[tuple[str, Callable[[re.Match[str]], Test]], ...] = (
    (r"trashed\s*=\s*(true|false)", lambda m: lambda row: bool(row["trashed"]) == (m[1] == "true")),
    (rf"name\s*=\s*{TEXT}", lambda m: lambda row: row["name"] == _plain(m[1])),
    (rf"mimeType\s*=\s*{TEXT}", lambda m: lambda row: row["mimeType"] == _plain(m[1])),
    (rf"{TEXT}\s+in\s+parents", lambda m: lambda row: _plain(m[1]) in row.get("parents", [])),
    (
        rf"appProperties\s+has\s+\{{\s*key={TEXT}\s+and\s+value={TEXT}\s*\}}",
        lambda m: lambda row: row.get("appProperties", {}).get(_plain(m[1])) == _plain(m[2]),
    ),
)


def matching(query: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that every term of ``query`` fits."""
    rest, tests = query.strip(), []
    while rest:
        for pattern, build in TERMS:
            if found := re.match(pattern, rest):
                tests.append(build(found))
                rest = rest[found.end() :].strip()
                break
        else:
            raise Refuse(400, "invalid", "Invalid Value: q")
        if rest:
            if not rest.startswith("and "):
                raise Refuse(400, "invalid", "Invalid Value: q")
            rest = rest[4:].strip()
    return [row for row in rows if all(test(row) for test in tests)]


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)

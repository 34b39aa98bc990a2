"""What the files of ``install`` say: the developer key's scopes and the role's permissions, from the table of calls.

Needs no SDK.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coplink.core.words import Said, say
from coplink_canvas.operations import OPERATIONS, scopes

YOURS = "https://<your Canvas>"


def gaps(settings: Mapping[str, str]) -> dict[str, str]:
    """The scopes and permissions that a connection with these settings needs, and the address of Canvas."""
    from coplink_canvas import MANIFEST

    needed = [scope for scope in MANIFEST.scopes if scope.needed(settings)]
    made = [one for one in OPERATIONS if one.made(settings)]
    return {
        "canvas_url": settings.get("base_url", "").rstrip("/") or YOURS,
        "scopes": "\n".join(scopes(settings)),
        "scopes_with_reasons": "\n".join(f"- `{one.scope}` {one.reason}" for one in made),
        "permissions": "\n".join(f"| `{one.name}` | {one.reason} | {one.without} |" for one in needed),
    }


def faults(files: Mapping[str, bytes]) -> Sequence[Said]:
    """What Canvas would not take: lines that are no scope, or one twice."""
    lines = files["scopes.txt"].decode().split("\n")[:-1]
    wrong = [line for line in lines if not line.startswith("url:") or lines.count(line) > 1]
    return [say("scopes.txt: “{line}” is not a scope of its own.", line=line[:80]) for line in wrong]

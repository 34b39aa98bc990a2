"""Marks: how what coplink made in Google Workspace is recognised again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Ambiguous
from coplink.ports.spaces import Made
from coplink_google import ADMIN

MARKER_FILE = ".coplink"
FOLDER = "application/vnd.google-apps.folder"


def short(marker: str) -> str:
    """The marker's random part, as it goes into addresses and file properties."""
    return marker.rpartition(":")[2]


def may_be_ours(group: Mapping[str, Any], marker: str) -> bool:
    """Whether a group at our address is ours, also when a person rewrote its description; not with another's mark."""
    described = str(group.get("description", ""))
    return described.endswith(marker) or "coplink:" not in described


def the_one(found: set[str]) -> Made | None:
    """What carries our marker, if anything does; two of them stop the run."""
    if len(found) > 1:
        said = say("{count} things in Google Workspace carry the mark of this community.", count=len(found))
        raise Ambiguous(said, ADMIN, sorted(found))
    return Made(next(iter(found)), found=True) if found else None

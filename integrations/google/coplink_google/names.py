"""What a community's places are called in Google Workspace, and of which parts they are made."""

from __future__ import annotations

from collections.abc import Mapping

from coplink_google import manifest
from coplink_google.operations import FOLDER

BROUGHT = ("folder", "drive", "calendar")


def drive_name(name: str) -> str:
    """One line without control characters, as long as a shared drive's name may be, never empty."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(printable.split())[: manifest.limits.name_length].strip() or "coplink"


def steps_of(mode: str, chat: str, parts: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of a place, in order; one that was begun in another mode is finished in that."""
    begun = brought(parts) if parts else mode.strip().casefold() == FOLDER
    if begun:
        return BROUGHT
    return (*manifest.steps, "chat") if chat.strip().casefold() == "yes" else manifest.steps


def brought(parts: Mapping[str, str]) -> bool:
    """Whether a place lies in a folder that somebody brought, without a group of its own."""
    return "folder" in parts and "group" not in parts

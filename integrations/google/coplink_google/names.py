"""What a community's places are called in Google Workspace."""

from __future__ import annotations

from coplink_google import manifest


def drive_name(name: str) -> str:
    """One line without control characters, as long as a shared drive's name may be, never empty."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(printable.split())[: manifest.limits.name_length].strip() or "coplink"

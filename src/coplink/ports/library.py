"""Libraries: what is made in a space's file area. Metadata only; files stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from coplink.core.artifacts import FileFact


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of changes; ``cursor`` is where to go on, ``last`` whether this was the last page for now."""

    files: tuple[FileFact, ...]
    cursor: str
    last: bool


class Library(Protocol):
    """Reads what changed in a space's files."""

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        """The page after ``cursor``; None begins a complete listing. Raises ``CursorExpired``.

        Folders and the platform's own bookkeeping files are left out. The caller stores page and cursor together.
        """
        ...

"""Announcements: said once, shown in each place in that platform's own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from coplink.core.announcing import Announcement
from coplink.core.words import Said

__all__ = ["Announcement", "Announcements", "PostLink"]


@dataclass(frozen=True, slots=True)
class PostLink:
    """What became of an announcement: its remote id, a link for people ("" where there is none).

    ``found`` says that an earlier call with the same key had posted it; ``silent`` why nothing is said in a place of
    this kind: then nothing was sent, nothing will be, and nobody need act.
    """

    remote: str
    link: str = ""
    found: bool = False
    silent: Said | None = None


class Announcements(Protocol):
    """Says something to everybody in a space."""

    def post(self, parts: Mapping[str, str], announcement: Announcement, key: str) -> PostLink:
        """Make it appear there, once.

        Idempotent by ``key`` (up to 80 letters, digits, ``:`` and ``-``, the same for every try): what an earlier call
        posted is found again by a marker made of the key, or the platform itself takes the second for the first, so
        that people see it once even when an answer was lost. Text is plain: what looks like markup is shown as it was
        written. Raises ``OutcomeUnknown`` when no answer came, ``Gone`` when the space is not there.
        """
        ...

"""Upkeep: what happens to a space after it was made. Nothing a person made is ever taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from coplink.core.words import Said


@dataclass(frozen=True, slots=True)
class UpkeepFacts:
    """What a space is called over there now, and whether it is archived as far as the platform can say."""

    name: str
    archived: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """How a space was put to rest or woken: ``done`` as asked, or what was done in its place, in a sentence."""

    done: bool
    said: Said


@dataclass(frozen=True, slots=True)
class Left:
    """Something coplink made that stays over there: what it is, where, and how a person takes it away."""

    title: str
    link: str
    how: Said


class Upkeep(Protocol):
    """Renames, archives, restores and lets go of a space. Each is idempotent: what is already so is no error."""

    def read(self, parts: Mapping[str, str]) -> UpkeepFacts:
        """The space as it is now; raises ``Gone``."""
        ...

    def rename(self, parts: Mapping[str, str], name: str) -> str:
        """Call it ``name``, as far as the platform's rules allow; the name it has now."""
        ...

    def archive(self, parts: Mapping[str, str]) -> Kept:
        """Put it to rest: readable, closed to what is new; where the platform cannot, the next best thing."""
        ...

    def restore(self, parts: Mapping[str, str]) -> Kept:
        """Wake it as it was."""
        ...

    def let_go(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        """What stays when coplink goes.

        With ``take_away`` only what is coplink's own and holds nothing of anybody's goes: a tab, a page of ours, coming
        meetings, a subscription.
        """
        ...

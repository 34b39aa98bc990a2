"""Spaces: making the places of a community, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from coplink.core.words import Said


@dataclass(frozen=True, slots=True)
class SpaceWish:
    """What is asked for: a readable name, a sentence about it, our marker, what the founder chose, who will see it.

    ``marker`` is unique per space and goes into the remote object (a description, an external id) so that it
    can be found again. ``outsiders`` tells whether people of other institutions will belong. ``home_url`` is the
    community's page in coplink, for a tab or a link over there. ``parts`` are those that exist already, so that a
    space is finished the way it was begun.
    """

    name: str
    about: str
    marker: str
    asked: Mapping[str, str] = field(default_factory=dict)
    outsiders: bool = False
    home_url: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """A step's result: the remote id, and whether it was found by our marker instead of made."""

    remote: str
    found: bool = False


@dataclass(frozen=True, slots=True)
class SpaceFacts:
    """What the platform says about a ready space: its name over there, a link for people, how many it holds.

    ``seats`` is None where the manifest's limit holds; ``more`` says what somebody can do who needs room for more.
    """

    name: str
    link: str
    seats: int | None = None
    more: Said | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be made: the name over there, and the parts in order."""

    name: str
    steps: tuple[str, ...]


class Spaces(Protocol):
    """Makes the parts of a space once. There is no delete in coplink; see ``Upkeep`` for what comes after."""

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        """The names of the parts in the order they are made; pure, no call."""
        ...

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        """Make this one part, or find it by our marker; ``parts`` holds the ids of the steps before it.

        Idempotent by ``key`` (stored by us before the call) and by the marker. Raises ``NotReadyYet`` when something
        earlier is not visible yet, ``Ambiguous`` when two carry our marker, ``OutcomeUnknown`` when no answer came.
        """
        ...

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """Read the finished space; raises ``Gone`` when it is not there any more."""
        ...

"""Curated lists: a few artifacts of a community, chosen by somebody and put under one title for others to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from coplink.core.artifacts import ArtifactId
from coplink.core.errors import DomainError
from coplink.core.people import CommunityId, PersonId
from coplink.core.words import say

ListId = NewType("ListId", str)

LONGEST_TITLE = 120
LONGEST_WHY = 500
MOST_ENTRIES = 12
"""A list is condensed: who needs more makes two."""


@dataclass(frozen=True, slots=True)
class CuratedList:
    """A titled list of artifacts in an order. ``why`` says what it is good for; ``made_at`` in UTC."""

    id: ListId
    community: CommunityId
    title: str
    why: str
    entries: tuple[ArtifactId, ...]
    made_by: PersonId
    made_at: datetime


def check(title: str, why: str, entries: Sequence[ArtifactId]) -> tuple[str, str, tuple[ArtifactId, ...]]:
    """Title, reason and entries as a list keeps them; raises ``DomainError`` in plain words."""
    title, why = " ".join(title.split()), why.strip()
    kept = tuple(dict.fromkeys(entries))
    if not title:
        raise DomainError(say("Give the list a title."))
    if len(title) > LONGEST_TITLE or len(why) > LONGEST_WHY:
        raise DomainError(say("The title or the reason is too long."))
    if not kept:
        raise DomainError(say("Choose at least one file for the list."))
    if len(kept) > MOST_ENTRIES:
        raise DomainError(say("A list is short: at most {most} files. Make two of it.", most=MOST_ENTRIES))
    return title, why, kept

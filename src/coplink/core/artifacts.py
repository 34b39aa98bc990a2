"""Artifacts: what a community made, staying where it was made; merging file facts into the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType

from coplink.core.people import AccountId, CommunityId, PersonId
from coplink.core.spaces import SpaceId

ArtifactId = NewType("ArtifactId", str)


@dataclass(frozen=True, slots=True)
class FileFact:
    """What a platform reports about one file: metadata only, times in UTC. ``gone``: it says the file is deleted."""

    remote: str
    name: str
    link: str
    made_at: datetime
    changed_at: datetime
    version: str
    author: AccountId | None = None
    author_name: str | None = None
    media_type: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Artifact:
    """One entry of the catalogue, with its provenance. ``withdrawn_at`` is set when the file is gone over there."""

    id: ArtifactId
    community: CommunityId
    space: SpaceId
    remote: str
    title: str
    link: str
    made_at: datetime
    changed_at: datetime
    version: str
    author: PersonId | None = None
    author_name: str | None = None
    media_type: str = ""
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One state an artifact was seen in: what the platform calls it, and when it changed (UTC)."""

    artifact: ArtifactId
    version: str
    title: str
    changed_at: datetime


def merge(known: Artifact | None, fact: FileFact, fresh: Artifact, now: datetime) -> Artifact | None:
    """What the catalogue should hold after ``fact``; None where nothing changes.

    ``fresh`` is the entry as it would be made from the fact alone. A file that is gone is withdrawn, never dropped; one
    that comes back is shown again; an older fact than the one known changes nothing (platforms repeat and reorder).
    """
    if fact.gone:
        return None if known is None or known.withdrawn_at else replace(known, withdrawn_at=now)
    if known is None:
        return fresh
    if known.withdrawn_at is None and (fact.version == known.version or fact.changed_at < known.changed_at):
        return None
    return replace(
        fresh,
        id=known.id,
        made_at=known.made_at,
        author=known.author or fresh.author,
        author_name=known.author_name or fresh.author_name,
    )

"""Rhythms, where their series are, and moves seen on a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from coplink.core.people import CommunityId
from coplink.core.rhythm import Rhythm
from coplink.core.spaces import SpaceId
from coplink.ports.calendar import SeriesLink
from coplink.storage.mapping import from_rhythm, to_rhythm
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import OfferRow, RhythmRow, SeriesLinkRow


class SqlMeetings(Repository):
    def put(self, community: CommunityId, rhythm: Rhythm) -> None:
        self._put(RhythmRow, community=community, version=rhythm.version, rhythm=from_rhythm(rhythm))

    def rhythm(self, community: CommunityId) -> Rhythm | None:
        rows = self._find(RhythmRow, "version", community=community)
        return to_rhythm(rows[-1].rhythm) if rows else None

    def link(self, space: SpaceId, version: int) -> SeriesLink | None:
        row = self._find_one(SeriesLinkRow, space=space, version=version)
        return None if row is None else SeriesLink(row.remote, row.seen, row.digest, row.found)

    def put_link(self, space: SpaceId, version: int, link: SeriesLink | None) -> None:
        """Keep it; None forgets it."""
        if link is None:
            self._remove(SeriesLinkRow, space=space, version=version)
            return
        self._put(
            SeriesLinkRow,
            space=space,
            version=version,
            remote=dict(link.remote),
            seen=dict(link.seen),
            digest=link.digest,
            found=link.found,
        )

    def place_offer(
        self, community: CommunityId, space: SpaceId, original: str, start: datetime | None
    ) -> None:
        self._put(OfferRow, community=community, space=space, original=original, start=start)

    def offers(self, community: CommunityId) -> Sequence[tuple[SpaceId, str, datetime | None]]:
        rows = self._find(OfferRow, "original", "space", community=community)
        return [(SpaceId(row.space), row.original, row.start) for row in rows]

    def drop_offers(self, community: CommunityId, space: SpaceId) -> None:
        self._remove(OfferRow, community=community, space=space)

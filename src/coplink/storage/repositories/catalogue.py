"""Artifacts, their versions, lists made of them, and how far each library was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select

from coplink.core.artifacts import Artifact, ArtifactId, Version
from coplink.core.lists import CuratedList, ListId
from coplink.core.people import CommunityId, PersonId
from coplink.core.spaces import SpaceId
from coplink.storage.repositories.base import Repository, portions
from coplink.storage.tables import ArtifactRow, CuratedListRow, CursorRow, VersionRow


class SqlCatalogue(Repository):
    def by_remote(self, space: SpaceId, remotes: Iterable[str]) -> Mapping[str, Artifact]:
        return {
            row.remote: _artifact(row)
            for row in self._each_among(ArtifactRow, "remote", remotes, space=space)
        }

    def put(self, artifact: Artifact, version: Version | None) -> None:
        self._put(
            ArtifactRow,
            id=artifact.id,
            community=artifact.community,
            space=artifact.space,
            remote=artifact.remote,
            title=artifact.title,
            link=artifact.link,
            made_at=artifact.made_at,
            changed_at=artifact.changed_at,
            version=artifact.version,
            author=artifact.author,
            author_name=artifact.author_name,
            media_type=artifact.media_type,
            withdrawn_at=artifact.withdrawn_at,
        )
        if version is not None:
            self._put(
                VersionRow,
                artifact=version.artifact,
                version=version.version,
                title=version.title,
                changed_at=version.changed_at,
            )

    def of(self, community: CommunityId, limit: int = 200) -> Sequence[Artifact]:
        query = select(ArtifactRow).where(
            ArtifactRow.community == community, ArtifactRow.withdrawn_at.is_(None)
        )
        query = query.order_by(ArtifactRow.changed_at.desc(), ArtifactRow.id).limit(limit)
        return [_artifact(row) for row in self._rows(query)]

    def some(self, community: CommunityId, keys: Iterable[ArtifactId]) -> Mapping[ArtifactId, Artifact]:
        return {
            ArtifactId(row.id): _artifact(row)
            for portion in portions(set(keys))
            for row in self._rows(
                select(ArtifactRow).where(ArtifactRow.community == community, ArtifactRow.id.in_(portion))
            )
        }

    def put_list(self, made: CuratedList) -> None:
        self._put(
            CuratedListRow,
            id=made.id,
            community=made.community,
            title=made.title,
            why=made.why,
            entries=list(made.entries),
            made_by=made.made_by,
            made_at=made.made_at,
        )

    def curated(self, key: ListId) -> CuratedList | None:
        row = self._one(select(CuratedListRow).where(CuratedListRow.id == key))
        return None if row is None else _list(row)

    def lists(self, community: CommunityId, limit: int = 50) -> Sequence[CuratedList]:
        query = select(CuratedListRow).where(CuratedListRow.community == community)
        query = query.order_by(CuratedListRow.made_at.desc(), CuratedListRow.id).limit(limit)
        return [_list(row) for row in self._rows(query)]

    def remotes(self, space: SpaceId) -> Sequence[Artifact]:
        """Everything known of a space's library, withdrawn ones too."""
        return list(map(_artifact, self._find(ArtifactRow, "remote", space=space)))

    def cursor(self, space: SpaceId) -> str | None:
        row = self._find_one(CursorRow, space=space)
        return None if row is None else row.cursor

    def put_cursor(self, space: SpaceId, cursor: str | None) -> None:
        """Keep it; None forgets it, so that the library is listed anew."""
        if cursor is None:
            self._remove(CursorRow, space=space)
        else:
            self._put(CursorRow, space=space, cursor=cursor)


def _list(row: CuratedListRow) -> CuratedList:
    return CuratedList(
        id=ListId(row.id),
        community=CommunityId(row.community),
        title=row.title,
        why=row.why,
        entries=tuple(ArtifactId(entry) for entry in row.entries),
        made_by=PersonId(row.made_by),
        made_at=row.made_at,
    )


def _artifact(row: ArtifactRow) -> Artifact:
    return Artifact(
        id=ArtifactId(row.id),
        community=CommunityId(row.community),
        space=SpaceId(row.space),
        remote=row.remote,
        title=row.title,
        link=row.link,
        made_at=row.made_at,
        changed_at=row.changed_at,
        version=row.version,
        author=None if row.author is None else PersonId(row.author),
        author_name=row.author_name,
        media_type=row.media_type,
        withdrawn_at=row.withdrawn_at,
    )

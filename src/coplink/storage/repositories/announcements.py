"""What was said to everybody, and how far it is in each place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from coplink.core.announcing import Post, PostState, SaidId, SaidToAll
from coplink.core.people import CommunityId, InstitutionId, PersonId
from coplink.core.spaces import SpaceId
from coplink.storage.mapping import from_trouble, to_trouble
from coplink.storage.repositories.base import Repository, portions
from coplink.storage.tables import AnnouncementRow, PostRow, SpaceRow

OPEN = (PostState.WAITING.value, PostState.STUCK.value)


class SqlAnnounced(Repository):
    def put(self, said: SaidToAll) -> None:
        self._put(
            AnnouncementRow,
            id=said.id,
            institution=said.institution,
            community=said.community,
            said_by=said.person,
            title=said.title,
            text=said.text,
            at=said.at,
            inviting=said.inviting,
        )

    def get(self, key: SaidId) -> SaidToAll | None:
        row = self._one(select(AnnouncementRow).where(AnnouncementRow.id == key))
        return None if row is None else _said(row)

    def of(self, community: CommunityId, limit: int = 20) -> Sequence[SaidToAll]:
        query = select(AnnouncementRow).where(AnnouncementRow.community == community)
        query = query.order_by(AnnouncementRow.at.desc(), AnnouncementRow.id).limit(limit)
        return [_said(row) for row in self._rows(query)]

    def since(self, community: CommunityId, moment: datetime) -> int:
        query = select(func.count()).where(
            AnnouncementRow.community == community, AnnouncementRow.at >= moment
        )
        return self._session.scalar(query) or 0

    def put_post(self, post: Post) -> None:
        where = self._session.execute(
            select(SpaceRow.institution, SpaceRow.community).where(SpaceRow.id == post.space)
        ).one()
        self._put(
            PostRow,
            announcement=post.said,
            space=post.space,
            institution=where.institution,
            community=where.community,
            state=post.state.value,
            remote=post.remote,
            link=post.link,
            trouble=from_trouble(post.trouble),
            at=post.at,
        )

    def posts(self, said: Iterable[SaidId]) -> Mapping[SaidId, Sequence[Post]]:
        found: dict[SaidId, list[Post]] = {}
        for some in portions(said):
            query = select(PostRow).where(PostRow.announcement.in_(some)).order_by(PostRow.space)
            for row in self._rows(query):
                found.setdefault(SaidId(row.announcement), []).append(_post(row))
        return found

    def still_open(self, space: SpaceId) -> Sequence[tuple[SaidToAll, Post]]:
        posts = {
            row.announcement: _post(row) for row in self._find(PostRow, space=space) if row.state in OPEN
        }
        if not posts:
            return []
        said = select(AnnouncementRow).where(AnnouncementRow.id.in_(posts))
        said = said.order_by(AnnouncementRow.at, AnnouncementRow.id)
        return [(_said(row), posts[row.id]) for row in self._rows(said)]


def _said(row: AnnouncementRow) -> SaidToAll:
    return SaidToAll(
        SaidId(row.id),
        CommunityId(row.community),
        InstitutionId(row.institution),
        PersonId(row.said_by),
        row.title,
        row.text,
        row.at,
        row.inviting,
    )


def _post(row: PostRow) -> Post:
    return Post(
        SaidId(row.announcement),
        SpaceId(row.space),
        PostState(row.state),
        row.remote,
        row.link,
        to_trouble(row.trouble),
        row.at,
    )

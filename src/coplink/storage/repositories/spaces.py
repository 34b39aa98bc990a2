"""Spaces, and members they cannot seat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coplink.core.people import CommunityId, InstitutionId, PersonId
from coplink.core.spaces import ConnectionId, Parting, Space, SpaceId, SpaceKind, SpaceState, Unreachable
from coplink.ports.upkeep import Left
from coplink.storage.mapping import from_said, from_trouble, to_said, to_trouble
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import LeftoverRow, SpaceRow, UnreachableRow


class SqlSpaces(Repository):
    def put(self, space: Space) -> None:
        self._put(
            SpaceRow,
            id=space.id,
            community=space.community,
            institution=space.institution,
            connection=space.connection,
            integration=space.integration,
            kind=space.kind.value,
            name=space.name,
            marker=space.marker,
            state=space.state.value,
            parts=dict(space.parts),
            asked=dict(space.asked),
            trouble=from_trouble(space.trouble),
            link=space.link,
            written_name=space.written_name,
            archived_at=space.archived_at,
            parting=space.parting and space.parting.value,
            by_admin=space.by_admin,
        )

    def get(self, key: SpaceId) -> Space | None:
        row = self._find_one(SpaceRow, id=key)
        return None if row is None else _space(row)

    def of(self, community: CommunityId) -> Sequence[Space]:
        # Always in the same order: two units of work that mark these spaces then never wait in a ring.
        return list(map(_space, self._find(SpaceRow, "id", community=community)))

    def of_institution(self, institution: InstitutionId) -> Sequence[Space]:
        return list(map(_space, self._find(SpaceRow, "id", institution=institution)))

    def put_unreachable(self, space: SpaceId, unreachable: Sequence[Unreachable]) -> None:
        before = {row.person: row.reason for row in self._find(UnreachableRow, space=space)}
        after = {one.person: from_said(one.reason) for one in unreachable}
        for person in sorted(before.keys() - after.keys()):
            self._remove(UnreachableRow, space=space, person=person)
        for person, reason in sorted(after.items()):
            if before.get(person) != reason:
                self._put(UnreachableRow, space=space, person=person, reason=reason)

    def unreachable(self, space: SpaceId, person: PersonId | None = None) -> Sequence[Unreachable]:
        whom: dict[str, Any] = {} if person is None else {"person": person}
        rows = self._find(UnreachableRow, "person", space=space, **whom)
        return [Unreachable(row.person, to_said(row.reason)) for row in rows]

    def put_left(self, space: SpaceId, left: Sequence[Left]) -> None:
        self._remove(LeftoverRow, space=space)
        for number, one in enumerate(left):
            how = from_said(one.how)
            self._put(LeftoverRow, space=space, number=number, title=one.title, link=one.link, how=how)

    def left(self, space: SpaceId) -> Sequence[Left]:
        rows = self._find(LeftoverRow, "number", space=space)
        return [Left(row.title, row.link, to_said(row.how)) for row in rows]


def _space(row: SpaceRow) -> Space:
    return Space(
        id=SpaceId(row.id),
        community=CommunityId(row.community),
        institution=InstitutionId(row.institution),
        connection=ConnectionId(row.connection),
        integration=row.integration,
        kind=SpaceKind(row.kind),
        name=row.name,
        marker=row.marker,
        state=SpaceState(row.state),
        parts=row.parts,
        asked=row.asked,
        trouble=to_trouble(row.trouble),
        link=row.link,
        written_name=row.written_name,
        archived_at=row.archived_at,
        parting=None if row.parting is None else Parting(row.parting),
        by_admin=row.by_admin,
    )

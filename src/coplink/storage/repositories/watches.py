"""Subscriptions, and the secrets that come back with their calls."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from coplink.core.spaces import SpaceId
from coplink.ports.watch import Subscription
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import SpaceRow, WatchRow

SECRET = "watch secret"  # noqa: S105  (the purpose it is sealed for)


class SqlWatches(Repository):
    def put(self, space: SpaceId, subscription: Subscription, secret: str) -> None:
        self._put(
            WatchRow,
            space=space,
            remote=subscription.remote,
            ends=subscription.ends,
            secret=self._sealer.seal(self._owner(space), SECRET, secret),
        )

    def of(self, space: SpaceId) -> tuple[Subscription, str] | None:
        row = self._find_one(WatchRow, space=space)
        if row is None:
            return None
        secret = self._sealer.open(self._owner(space), SECRET, row.secret)
        return Subscription(row.remote, row.ends), secret

    def among(self, spaces: Collection[SpaceId]) -> frozenset[SpaceId]:
        return frozenset(self._session.scalars(select(WatchRow.space).where(WatchRow.space.in_(spaces))))

    def drop(self, space: SpaceId) -> None:
        self._remove(WatchRow, space=space)

    def _owner(self, space: SpaceId) -> str:
        return self._session.scalars(select(SpaceRow.institution).where(SpaceRow.id == space)).one()

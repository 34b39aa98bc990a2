"""Institutions and their connections; connection settings are sealed for their institution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select

from coplink.core.people import Institution, InstitutionId
from coplink.core.spaces import ConnectionId
from coplink.ports.records import Connected
from coplink.storage.mapping import from_trouble, to_trouble
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import ConnectionRow, InstitutionRow

SETTINGS = "connection settings"


class SqlInstitutions(Repository):
    def add(self, institution: Institution) -> None:
        """Add a new one; ``IntegrityError`` when there is one of this id or name, which stays as it is."""
        self._run(
            insert(InstitutionRow).values(id=institution.id, name=institution.name, listed=institution.listed)
        )

    def get(self, key: InstitutionId) -> Institution | None:
        row = self._find_one(InstitutionRow, id=key)
        return None if row is None else _institution(row)

    def named(self, name: str) -> Institution | None:
        row = self._find_one(InstitutionRow, name=name)
        return None if row is None else _institution(row)

    def all(self) -> Sequence[Institution]:
        return list(map(_institution, self._find(InstitutionRow, "name")))

    def put_connection(self, connected: Connected) -> None:
        if self._session.get_bind().dialect.name == "sqlite":
            # SQLite leaves what stood there in the file's free room, unless it is told to wipe it.
            self._session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
        self._put(
            ConnectionRow,
            id=connected.id,
            institution=connected.institution,
            integration=connected.integration,
            settings=self._seal_map(connected.institution, SETTINGS, connected.settings),
            realm=connected.realm,
            made_at=connected.made_at,
            trouble=from_trouble(connected.trouble),
            ended_at=connected.ended_at,
        )

    def connection(self, key: ConnectionId) -> Connected | None:
        row = self._find_one(ConnectionRow, id=key)
        return None if row is None else self._connected(row)

    def connection_of(
        self, institution: InstitutionId, integration: str, ended: bool = False
    ) -> Connected | None:
        present: dict[str, Any] = {} if ended else {"ended_at": None}
        row = self._find_one(ConnectionRow, institution=institution, integration=integration, **present)
        return None if row is None else self._connected(row)

    def connections(
        self, institution: InstitutionId | None = None, ended: bool = False
    ) -> Sequence[Connected]:
        which = ConnectionRow.ended_at.is_not(None) if ended else ConnectionRow.ended_at.is_(None)
        query = (
            select(ConnectionRow).where(which).order_by(ConnectionRow.institution, ConnectionRow.integration)
        )
        if institution is not None:
            query = query.where(ConnectionRow.institution == institution)
        return [self._connected(row) for row in self._rows(query)]

    def _connected(self, row: ConnectionRow) -> Connected:
        return Connected(
            id=ConnectionId(row.id),
            institution=InstitutionId(row.institution),
            integration=row.integration,
            settings=self._open_map(row.institution, SETTINGS, row.settings),
            realm=row.realm,
            made_at=row.made_at,
            trouble=to_trouble(row.trouble),
            ended_at=row.ended_at,
        )


def _institution(row: InstitutionRow) -> Institution:
    return Institution(InstitutionId(row.id), row.name, row.listed)

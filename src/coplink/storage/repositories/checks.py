"""Check-ups of connections: the last one each."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from coplink.core.people import InstitutionId
from coplink.core.spaces import ConnectionId
from coplink.ports.records import CheckUp
from coplink.storage.mapping import from_check, to_check
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import CheckUpRow


class SqlChecks(Repository):
    def put(self, found: CheckUp) -> None:
        self._put(
            CheckUpRow,
            connection=found.connection,
            institution=found.institution,
            at=found.at,
            lines=[from_check(check) for check in found.checks],
        )

    def of(self, connection: ConnectionId) -> CheckUp | None:
        row = self._one(select(CheckUpRow).where(CheckUpRow.connection == connection))
        return None if row is None else _found(row)

    def of_institution(self, institution: InstitutionId) -> Mapping[ConnectionId, CheckUp]:
        rows = self._rows(select(CheckUpRow).where(CheckUpRow.institution == institution))
        return {ConnectionId(row.connection): _found(row) for row in rows}

    def drop(self, connection: ConnectionId) -> None:
        self._run(delete(CheckUpRow).where(CheckUpRow.connection == connection))


def _found(row: CheckUpRow) -> CheckUp:
    return CheckUp(
        ConnectionId(row.connection),
        InstitutionId(row.institution),
        row.at,
        tuple(to_check(line) for line in row.lines),
    )

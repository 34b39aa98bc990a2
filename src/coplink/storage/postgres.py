"""Ready statements on PostgreSQL: prepared once on each connection, then sent by ``psycopg.pq``, psycopg's own way to
libpq, without a cursor for each.

Source: psycopg 3, "pq -- libpq wrapper module"; PostgreSQL, "Text Representation" of dates, JSON and booleans.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from psycopg import Connection, errors
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import JSON, Boolean, Integer, LargeBinary, PoolProxiedConnection, Select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.dml import UpdateBase

from coplink.storage.shapes import Listed, array_text
from coplink.storage.types import UtcDateTime, storable, to_json

BEGIN = b"BEGIN"
LASTING, PASSING = b"SET synchronous_commit TO on", b"SET synchronous_commit TO off"
COMMIT = b"COMMIT"
_PREPARED = "coplink prepared"
_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_NUMBERS = count(1)


class PostgresWords:
    """One statement, prepared on every connection that is asked for it."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.text = str(compiled)
        self._name = b"coplink_%d" % next(_NUMBERS)
        self._sql = self.text.encode()
        self._names = tuple(compiled.positiontup or ())
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._into = tuple(
            (name, turn)
            for bind, name in compiled.bind_names.items()
            if (turn := _turn(bind.type)) is not None and name not in self._fixed
        )
        self._out = tuple(_reader(column.type) for column in statement.exported_columns)

    def run(self, pooled: PoolProxiedConnection, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run it."""
        return list(self.each(pooled, values))

    def each(self, pooled: PoolProxiedConnection, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        """Run it; the answer is there as a whole, and a row is read when it is asked for."""
        driver: Any = pooled.driver_connection
        prepared = pooled.info.setdefault(_PREPARED, set())
        if self._name not in prepared:
            _checked(driver, driver.pgconn.prepare(self._name, self._sql))
            prepared.add(self._name)
        for name, turn in self._into:
            if values[name] is not None:
                values[name] = turn(values[name])
        values.update(self._fixed)
        sent = [_sent(values[name]) for name in self._names]
        result = _checked(driver, driver.pgconn.exec_prepared(self._name, sent))
        value, out = result.get_value, self._out
        return (
            tuple([None if (raw := value(row, n)) is None else read(raw) for n, read in enumerate(out)])
            for row in range(result.ntuples)
        )


def command(pooled: PoolProxiedConnection, text: bytes) -> None:
    """Run a command that returns nothing; raises the driver's own errors."""
    driver: Any = pooled.driver_connection
    _checked(driver, driver.pgconn.exec_(text))


def commit(pooled: PoolProxiedConnection) -> None:
    """Keep the transaction. One that had failed is taken back by the same command: that is an error, not a commit."""
    driver: Any = pooled.driver_connection
    if driver.pgconn.transaction_status == TransactionStatus.INERROR:
        raise errors.InFailedSqlTransaction("the transaction has failed")
    command(pooled, COMMIT)


def _checked(driver: Connection[Any], result: Any) -> Any:
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise errors.error_from_result(result, encoding=driver.info.encoding)
    return result


def _sent(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        return storable(value).encode()
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.isoformat().encode()
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    return str(int(value)).encode()


def _turn(kind: Any) -> Callable[[Any], str] | None:
    """How a value is written that is not written by what it is."""
    if isinstance(kind, JSON):
        return to_json
    return array_text if isinstance(kind, Listed) else None


def _reader(kind: Any) -> Callable[[bytes], Any]:
    """How a column's text is read."""
    if isinstance(kind, UtcDateTime):
        return _moment
    if isinstance(kind, JSON):
        return json.loads
    if isinstance(kind, Boolean):
        return _yes
    if isinstance(kind, LargeBinary):
        return _octets
    return int if isinstance(kind, Integer) else bytes.decode


def _moment(raw: bytes) -> datetime:
    return datetime.fromisoformat(raw.decode()).astimezone(UTC)


def _yes(raw: bytes) -> bool:
    return raw == b"t"


def _octets(raw: bytes) -> bytes:
    return bytes.fromhex(raw[2:].decode())

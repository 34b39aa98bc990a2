"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Goes in aware, in any zone; comes out aware, in UTC; a naive one is refused.

    SQLite keeps no zone, so it is given UTC without one, as text, and gets the zone back on the way out.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """How an instant goes in; SQLAlchemy's own text for SQLite, written and read by the standard library."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """How an instant comes out."""
        return _from_text if dialect.name == "sqlite" else _to_utc


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.utcoffset() is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    moment = _to_utc(value)
    return None if moment is None else moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class PlainText(TypeDecorator[str]):
    """A text as people and platforms write it, without what a database cannot hold: see ``storable``."""

    impl = String
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        """How a text goes in."""
        return _storable_or_none


class SealedText(TypeDecorator[str]):
    """A sealed value. The repository seals and opens it, for it knows the owner; rotation finds it by this type."""

    impl = Text
    cache_ok = True


class WrappedText(TypeDecorator[str]):
    """A value sealed for minutes or hours; rotation leaves it alone, for it ends before its key need be dropped."""

    impl = Text
    cache_ok = True


def _storable_or_none(value: str | None) -> str | None:
    return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL refuses, and with halves of signs replaced, which are no UTF-8.

    Both are legal in JSON and so may stand in a name that a platform sends; a page must not break on one.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def to_json(value: Any) -> str:
    """How both databases are given JSON."""
    return json.dumps(_storable_within(value), ensure_ascii=False, separators=(",", ":"))


def _storable_within(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {_storable_within(key): _storable_within(inner) for key, inner in value.items()}
        case list():
            return [_storable_within(inner) for inner in value]
        case _:
            return value


def portable_json() -> JSON:
    """JSON, on PostgreSQL in its binary form; Python's None is SQL's NULL."""
    return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def big_key() -> BigInteger:
    """A growing number as key: SQLite counts up only for a plain integer."""
    return BigInteger().with_variant(Integer(), "sqlite")


Json = dict[str, Any]
"""What a JSON column holds, where it is an object."""

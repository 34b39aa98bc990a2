"""Ready statements made from their shape: rows found, changed and dropped by what their columns equal.

Most of what the repositories ask has one of these shapes. Each is put into words once for each database.
"""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Table, TypeDecorator, bindparam, delete, select, update
from sqlalchemy import Text as SqlText
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from coplink.storage.ready import Insert, Ready, Turned
from coplink.storage.types import storable, to_json

Names = tuple[str, ...]


@cache
def reading(table: Table) -> Any:
    """The class of a table's rows as these statements bring them: a value for each column, by its name."""
    return namedtuple(table.name, [column.name for column in table.columns])


@cache
def found(table: Table, equal: Names, none: Names, order: Names, lock: bool) -> Ready:
    """Whole rows; ``equal`` names the columns compared with values, ``none`` those that are empty."""
    query = select(table).where(*_where(table, equal, none, plain=True))
    query = query.order_by(*(table.c[name] for name in order))
    return Ready(lambda _: query.with_for_update() if lock else query)


@cache
def among(table: Table, column: str, equal: Names) -> Ready:
    """Whole rows in which one column is one of many values, bound as ``listed``."""
    which = Among(table.c[column], "listed")
    return Ready(lambda _: select(table).where(*_where(table, equal, (), plain=True), which))


@cache
def changed(table: Table, equal: Names, names: Names) -> Ready:
    """These columns are set where those equal values."""
    values = {name: _new(table, name) for name in names}
    return Ready(lambda _: update(table).where(*_where(table, equal, ())).values(values))


@cache
def dropped(table: Table, equal: Names, none: Names) -> Ready:
    """Rows are deleted."""
    return Ready(lambda _: delete(table).where(*_where(table, equal, none, plain=True)))


@cache
def added(table: Table, names: Names, ignore: bool = False) -> Ready:
    """A row is added; where its key is there it stays as it was, if that is to be ignored."""

    def make(insert: Insert) -> Any:
        adding = insert(table).values({name: _new(table, name) for name in names})
        return adding.on_conflict_do_nothing() if ignore else adding

    return Ready(make)


@cache
def put(table: Table, names: Names) -> Ready:
    """A row is added, or the one of its key changed; one of another institution is not, and no row comes back.

    A count of rows is not to be had for an insert on every driver.
    """
    key = [column.name for column in table.primary_key]
    rest = [name for name in names if name not in key]

    def make(insert: Insert) -> Any:
        adding = insert(table).values({name: _new(table, name) for name in names})
        if not rest:
            return adding.on_conflict_do_nothing(index_elements=key)
        new = {name: adding.excluded[name] for name in rest}
        if not walled(table, names):
            return adding.on_conflict_do_update(index_elements=key, set_=new)
        wall = table.c.institution == adding.excluded.institution
        changing = adding.on_conflict_do_update(index_elements=key, set_=new, where=wall)
        return changing.returning(table.c.institution)

    return Ready(make)


@cache
def walled(table: Table, names: Names) -> bool:
    """Whether a row belongs to one institution by more than its key, and never moves to another."""
    key = [column.name for column in table.primary_key]
    return "institution" in names and "institution" not in key and not table.c.institution.nullable


def _where(table: Table, equal: Names, none: Names, plain: bool = False) -> list[ColumnElement[bool]]:
    """``plain``: values are bound by the columns' own names, which only what sets columns needs for itself."""
    bound = {name: name if plain else f"is_{name}" for name in equal}
    wanted = [table.c[name] == bindparam(bound[name], type_=table.c[name].type) for name in equal]
    return [*wanted, *(table.c[name].is_(None) for name in none)]


def _new(table: Table, name: str) -> Any:
    return bindparam(f"new_{name}", type_=table.c[name].type)


class Listed(TypeDecorator[list[str]]):
    """Many texts that travel as one value."""

    impl = SqlText
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Turned:
        """As JSON for SQLite, as the text of an array for PostgreSQL."""
        return to_json if dialect.name == "sqlite" else array_text


def array_text(values: list[str]) -> str:
    """An array as PostgreSQL reads it. Source: its manual, "Array Input and Output Syntax"."""
    quoted = (storable(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


class Among(ColumnElement[bool]):
    """A column is one of many values: an ``IN`` of a thousand costs more than its rows, and is new for each number."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.listed = bindparam(name, type_=Listed())

    def self_group(self, against: object = None) -> Among:
        """As it is: compared with 1, as SQLite's other truths are, it would use no index."""
        return self


@compiles(Among, "sqlite")
def _on_sqlite(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = compiler.process(element.column, **options), compiler.process(element.listed, **options)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608


@compiles(Among, "postgresql")
def _on_postgresql(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = compiler.process(element.column, **options), compiler.process(element.listed, **options)
    return f"{column} = ANY (CAST({listed} AS VARCHAR[]))"

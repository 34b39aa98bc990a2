"""Alembic's entry: runs the revisions on the connection it is given.

A new revision is written by comparing the tables with an upgraded *PostgreSQL*, never with SQLite (a boolean default it
writes as ``1`` fails on the other), then read, and tested with data on both:

    command.revision(alembic_config(connection), message="What changes", autogenerate=True)
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from coplink.storage.tables import Table
from coplink.storage.types import PlainText, SealedText, UtcDateTime


def render(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own types into a revision as what they are in the database: a revision never changes with the code."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, SealedText):
        return "sa.Text()"
    if kind == "type" and isinstance(thing, PlainText):
        return "sa.String()"
    return False


def run() -> None:
    """Run the revisions; the caller's transaction decides."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_as_batch=True,
        render_item=render,
        compare_type=True,
        compare_server_default=True,
    )
    context.run_migrations()


run()

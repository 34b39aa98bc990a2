"""Spaces that rest or were let go, what was left over there, and connections that have ended.

Revision 0005. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.add_column("spaces", sa.Column("written_name", sa.String(), nullable=False, server_default=""))
    op.add_column("spaces", sa.Column("archived_at", INSTANT, nullable=True))
    op.add_column("spaces", sa.Column("parting", sa.String(), nullable=True))
    op.add_column("connections", sa.Column("ended_at", INSTANT, nullable=True))
    op.create_table(
        "leftovers",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("how", JSON, nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_leftovers_space_spaces"),
        sa.PrimaryKeyConstraint("space", "number", name="pk_leftovers"),
    )


def downgrade() -> None:
    op.drop_table("leftovers")
    op.drop_column("connections", "ended_at")
    op.drop_column("spaces", "parting")
    op.drop_column("spaces", "archived_at")
    op.drop_column("spaces", "written_name")

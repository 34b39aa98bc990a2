"""The last check-up of each connection.

Revision 0002. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "check_ups",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.id"], name="fk_check_ups_connection_connections", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_check_ups_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("connection", name="pk_check_ups"),
    )
    op.create_index("ix_check_ups_institution", "check_ups", ["institution"])


def downgrade() -> None:
    op.drop_table("check_ups")

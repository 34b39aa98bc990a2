"""People of elsewhere whom a platform of an institution lets in.

Revision 0007. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "guests",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("enter", sa.Text(), nullable=False),
        sa.Column("refused", JSON, nullable=True),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_guests_institution_institutions"
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name="fk_guests_person_people", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("institution", "integration", "person", name="pk_guests"),
    )
    op.create_index("ix_guests_person", "guests", ["person"])


def downgrade() -> None:
    op.drop_table("guests")

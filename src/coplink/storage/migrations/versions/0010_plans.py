"""Plans that wait for a person, and what is known of the ledger of each space.

Revision 0010. Runs on SQLite and PostgreSQL. The first run of each space begins the latter.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("hazards", JSON, nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("approved", sa.String(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_plans_space_spaces"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_plans_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_plans_community_communities"),
        sa.PrimaryKeyConstraint("space", name="pk_plans"),
    )
    op.create_index("ix_plans_institution", "plans", ["institution"])
    op.create_index("ix_plans_community", "plans", ["community"])
    op.create_table(
        "ledger_looks",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("adopting", sa.Boolean(), nullable=False),
        sa.Column("first_look", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_ledger_looks_space_spaces"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_ledger_looks_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("space", name="pk_ledger_looks"),
    )
    op.create_index("ix_ledger_looks_institution", "ledger_looks", ["institution"])


def downgrade() -> None:
    op.drop_table("ledger_looks")
    op.drop_table("plans")

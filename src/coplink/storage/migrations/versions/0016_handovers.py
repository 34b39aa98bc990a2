"""Who is asked to facilitate a community, and has not answered yet.

Revision 0016. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_handovers_community_communities"),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name="fk_handovers_person_people", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_handovers_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name="fk_handovers_asked_by_people"),
        sa.PrimaryKeyConstraint("community", "person", name="pk_handovers"),
    )
    for name in ("person", "institution", "asked_by"):
        op.create_index(f"ix_handovers_{name}", "handovers", [name])


def downgrade() -> None:
    op.drop_table("handovers")

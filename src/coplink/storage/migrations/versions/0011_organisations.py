"""Whom to turn to in an institution, and institutions that withdrew from a community.

Revision 0011. Runs on SQLite and PostgreSQL. Nobody has withdrawn so far, and whoever pauses does so by their own word.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_contacts_community_communities"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_contacts_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_contacts_person_people"),
        sa.PrimaryKeyConstraint("community", "institution", name="pk_contacts"),
    )
    op.create_index("ix_contacts_institution", "contacts", ["institution"])
    op.create_index("ix_contacts_person", "contacts", ["person"])
    op.add_column("participations", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("participations", sa.Column("withdrawn_by", sa.String(), nullable=False, server_default=""))
    op.add_column("participations", sa.Column("reason", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "memberships", sa.Column("by_institution", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("memberships", "by_institution")
    op.drop_column("participations", "reason")
    op.drop_column("participations", "withdrawn_by")
    op.drop_column("participations", "withdrawn_at")
    op.drop_table("contacts")

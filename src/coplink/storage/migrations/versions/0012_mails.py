"""Who was invited by e-mail, so that nobody is written to twice.

Revision 0012. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_mails_community_communities"),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_mails_person_people", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_mails_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("community", "person", name="pk_mails"),
    )
    op.create_index("ix_mails_person", "mails", ["person"])
    op.create_index("ix_mails_institution", "mails", ["institution"])


def downgrade() -> None:
    op.drop_table("mails")

"""Whom a link to one meeting is for.

Revision 0013. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presenters",
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("meeting", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["link"], ["links.id"], name="fk_presenters_link_links"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_presenters_institution_institutions"
        ),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_presenters_community_communities"
        ),
        sa.PrimaryKeyConstraint("link", name="pk_presenters"),
    )
    op.create_index("ix_presenters_institution", "presenters", ["institution"])
    op.create_index("ix_presenters_community", "presenters", ["community"])


def downgrade() -> None:
    op.drop_table("presenters")

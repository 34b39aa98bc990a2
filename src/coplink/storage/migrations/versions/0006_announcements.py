"""What was said to everybody in a community, and how far it is in each place.

Revision 0006. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_announcements_community_communities"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_announcements_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["said_by"], ["people.id"], name="fk_announcements_said_by_people"),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
    )
    op.create_index("ix_announcements_community_at", "announcements", ["community", "at"])
    op.create_index("ix_announcements_institution", "announcements", ["institution"])
    op.create_index("ix_announcements_said_by", "announcements", ["said_by"])
    op.create_table(
        "posts",
        sa.Column("announcement", sa.String(), nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remote", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("trouble", JSON, nullable=True),
        sa.Column("at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["announcement"], ["announcements.id"], name="fk_posts_announcement_announcements"
        ),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_posts_community_communities"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_posts_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_posts_space_spaces"),
        sa.PrimaryKeyConstraint("announcement", "space", name="pk_posts"),
    )
    op.create_index("ix_posts_community", "posts", ["community"])
    op.create_index("ix_posts_institution", "posts", ["institution"])
    op.create_index("ix_posts_space_state", "posts", ["space", "state"])


def downgrade() -> None:
    op.drop_table("posts")
    op.drop_table("announcements")

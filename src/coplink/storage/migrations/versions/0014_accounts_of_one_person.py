"""Since when an account is proved, and by which identity.

Revision 0014. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    for name in ("door", "realm", "subject"):
        op.add_column("accounts", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    for name in ("subject", "realm", "door", "since"):
        op.drop_column("accounts", name)

"""Up to which generation a piece of work was begun last: what asks for it later has a turn of its own.

Revision 0003. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work", sa.Column("begun", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("work", "begun")

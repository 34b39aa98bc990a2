"""How the people of a community want to work together, beside what it is about.

Revision 0015. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("charters", sa.Column("norms", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("charters", "norms")

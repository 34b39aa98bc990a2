"""Which address somebody was shown when they let the platforms of another school have it.

Revision 0018. Runs on SQLite and PostgreSQL. Who said yes before, and was let in, said it to the address by which they
were; others were shown none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("disclosures", sa.Column("address", sa.String(), nullable=False, server_default=""))
    op.execute(
        "UPDATE disclosures SET address = COALESCE((SELECT MAX(guests.address) FROM guests"
        " WHERE guests.person = disclosures.person AND guests.institution = disclosures.institution"
        " AND guests.account IS NOT NULL), '') WHERE agreed"
    )


def downgrade() -> None:
    op.drop_column("disclosures", "address")

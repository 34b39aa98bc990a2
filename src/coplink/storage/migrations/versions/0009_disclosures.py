"""Who agreed that platforms of other schools have their address.

Revision 0009. Runs on SQLite and PostgreSQL. Whoever is let in already as a guest where a community has a
place keeps that seat: their address has been given there, and they take it back on the community's page.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disclosures",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_disclosures_community_communities"
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name="fk_disclosures_person_people", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_disclosures_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("community", "person", "institution", name="pk_disclosures"),
    )
    op.create_index("ix_disclosures_person", "disclosures", ["person"])
    op.execute(
        "INSERT INTO disclosures (community, person, institution, agreed, answered_at)"
        " SELECT DISTINCT memberships.community, memberships.person, spaces.institution, TRUE,"
        " memberships.changed_at FROM memberships"
        " JOIN spaces ON spaces.community = memberships.community"
        " JOIN guests ON guests.person = memberships.person AND guests.institution = spaces.institution"
        " AND guests.integration = spaces.integration"
        " WHERE memberships.standing IN ('joined', 'paused') AND guests.account IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("disclosures")

"""The first tables.

Revision 0001. Runs on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "institutions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_institutions"),
        sa.UniqueConstraint("name", name="uq_institutions_name"),
    )
    op.create_table(
        "key_pairs",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("private_pem", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.Column("signs_from", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("kid", name="pk_key_pairs"),
    )
    op.create_table(
        "logins",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("state_hash", name="pk_logins"),
    )
    op.create_index("ix_logins_expires_at", "logins", ["expires_at"])
    op.create_table(
        "opt_outs",
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_opt_outs"),
    )
    op.create_table(
        "reports",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("sentences", JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_reports"),
    )
    op.create_index("ix_reports_community_number", "reports", ["community", "number"])
    op.create_index("ix_reports_kind_target_at", "reports", ["kind", "target", "at"])
    op.create_table(
        "work",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("resting", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("turned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "target", name="pk_work"),
    )
    op.create_index("ix_work_turned", "work", ["turned"])
    op.create_table(
        "communities",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("charter", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("founded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_communities_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_communities"),
    )
    op.create_index("ix_communities_institution", "communities", ["institution"])
    op.create_table(
        "connections",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("realm", sa.String(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("trouble", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_connections_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_connections"),
        sa.UniqueConstraint("institution", "integration", name="uq_connections_institution_integration"),
    )
    op.create_index("ix_connections_institution", "connections", ["institution"])
    op.create_table(
        "people",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("home", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_people_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_index("ix_people_institution", "people", ["institution"])
    op.create_table(
        "registrations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("authorization_url", sa.String(), nullable=False),
        sa.Column("token_url", sa.String(), nullable=False),
        sa.Column("jwks_url", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("claims", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("managed_url", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_registrations_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registrations"),
        sa.UniqueConstraint("issuer", "client_id", name="uq_registrations_issuer_client_id"),
    )
    op.create_index("ix_registrations_institution", "registrations", ["institution"])
    op.create_table(
        "removals",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_removals_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_removals"),
    )
    op.create_index("ix_removals_institution_at", "removals", ["institution", "at"])
    op.create_table(
        "accounts",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_accounts_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_accounts_person_people"),
        sa.PrimaryKeyConstraint("person", "institution", "integration", "account", name="pk_accounts"),
    )
    op.create_index(
        "ix_accounts_institution_integration_account", "accounts", ["institution", "integration", "account"]
    )
    op.create_table(
        "charters",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("hopes", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_charters_community_communities"),
        sa.PrimaryKeyConstraint("community", "version", name="pk_charters"),
    )
    op.create_table(
        "contexts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("realm", sa.String(), nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("roster", JSON, nullable=True),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_contexts_community_communities"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_contexts_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contexts"),
        sa.UniqueConstraint(
            "community",
            "institution",
            "realm",
            "context",
            name="uq_contexts_community_institution_realm_context",
        ),
    )
    op.create_index("ix_contexts_community", "contexts", ["community"])
    op.create_index("ix_contexts_institution", "contexts", ["institution"])
    op.create_index("ix_contexts_institution_realm_context", "contexts", ["institution", "realm", "context"])
    op.create_table(
        "rosters",
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=True),
        sa.Column("pages", sa.LargeBinary(), nullable=False),
        sa.Column("prints", sa.LargeBinary(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.Column("owing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["context"], ["contexts.id"], name="fk_rosters_context_contexts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_rosters_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("context", name="pk_rosters"),
    )
    op.create_index("ix_rosters_institution", "rosters", ["institution"])
    op.create_table(
        "deployments",
        sa.Column("registration", sa.String(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_deployments_institution_institutions"
        ),
        sa.ForeignKeyConstraint(
            ["registration"], ["registrations.id"], name="fk_deployments_registration_registrations"
        ),
        sa.PrimaryKeyConstraint("registration", "deployment_id", name="pk_deployments"),
    )
    op.create_index("ix_deployments_institution", "deployments", ["institution"])
    op.create_table(
        "happenings",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("message", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_happenings_community_communities"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_happenings_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_happenings"),
    )
    op.create_index("ix_happenings_community_number", "happenings", ["community", "number"])
    op.create_index("ix_happenings_institution", "happenings", ["institution"])
    op.create_table(
        "identities",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("realm", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("proved_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_identities_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_identities_person_people"),
        sa.PrimaryKeyConstraint("institution", "door", "realm", "subject", name="pk_identities"),
    )
    op.create_index("ix_identities_person", "identities", ["person"])
    op.create_table(
        "links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_links_community_communities"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_links_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_links_person_people"),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint("kind", "token_hash", name="uq_links_kind_token_hash"),
    )
    op.create_index("ix_links_community", "links", ["community"])
    op.create_index("ix_links_institution", "links", ["institution"])
    op.create_index("ix_links_person", "links", ["person"])
    op.create_table(
        "look_ups",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_look_ups_institution_institutions"
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name="fk_look_ups_person_people", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("institution", "integration", "person", name="pk_look_ups"),
    )
    op.create_index("ix_look_ups_at", "look_ups", ["at"])
    op.create_index("ix_look_ups_person", "look_ups", ["person"])
    op.create_table(
        "memberships",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_memberships_community_communities"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_memberships_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_memberships_person_people"),
        sa.PrimaryKeyConstraint("community", "person", name="pk_memberships"),
    )
    op.create_index("ix_memberships_institution", "memberships", ["institution"])
    op.create_index("ix_memberships_person", "memberships", ["person"])
    op.create_table(
        "notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", JSON, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_notices_community_communities"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_notices_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
    )
    op.create_index("ix_notices_about_code", "notices", ["about", "code"])
    op.create_index("ix_notices_community", "notices", ["community"])
    op.create_index("ix_notices_institution", "notices", ["institution"])
    op.create_table(
        "curated_lists",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("entries", JSON, nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_curated_lists_community_communities"
        ),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name="fk_curated_lists_made_by_people"),
        sa.PrimaryKeyConstraint("id", name="pk_curated_lists"),
    )
    op.create_index("ix_curated_lists_community", "curated_lists", ["community"])
    op.create_index("ix_curated_lists_made_by", "curated_lists", ["made_by"])
    op.create_table(
        "participations",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("agreed_at", INSTANT, nullable=True),
        sa.Column("refused_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_participations_community_communities"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_participations_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("community", "institution", name="pk_participations"),
    )
    op.create_index("ix_participations_institution", "participations", ["institution"])
    op.create_table(
        "rhythms",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rhythm", JSON, nullable=False),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_rhythms_community_communities"),
        sa.PrimaryKeyConstraint("community", "version", name="pk_rhythms"),
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("institution", sa.String(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_sessions_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_sessions_person_people"),
        sa.PrimaryKeyConstraint("id_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_institution", "sessions", ["institution"])
    op.create_index("ix_sessions_person", "sessions", ["person"])
    op.create_table(
        "spaces",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("integration", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("marker", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("parts", JSON, nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("trouble", JSON, nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_spaces_community_communities"),
        sa.ForeignKeyConstraint(["connection"], ["connections.id"], name="fk_spaces_connection_connections"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_spaces_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_spaces"),
    )
    op.create_index("ix_spaces_community", "spaces", ["community"])
    op.create_index("ix_spaces_connection", "spaces", ["connection"])
    op.create_index("ix_spaces_institution", "spaces", ["institution"])
    op.create_table(
        "artifacts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("remote", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("author_name", sa.String(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["author"], ["people.id"], name="fk_artifacts_author_people"),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_artifacts_community_communities"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_artifacts_space_spaces"),
        sa.PrimaryKeyConstraint("id", name="pk_artifacts"),
        sa.UniqueConstraint("space", "remote", name="uq_artifacts_space_remote"),
    )
    op.create_index("ix_artifacts_author", "artifacts", ["author"])
    op.create_index("ix_artifacts_community_changed_at", "artifacts", ["community", "changed_at"])
    op.create_index("ix_artifacts_space", "artifacts", ["space"])
    op.create_table(
        "cursors",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_cursors_space_spaces"),
        sa.PrimaryKeyConstraint("space", name="pk_cursors"),
    )
    op.create_table(
        "journal",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_journal_community_communities"),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_journal_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_journal_space_spaces"),
        sa.PrimaryKeyConstraint("number", name="pk_journal"),
    )
    op.create_index("ix_journal_community", "journal", ["community"])
    op.create_index("ix_journal_institution", "journal", ["institution"])
    op.create_index("ix_journal_space_number", "journal", ["space", "number"])
    op.create_table(
        "ledger",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("absent_since", INSTANT, nullable=True),
        sa.Column("prior", sa.String(), nullable=True),
        sa.Column("prior_written_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_ledger_institution_institutions"
        ),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_ledger_space_spaces"),
        sa.PrimaryKeyConstraint("space", "account", name="pk_ledger"),
    )
    op.create_index("ix_ledger_institution", "ledger", ["institution"])
    op.create_table(
        "offers",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("start", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["community"], ["communities.id"], name="fk_offers_community_communities"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_offers_space_spaces"),
        sa.PrimaryKeyConstraint("community", "space", "original", name="pk_offers"),
    )
    op.create_table(
        "seats",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_seats_space_spaces"),
        sa.PrimaryKeyConstraint("space", "account", name="pk_seats"),
    )
    op.create_table(
        "series_links",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("remote", JSON, nullable=False),
        sa.Column("seen", JSON, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_series_links_space_spaces"),
        sa.PrimaryKeyConstraint("space", "version", name="pk_series_links"),
    )
    op.create_table(
        "unreachable",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("reason", JSON, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_unreachable_person_people"),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_unreachable_space_spaces"),
        sa.PrimaryKeyConstraint("space", "person", name="pk_unreachable"),
    )
    op.create_index("ix_unreachable_person", "unreachable", ["person"])
    op.create_table(
        "course_copies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("realm", sa.String(), nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("origin_title", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("heard_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=True),
        sa.Column("asked_by", sa.String(), nullable=True),
        sa.Column("roster", JSON, nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name="fk_course_copies_asked_by_people"),
        sa.ForeignKeyConstraint(
            ["community"], ["communities.id"], name="fk_course_copies_community_communities"
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_course_copies_institution_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_course_copies"),
        sa.UniqueConstraint(
            "institution",
            "realm",
            "context",
            "community",
            name="uq_course_copies_institution_realm_context_community",
        ),
    )
    op.create_index("ix_course_copies_asked_by", "course_copies", ["asked_by"])
    op.create_index("ix_course_copies_community", "course_copies", ["community"])
    op.create_index("ix_course_copies_institution", "course_copies", ["institution"])
    op.create_table(
        "notice_services",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("registration", sa.String(), nullable=False),
        sa.Column("deployment", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("types", JSON, nullable=False),
        sa.Column("callback", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=True),
        sa.Column("ordered_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.id"], name="fk_notice_services_institution_institutions"
        ),
        sa.ForeignKeyConstraint(
            ["registration"], ["registrations.id"], name="fk_notice_services_registration_registrations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notice_services"),
        sa.UniqueConstraint(
            "institution",
            "registration",
            "deployment",
            name="uq_notice_services_institution_registration_deployment",
        ),
    )
    op.create_index("ix_notice_services_institution", "notice_services", ["institution"])
    op.create_table(
        "notices_heard",
        sa.Column("registration", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration"], ["registrations.id"], name="fk_notices_heard_registration_registrations"
        ),
        sa.PrimaryKeyConstraint("registration", "notice", name="pk_notices_heard"),
    )
    op.create_index("ix_notices_heard_until", "notices_heard", ["until"])
    op.create_table(
        "watches",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("remote", sa.String(), nullable=False),
        sa.Column("ends", INSTANT, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_watches_space_spaces"),
        sa.PrimaryKeyConstraint("space", name="pk_watches"),
    )
    op.create_table(
        "versions",
        sa.Column("artifact", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["artifact"], ["artifacts.id"], name="fk_versions_artifact_artifacts"),
        sa.PrimaryKeyConstraint("artifact", "version", name="pk_versions"),
    )


def downgrade() -> None:
    for table in (
        "versions",
        "watches",
        "notices_heard",
        "notice_services",
        "course_copies",
        "unreachable",
        "series_links",
        "seats",
        "offers",
        "ledger",
        "journal",
        "cursors",
        "artifacts",
        "spaces",
        "sessions",
        "rhythms",
        "participations",
        "curated_lists",
        "notices",
        "memberships",
        "look_ups",
        "links",
        "identities",
        "happenings",
        "deployments",
        "rosters",
        "contexts",
        "charters",
        "accounts",
        "removals",
        "registrations",
        "people",
        "connections",
        "communities",
        "work",
        "reports",
        "opt_outs",
        "logins",
        "key_pairs",
        "institutions",
    ):
        op.drop_table(table)

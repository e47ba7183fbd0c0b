"""Organisations, aidants, usagers, mandates, and the journal that nobody can rewrite."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REFUSAL = "the journal is append-only"


def upgrade() -> None:
    _people()
    _mandats()
    _journal()
    if op.get_bind().dialect.name == "postgresql":
        _postgresql_triggers()
    else:
        _sqlite_triggers()


def _people() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("demarches", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "aidants",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_counter", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.Column("current_organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "memberships",
        sa.Column("aidant_id", sa.String(32), sa.ForeignKey("aidants.id"), primary_key=True),
        sa.Column("organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
    )
    op.create_index("ix_memberships_organisation_id", "memberships", ["organisation_id"])
    op.create_table(
        "one_time_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("aidant_id", sa.String(32), sa.ForeignKey("aidants.id"), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
    )
    op.create_index("ix_one_time_tokens_aidant_id", "one_time_tokens", ["aidant_id"])
    op.create_table(
        "linked_conversations",
        sa.Column("conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("aidant_id", sa.String(32), sa.ForeignKey("aidants.id"), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_linked_conversations_aidant_id", "linked_conversations", ["aidant_id"])


def _mandats() -> None:
    op.create_table(
        "usagers",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("key_master", sa.String(40), nullable=True),
        sa.Column("key_wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("identity_index", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("erased_at", sa.DateTime(), nullable=True),
        sa.UniqueConstraint("organisation_id", "identity_index"),
    )
    op.create_index("ix_usagers_organisation_id", "usagers", ["organisation_id"])
    op.create_table(
        "usager_terms",
        sa.Column("usager_id", sa.String(32), sa.ForeignKey("usagers.id"), primary_key=True),
        sa.Column("term", sa.String(64), primary_key=True),
    )
    op.create_index("ix_usager_terms_term", "usager_terms", ["term"])
    op.create_table(
        "mandat_drafts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("aidant_id", sa.String(32), sa.ForeignKey("aidants.id"), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=True),
        sa.Column("demarches", sa.JSON(), nullable=False),
        sa.Column("duration", sa.String(10), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("link_digest", sa.String(64), nullable=True, unique=True),
        sa.Column("link_expires_at", sa.DateTime(), nullable=True),
        sa.Column("link_used_at", sa.DateTime(), nullable=True),
        sa.Column("page_digest", sa.String(64), nullable=True, unique=True),
        sa.Column("usager_id", sa.String(32), sa.ForeignKey("usagers.id"), nullable=True),
        sa.Column("renews_id", sa.String(32), nullable=True),
        sa.Column("mandat_id", sa.String(32), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(), nullable=True),
    )
    op.create_index("ix_mandat_drafts_organisation_id", "mandat_drafts", ["organisation_id"])
    op.create_index("ix_mandat_drafts_expires_at", "mandat_drafts", ["expires_at"])
    op.create_table(
        "mandats",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("reference", sa.String(24), nullable=False, unique=True),
        sa.Column("public_token", sa.String(32), nullable=False, unique=True),
        sa.Column("organisation_id", sa.String(32), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("usager_id", sa.String(32), sa.ForeignKey("usagers.id"), nullable=False),
        sa.Column("aidant_id", sa.String(32), sa.ForeignKey("aidants.id"), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=True),
        sa.Column("renews_id", sa.String(32), sa.ForeignKey("mandats.id"), nullable=True),
        sa.Column("duration", sa.String(10), nullable=False),
        sa.Column("sealed_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("commitment_secret", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("fingerprint_key", sa.String(40), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("official_number", sa.String(40), nullable=True),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
    )
    op.create_index("ix_mandats_usager_id", "mandats", ["usager_id"])
    op.create_index("ix_mandats_organisation_expires", "mandats", ["organisation_id", "expires_at"])
    op.create_table(
        "autorisations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("mandat_id", sa.String(32), sa.ForeignKey("mandats.id"), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("usager_id", sa.String(32), nullable=False),
        sa.Column("demarche", sa.String(20), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_by", sa.String(20), nullable=True),
        sa.UniqueConstraint("mandat_id", "demarche"),
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_autorisations_open",
        "autorisations",
        ["organisation_id", "usager_id", "demarche"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Integer(), nullable=False),
    )
    op.create_table(
        "mandat_reminders",
        sa.Column("mandat_id", sa.String(32), sa.ForeignKey("mandats.id"), primary_key=True),
        sa.Column("days", sa.Integer(), primary_key=True),
        sa.Column("sent_at", sa.DateTime(), nullable=False),
    )


def _journal() -> None:
    op.create_table(
        "journal_entries",
        sa.Column("organisation_id", sa.String(32), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("aidant_id", sa.String(32), nullable=True),
        sa.Column("mandat_id", sa.String(32), nullable=True),
        sa.Column("usager_id", sa.String(32), nullable=True),
        sa.Column("demarche", sa.String(20), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    op.create_index("ix_journal_entries_at", "journal_entries", ["at"])
    op.create_index("ix_journal_entries_mandat", "journal_entries", ["mandat_id"])
    op.create_table(
        "journal_heads",
        sa.Column("organisation_id", sa.String(32), primary_key=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    op.create_table(
        "journal_checkpoints",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_journal_checkpoints_organisation_id", "journal_checkpoints", ["organisation_id"])


def _sqlite_triggers() -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER journal_entries_no_{event.lower()} BEFORE {event} ON journal_entries "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )

    # « INSERT OR REPLACE » deletes without firing the trigger on deletions.
    op.execute(
        "CREATE TRIGGER journal_entries_no_replace BEFORE INSERT ON journal_entries WHEN EXISTS (SELECT 1 FROM "  # noqa: S608  constants
        "journal_entries WHERE organisation_id = NEW.organisation_id AND seq = NEW.seq) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER journal_entries_no_change BEFORE UPDATE OR DELETE ON journal_entries "
        "FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON journal_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()"
    )


def downgrade() -> None:
    for table in (
        "journal_checkpoints",
        "journal_heads",
        "journal_entries",
        "mandat_reminders",
        "counters",
        "autorisations",
        "mandats",
        "mandat_drafts",
        "usager_terms",
        "usagers",
        "linked_conversations",
        "one_time_tokens",
        "memberships",
        "aidants",
        "organisations",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION journal_is_append_only()")

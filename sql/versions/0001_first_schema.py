"""The first schema: people, tickets, the ledger, the outbox, the audit trail."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, long_bytes, long_text, row_id
from helpdesk.store.tables import OPTIONS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table; on MariaDB each is committed by itself, see ``store.schema``."""
    op.create_table(
        "breakers",
        sa.Column("scope", exact(300), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closes_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_breakers")),
        **OPTIONS,
    )
    op.create_table(
        "budgets",
        sa.Column("scope", exact(300), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "window_start", name=op.f("pk_budgets")),
        **OPTIONS,
    )
    op.create_table(
        "counters",
        sa.Column("name", exact(40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
        **OPTIONS,
    )
    op.create_table(
        "leases",
        sa.Column("name", exact(150), nullable=False),
        sa.Column("owner", exact(64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        **OPTIONS,
    )
    op.create_table(
        "mailboxes",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("name", exact(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("name", name=op.f("uq_mailboxes_name")),
        **OPTIONS,
    )
    op.create_table(
        "people",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", exact(20), nullable=False),
        sa.Column("language", exact(2), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        **OPTIONS,
    )
    op.create_table(
        "teams",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
        **OPTIONS,
    )
    op.create_table(
        "addresses",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("person_id", row_id(), nullable=False),
        sa.Column("address", exact(254), nullable=False),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("best_verdict", exact(20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_addresses_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint("address", name=op.f("uq_addresses_address")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_addresses_person_id"), "addresses", ["person_id"], unique=False)
    op.create_table(
        "audit_logs",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("user_id", row_id(), nullable=True),
        sa.Column("action", exact(60), nullable=False),
        sa.Column("status", exact(10), nullable=False),
        sa.Column("ip_address", exact(45), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["people.id"], name=op.f("fk_audit_logs_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_audit_logs_created_at"), "audit_logs", ["created_at"], unique=False)
    op.create_index(op.f("ix_audit_logs_user_id"), "audit_logs", ["user_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("team_id", row_id(), nullable=False),
        sa.Column("person_id", row_id(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_memberships_team_id")),
        sa.PrimaryKeyConstraint("team_id", "person_id", name=op.f("pk_memberships")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_memberships_person_id"), "memberships", ["person_id"], unique=False)
    op.create_table(
        "tickets",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("status", exact(20), nullable=False),
        sa.Column("urgency", exact(20), nullable=False),
        sa.Column("requester_id", row_id(), nullable=False),
        sa.Column("team_id", row_id(), nullable=True),
        sa.Column("assignee_id", row_id(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["people.id"], name=op.f("fk_tickets_assignee_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["people.id"], name=op.f("fk_tickets_requester_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_tickets_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_tickets_assignee_id_status"), "tickets", ["assignee_id", "status"], unique=False)
    op.create_index(
        op.f("ix_tickets_requester_id_status"), "tickets", ["requester_id", "status"], unique=False
    )
    op.create_index(op.f("ix_tickets_status_updated_at"), "tickets", ["status", "updated_at"], unique=False)
    op.create_index(op.f("ix_tickets_team_id_status"), "tickets", ["team_id", "status"], unique=False)
    op.create_table(
        "mails",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("mailbox_id", row_id(), nullable=False),
        sa.Column("uidvalidity", row_id(), nullable=False),
        sa.Column("uid", row_id(), nullable=False),
        sa.Column("fingerprint", exact(64), nullable=True),
        sa.Column("effect", exact(64), nullable=True),
        sa.Column("message_id", exact(255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("sender", exact(254), nullable=False),
        sa.Column("dated_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("fate", exact(20), nullable=True),
        sa.Column("rule", exact(40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("verdict", exact(20), nullable=False),
        sa.Column("verdict_reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", row_id(), nullable=True),
        sa.Column("ticket_id", row_id(), nullable=True),
        sa.Column("raw_sha256", exact(64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("look_again_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_mails_mailbox_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_mails_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_mails_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("mailbox_id", "effect", name=op.f("uq_mails_mailbox_id_effect")),
        sa.UniqueConstraint(
            "mailbox_id", "uidvalidity", "uid", name=op.f("uq_mails_mailbox_id_uidvalidity_uid")
        ),
        **OPTIONS,
    )
    op.create_index(op.f("ix_mails_fate_seen_at"), "mails", ["fate", "seen_at"], unique=False)
    op.create_index(
        op.f("ix_mails_mailbox_id_look_again_at"), "mails", ["mailbox_id", "look_again_at"], unique=False
    )
    op.create_index(
        op.f("ix_mails_mailbox_id_settled_at"), "mails", ["mailbox_id", "settled_at"], unique=False
    )
    op.create_index(op.f("ix_mails_message_id"), "mails", ["message_id"], unique=False)
    op.create_index(op.f("ix_mails_person_id"), "mails", ["person_id"], unique=False)
    op.create_index(op.f("ix_mails_sender_seen_at"), "mails", ["sender", "seen_at"], unique=False)
    op.create_index(op.f("ix_mails_ticket_id"), "mails", ["ticket_id"], unique=False)
    op.create_table(
        "participants",
        sa.Column("ticket_id", row_id(), nullable=False),
        sa.Column("person_id", row_id(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_participants_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_participants_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "person_id", name=op.f("pk_participants")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_participants_person_id"), "participants", ["person_id"], unique=False)
    op.create_table(
        "letters",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("kind", exact(40), nullable=False),
        sa.Column("dedupe", exact(64), nullable=False),
        sa.Column("message_id", exact(255), nullable=False),
        sa.Column("recipient", exact(254), nullable=False),
        sa.Column("envelope_from", exact(254), nullable=False),
        sa.Column("content", long_bytes(), nullable=False),
        sa.Column("person_id", row_id(), nullable=True),
        sa.Column("ticket_id", row_id(), nullable=True),
        sa.Column("mail_id", row_id(), nullable=True),
        sa.Column("state", exact(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("claim", exact(32), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_letters_mail_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_letters_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_letters_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_letters_dedupe")),
        sa.UniqueConstraint("message_id", name=op.f("uq_letters_message_id")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_letters_mail_id"), "letters", ["mail_id"], unique=False)
    op.create_index(op.f("ix_letters_person_id"), "letters", ["person_id"], unique=False)
    op.create_index(op.f("ix_letters_state_next_at"), "letters", ["state", "next_at"], unique=False)
    op.create_index(op.f("ix_letters_ticket_id"), "letters", ["ticket_id"], unique=False)
    op.create_table(
        "posts",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", row_id(), nullable=False),
        sa.Column("author_id", row_id(), nullable=True),
        sa.Column("mail_id", row_id(), nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("text", long_text(), nullable=False),
        sa.Column("folds", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_posts_author_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_posts_mail_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_posts_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_posts_author_id"), "posts", ["author_id"], unique=False)
    op.create_index(op.f("ix_posts_mail_id"), "posts", ["mail_id"], unique=False)
    op.create_index(op.f("ix_posts_ticket_id"), "posts", ["ticket_id"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("post_id", row_id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=127), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", exact(64), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_attachments_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_attachments_post_id"), "attachments", ["post_id"], unique=False)
    op.create_index(op.f("ix_attachments_sha256"), "attachments", ["sha256"], unique=False)

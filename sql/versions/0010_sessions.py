"""Logins that are in force."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sessions",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("person_id", row_id(), nullable=False),
        sa.Column("token_hash", exact(64), nullable=False),
        sa.Column("kind", exact(20), nullable=False),
        sa.Column("ip_address", exact(45), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("proved_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)

"""The chain of seals over the audit trail."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, long_bytes, row_id, short_bytes
from helpdesk.store.tables import OPTIONS

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "audit_seals",
        sa.Column("seq", row_id(), autoincrement=False, nullable=False),
        sa.Column("day", exact(10), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("entries", long_bytes(), nullable=False),
        sa.Column("prev", short_bytes(32), nullable=False),
        sa.Column("mac", short_bytes(32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_seals")),
        **OPTIONS,
    )

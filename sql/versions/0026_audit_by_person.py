"""The audit trail of one person, newest first."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        op.f("ix_audit_logs_user_id_created_at"), "audit_logs", ["user_id", "created_at"], unique=False
    )

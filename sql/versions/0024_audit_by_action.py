"""The audit trail by action, newest first."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        op.f("ix_audit_logs_action_created_at"), "audit_logs", ["action", "created_at"], unique=False
    )

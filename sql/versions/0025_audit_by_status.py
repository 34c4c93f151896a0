"""The audit trail by how things ended: what was refused or failed is rare and looked for."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        op.f("ix_audit_logs_status_created_at"), "audit_logs", ["status", "created_at"], unique=False
    )

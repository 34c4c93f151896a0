"""The index on the person alone: the one with the time begins with it and serves its foreign key."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the index."""
    op.drop_index(op.f("ix_audit_logs_user_id"), table_name="audit_logs")

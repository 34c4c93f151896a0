"""What is in the audit trail already is sealed like what comes."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Stage every row."""
    op.execute("INSERT INTO audit_unsealed (row_id) SELECT id FROM audit_logs")

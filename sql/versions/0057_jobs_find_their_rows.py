"""What the nightly jobs look for: resolved tickets that are not closed yet, and who names a blob."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(
        "ix_tickets_closed_at_status_updated_at", "tickets", ["closed_at", "status", "updated_at"]
    )
    op.create_index("ix_mails_raw_sha256", "mails", ["raw_sha256"])

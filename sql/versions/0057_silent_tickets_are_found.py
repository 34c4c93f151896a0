"""Resolved tickets that are not closed yet, by how long nothing has happened to them."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_tickets_closed_at_status_updated_at", "tickets", ["closed_at", "status", "updated_at"]
    )

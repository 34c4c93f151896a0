"""Tickets by when they were opened, for statistics and export."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_tickets_opened_at"), "tickets", ["opened_at"], unique=False)

"""When a ticket should have been dealt with."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("tickets", sa.Column("due_at", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_tickets_status_due_at"), "tickets", ["status", "due_at"], unique=False)

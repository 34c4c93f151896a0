"""Of which ticket, with which due date, somebody was told."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, row_id
from helpdesk.store.tables import OPTIONS

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ticket_reminders",
        sa.Column("ticket_id", row_id(), autoincrement=False, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_reminders_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "due_at", name=op.f("pk_ticket_reminders")),
        **OPTIONS,
    )

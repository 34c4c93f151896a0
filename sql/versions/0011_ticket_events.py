"""The history of a ticket."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ticket_events",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", row_id(), nullable=False),
        sa.Column("person_id", row_id(), nullable=True),
        sa.Column("kind", exact(30), nullable=False),
        sa.Column("before", sa.String(length=200), nullable=False),
        sa.Column("after", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_ticket_events_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_events_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_events")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_ticket_events_person_id"), "ticket_events", ["person_id"], unique=False)
    op.create_index(op.f("ix_ticket_events_ticket_id"), "ticket_events", ["ticket_id"], unique=False)

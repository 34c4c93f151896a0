"""The ticket that took a conversation over."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import row_id

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "tickets",
        sa.Column(
            "merged_into_id",
            row_id(),
            sa.ForeignKey("tickets.id", name=op.f("fk_tickets_merged_into_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_index(op.f("ix_tickets_merged_into_id"), "tickets", ["merged_into_id"], unique=False)

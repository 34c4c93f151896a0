"""Tags of tickets."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tags",
        sa.Column("ticket_id", row_id(), nullable=False),
        sa.Column("tag", exact(50), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_tags_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_tags")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_tags_tag_ticket_id"), "tags", ["tag", "ticket_id"], unique=False)

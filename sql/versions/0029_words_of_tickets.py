"""By which words a ticket is found."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import short_bytes
from helpdesk.store.tables import OPTIONS

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ticket_words",
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", short_bytes(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("block", "word", "number", "internal", name=op.f("pk_ticket_words")),
        sqlite_with_rowid=False,
        **OPTIONS,
    )

"""Answers that are written once."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import exact, long_text, row_id
from helpdesk.store.tables import OPTIONS

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "canned_answers",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("name", exact(50), nullable=False),
        sa.Column("language", exact(2), nullable=False),
        sa.Column("text", long_text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_answers")),
        sa.UniqueConstraint("name", "language", name=op.f("uq_canned_answers_name_language")),
        **OPTIONS,
    )

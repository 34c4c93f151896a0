"""When a resolved ticket was closed for good: an answer to it opens a new one."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("tickets", sa.Column("closed_at", UtcDateTime(), nullable=True))

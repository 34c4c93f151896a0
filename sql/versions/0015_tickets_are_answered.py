"""When staff first answered a ticket."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("tickets", sa.Column("first_answered_at", UtcDateTime(), nullable=True))

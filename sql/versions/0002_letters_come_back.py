"""When a letter came back."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column: one change, since MariaDB commits each by itself."""
    op.add_column("letters", sa.Column("bounced_at", UtcDateTime(), nullable=True))

"""When the last of them came back."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column: one change, since MariaDB commits each by itself."""
    op.add_column("addresses", sa.Column("bounced_at", UtcDateTime(), nullable=True))

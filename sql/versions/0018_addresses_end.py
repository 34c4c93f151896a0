"""From when on it is not taken any more."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("addresses", sa.Column("valid_until", UtcDateTime(), nullable=True))

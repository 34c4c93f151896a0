"""From when on mail from an address is taken."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("addresses", sa.Column("valid_from", UtcDateTime(), nullable=True))

"""When the owner of an address said that mail from there was not theirs."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("addresses", sa.Column("disowned_at", UtcDateTime(), nullable=True))

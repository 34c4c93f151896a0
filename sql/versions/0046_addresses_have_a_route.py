"""By which route proven mail of an address comes."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import exact

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("addresses", sa.Column("route", exact(400), nullable=False, server_default=""))

"""How many letters in a row came back from an address."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column: one change, since MariaDB commits each by itself."""
    op.add_column("addresses", sa.Column("bounces", sa.Integer(), server_default="0", nullable=False))

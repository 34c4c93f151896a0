"""From which country a person logged in."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import exact

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("places", sa.Column("country", exact(2), nullable=False, server_default=""))

"""From which network address a person logged in."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import words

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("places", sa.Column("address", words(100), nullable=False, server_default=""))

"""Names as they are sorted and searched."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import words

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("people", sa.Column("sort_name", words(200), nullable=False, server_default=""))

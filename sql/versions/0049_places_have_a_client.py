"""With which client, as whom and on which machine, a person logged in."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import words

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("places", sa.Column("client", words(200), nullable=False, server_default=""))

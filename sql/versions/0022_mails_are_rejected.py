"""When a person decided that a kept mail stays kept, so that it is no longer listed as open."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index that lists what is open."""
    op.add_column("mails", sa.Column("rejected_at", UtcDateTime(), nullable=True))
    op.create_index(
        op.f("ix_mails_fate_rejected_at_seen_at"), "mails", ["fate", "rejected_at", "seen_at"], unique=False
    )

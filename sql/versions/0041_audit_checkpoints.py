"""Where the chain of seals begins after each purge."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, row_id, short_bytes
from helpdesk.store.tables import OPTIONS

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "audit_checkpoints",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("last_seq", row_id(), nullable=False),
        sa.Column("last_mac", short_bytes(32), nullable=False),
        sa.Column("cutoff", UtcDateTime(), nullable=False),
        sa.Column("mac", short_bytes(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checkpoints")),
        **OPTIONS,
    )

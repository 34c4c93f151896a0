"""The index on fate and time: the one with the rejection between serves all that asks by fate.

With both, PostgreSQL takes the first for what is open and walks all that was rejected.
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the index."""
    op.drop_index(op.f("ix_mails_fate_seen_at"), table_name="mails")

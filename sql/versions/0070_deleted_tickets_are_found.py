"""Deleted tickets, which are few among all."""

from alembic import op
from sqlalchemy import text

revision = "0070"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index: in SQLite, which counts no rows and would begin others' lists with it, of deleted ones only."""
    op.create_index(
        "ix_tickets_deleted_at_number",
        "tickets",
        ["deleted_at", "number"],
        sqlite_where=text("deleted_at IS NOT NULL"),
    )

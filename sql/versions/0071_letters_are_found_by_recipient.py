"""The letters to an address, of which there may be few among many."""

from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_letters_recipient", "letters", ["recipient"])

"""List them in that order."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index(op.f("ix_people_sort_name_id"), "people", ["sort_name", "id"], unique=False)

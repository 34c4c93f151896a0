"""The words of the tickets that are there already."""

from alembic import op

from helpdesk.store.wordindex import index_everything

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    index_everything(op.get_bind())

"""How often a password was tried."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact
from helpdesk.store.tables import OPTIONS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "login_locks",
        sa.Column("scope", exact(100), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_login_locks")),
        **OPTIONS,
    )

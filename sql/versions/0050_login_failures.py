"""When logins failed, to the microsecond, for a while."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "login_failures",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("scope", exact(100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failures")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_login_failures_scope_at"), "login_failures", ["scope", "at"], unique=False)

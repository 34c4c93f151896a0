"""Which rows of the audit trail no seal covers yet."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import row_id
from helpdesk.store.tables import OPTIONS

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "audit_unsealed",
        sa.Column("row_id", row_id(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_audit_unsealed")),
        **OPTIONS,
    )

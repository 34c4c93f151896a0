"""Recovery codes for a lost second factor."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "recovery_codes",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("person_id", row_id(), nullable=False),
        sa.Column("code_hash", exact(64), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_recovery_codes_person_id"), "recovery_codes", ["person_id"], unique=False)

"""Passwords and second factors, apart from people."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, long_bytes, row_id
from helpdesk.store.tables import OPTIONS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "credentials",
        sa.Column("person_id", row_id(), autoincrement=False, nullable=False),
        sa.Column("password_hash", exact(100), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp_sealed", long_bytes(), nullable=True),
        sa.Column("totp_last_step", row_id(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_credentials_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_credentials")),
        **OPTIONS,
    )

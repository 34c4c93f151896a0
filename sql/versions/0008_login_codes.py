"""Codes by mail for a login from a new place."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "login_codes",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("person_id", row_id(), nullable=False),
        sa.Column("place", exact(64), nullable=False),
        sa.Column("code_hash", exact(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_login_codes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_codes")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_login_codes_expires_at"), "login_codes", ["expires_at"], unique=False)
    op.create_index(op.f("ix_login_codes_person_id"), "login_codes", ["person_id"], unique=False)

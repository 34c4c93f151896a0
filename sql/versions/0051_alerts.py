"""What people were alerted to, whether or not a letter could go."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "alerts",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("dedupe", exact(64), nullable=False),
        sa.Column("kind", exact(60), nullable=False),
        sa.Column("person_id", row_id(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("to_owner", sa.Integer(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_alerts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_alerts_dedupe")),
        **OPTIONS,
    )
    for columns in (["at"], ["person_id"], ["told_at", "id"]):
        op.create_index(op.f(f"ix_alerts_{'_'.join(columns)}"), "alerts", columns, unique=False)

"""One row for each run of a job by the clock, so that what was missed is seen and nothing runs twice."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import Integer, UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0055"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "job_runs",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("job", exact(40), nullable=False),
        sa.Column("scope", exact(100), nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=False),
        sa.Column("state", exact(10), nullable=False),
        sa.Column("owner", exact(64), nullable=False),
        sa.Column("attempts", Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("told", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
        sa.UniqueConstraint("job", "scope", "slot", name=op.f("uq_job_runs_job_scope_slot")),
        **OPTIONS,
    )
    for column in ("slot", "ended_at"):
        op.create_index(op.f(f"ix_job_runs_{column}"), "job_runs", [column], unique=False)

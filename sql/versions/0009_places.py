"""From where people have logged in."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "places",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("person_id", row_id(), nullable=False),
        sa.Column("place", exact(64), nullable=False),
        sa.Column("shown", sa.String(length=200), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_places_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("person_id", "place", name=op.f("uq_places_person_id_place")),
        **OPTIONS,
    )

"""What people at the keyboard want done with kept mail; the daemon, which reads mail in workers, does it."""

import sqlalchemy as sa
from alembic import op

from helpdesk.store.columns import Integer, UtcDateTime, exact, row_id
from helpdesk.store.tables import OPTIONS

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "mail_orders",
        sa.Column("id", row_id(), autoincrement=False, nullable=False),
        sa.Column("mail_id", row_id(), nullable=False),
        sa.Column("mailbox_id", row_id(), nullable=False),
        sa.Column("kind", exact(10), nullable=False),
        sa.Column("address", exact(254), nullable=False),
        sa.Column("by_id", row_id(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_mail_orders_by_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_mail_orders_mail_id")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_mail_orders_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_orders")),
        **OPTIONS,
    )
    for columns in (["by_id"], ["mail_id"], ["mailbox_id", "done_at"]):
        op.create_index(op.f(f"ix_mail_orders_{'_'.join(columns)}"), "mail_orders", columns, unique=False)

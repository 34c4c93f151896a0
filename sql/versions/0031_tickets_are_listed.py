"""Indexes from which each list of tickets can be read in its order."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NEW = (
    ("requester_id", "status", "number"),
    ("assignee_id", "status", "number", "urgency"),
    ("assignee_id", "status", "updated_at", "number"),
    ("team_id", "status", "number", "urgency", "assignee_id"),
    ("team_id", "status", "updated_at", "number"),
    ("status", "urgency", "number"),
    ("status", "updated_at", "number"),
    ("status", "due_at", "number"),
)
OLD = (
    ("requester_id", "status"),
    ("assignee_id", "status"),
    ("team_id", "status"),
    ("status", "updated_at"),
    ("status", "due_at"),
)


def name(columns: tuple[str, ...]) -> str:
    """Return the name of an index."""
    return f"ix_tickets_{'_'.join(columns)}"


def upgrade() -> None:
    """Exchange the indexes: one statement where the database commits each by itself."""
    if op.get_bind().dialect.name in ("mysql", "mariadb"):
        changes = [f"ADD INDEX {name(new)} ({', '.join(new)})" for new in NEW]
        changes += [f"DROP INDEX {name(old)}" for old in OLD]
        op.execute(f"ALTER TABLE tickets {', '.join(changes)}")
        return
    for new in NEW:
        op.create_index(name(new), "tickets", list(new))
    for old in OLD:
        op.drop_index(name(old), "tickets")

"""A checkpoint is never removed; and what gets around the triggers on seals and checkpoints, as in 0035."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

MARIADB = (
    """
CREATE TRIGGER audit_checkpoints_stay BEFORE DELETE ON audit_checkpoints FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit checkpoints are never changed'
""",
)
SQLITE = (
    """
CREATE TRIGGER audit_checkpoints_stay BEFORE DELETE ON audit_checkpoints BEGIN
    SELECT RAISE(ABORT, 'audit checkpoints are never changed');
END
""",
    """
CREATE TRIGGER audit_checkpoints_never_replaced BEFORE INSERT ON audit_checkpoints
WHEN EXISTS (SELECT 1 FROM audit_checkpoints WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'audit checkpoints are never changed');
END
""",
    """
CREATE TRIGGER audit_seals_never_replaced BEFORE INSERT ON audit_seals
WHEN EXISTS (SELECT 1 FROM audit_seals WHERE seq = NEW.seq) BEGIN
    SELECT RAISE(ABORT, 'audit seals are never changed');
END
""",
)
POSTGRESQL = (
    """
CREATE TRIGGER audit_checkpoints_stay BEFORE DELETE ON audit_checkpoints FOR EACH ROW
EXECUTE FUNCTION audit_checkpoints_never_change()
""",
    """
CREATE TRIGGER audit_checkpoints_never_truncated BEFORE TRUNCATE ON audit_checkpoints FOR EACH STATEMENT
EXECUTE FUNCTION audit_checkpoints_never_change()
""",
    """
CREATE TRIGGER audit_seals_never_truncated BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT
EXECUTE FUNCTION audit_seals_never_change()
""",
)


def upgrade() -> None:
    """Add the triggers: one where a change of the schema commits by itself."""
    kind = op.get_bind().dialect.name
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}.get(kind, MARIADB):
        op.execute(statement)

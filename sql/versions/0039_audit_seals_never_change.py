"""A seal never changes, whoever asks for it."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

MARIADB = """
CREATE TRIGGER audit_seals_never_change BEFORE UPDATE ON audit_seals FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit seals are never changed'
"""
SQLITE = """
CREATE TRIGGER audit_seals_never_change BEFORE UPDATE ON audit_seals BEGIN
    SELECT RAISE(ABORT, 'audit seals are never changed');
END
"""
POSTGRESQL = (
    """
CREATE FUNCTION audit_seals_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit seals are never changed' USING ERRCODE = 'restrict_violation';
END $$
""",
    """
CREATE TRIGGER audit_seals_never_change BEFORE UPDATE ON audit_seals FOR EACH ROW
EXECUTE FUNCTION audit_seals_never_change()
""",
)


def upgrade() -> None:
    """Add the trigger."""
    kind = op.get_bind().dialect.name
    for statement in {"sqlite": (SQLITE,), "postgresql": POSTGRESQL}.get(kind, (MARIADB,)):
        op.execute(statement)

"""What gets around the two triggers: REPLACE in SQLite removes a row without telling a trigger, and TRUNCATE
in PostgreSQL tells triggers of its own only. (In MariaDB REPLACE does tell, and TRUNCATE wants DROP.)
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TRIGGER audit_logs_never_replaced BEFORE INSERT ON audit_logs
WHEN EXISTS (SELECT 1 FROM audit_logs WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'audit rows are never changed');
END
"""
POSTGRESQL = """
CREATE TRIGGER audit_logs_never_truncated BEFORE TRUNCATE ON audit_logs FOR EACH STATEMENT
EXECUTE FUNCTION audit_logs_never_change()
"""


def upgrade() -> None:
    """Add the trigger where there is such a way."""
    statement = {"sqlite": SQLITE, "postgresql": POSTGRESQL}.get(op.get_bind().dialect.name)
    if statement:
        op.execute(statement)

"""How the daemon and the shell see on MariaDB whether the triggers on the audit trail are there.

Only who may drop a trigger sees it in information_schema there, so a routine of the tables' owner tells of them.
Everybody sees them in SQLite and PostgreSQL.
"""

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

MARIADB = """
CREATE PROCEDURE audit_guards() READS SQL DATA SQL SECURITY DEFINER
SELECT trigger_name, event_object_table, action_statement FROM information_schema.triggers
    WHERE trigger_schema = DATABASE()
"""


def upgrade() -> None:
    """Make the routine."""
    if op.get_bind().dialect.name not in ("sqlite", "postgresql"):
        op.execute(MARIADB)

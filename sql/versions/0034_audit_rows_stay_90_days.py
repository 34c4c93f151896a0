"""An audit row cannot be removed before it is 90 days old.

MariaDB: SYSDATE(), since a session may set the clock that UTC_TIMESTAMP() tells.
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

MARIADB = """
CREATE TRIGGER audit_logs_stay BEFORE DELETE ON audit_logs FOR EACH ROW
IF OLD.created_at > CONVERT_TZ(SYSDATE(6), @@session.time_zone, '+00:00') - INTERVAL 90 DAY THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit rows are kept for 90 days';
END IF
"""
SQLITE = """
CREATE TRIGGER audit_logs_stay BEFORE DELETE ON audit_logs
WHEN OLD.created_at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-90 days') BEGIN
    SELECT RAISE(ABORT, 'audit rows are kept for 90 days');
END
"""
POSTGRESQL = (
    """
CREATE FUNCTION audit_logs_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.created_at > (clock_timestamp() AT TIME ZONE 'UTC') - interval '90 days' THEN
        RAISE EXCEPTION 'audit rows are kept for 90 days' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$
""",
    """
CREATE TRIGGER audit_logs_stay BEFORE DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION audit_logs_stay()
""",
)


def upgrade() -> None:
    """Add the trigger."""
    kind = op.get_bind().dialect.name
    for statement in {"sqlite": (SQLITE,), "postgresql": POSTGRESQL}.get(kind, (MARIADB,)):
        op.execute(statement)

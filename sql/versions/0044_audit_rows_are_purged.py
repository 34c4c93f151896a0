"""How the daemon, which may remove no audit row, removes old ones: by a routine of the tables' owner.

A few at a time. It leaves what no seal covers yet. SQLite has neither users nor routines.
"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

MARIADB = """
CREATE PROCEDURE purge_audit_logs(IN from_at DATETIME(6), IN before_at DATETIME(6), IN most INTEGER)
SQL SECURITY DEFINER
BEGIN
    IF before_at IS NULL
        OR before_at > CONVERT_TZ(SYSDATE(6), @@session.time_zone, '+00:00') - INTERVAL 90 DAY THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit rows are kept for 90 days';
    END IF;
    DELETE FROM audit_logs WHERE created_at >= from_at AND created_at < before_at
        AND NOT EXISTS (SELECT 1 FROM audit_unsealed WHERE row_id = audit_logs.id)
        ORDER BY created_at LIMIT most;
    SELECT ROW_COUNT() AS gone;
END
"""
POSTGRESQL = """
CREATE FUNCTION purge_audit_logs(from_at timestamp, before_at timestamp, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    IF before_at IS NULL OR before_at > (clock_timestamp() AT TIME ZONE 'UTC') - interval '90 days' THEN
        RAISE EXCEPTION 'audit rows are kept for 90 days' USING ERRCODE = 'restrict_violation';
    END IF;
    DELETE FROM audit_logs WHERE id IN (
        SELECT id FROM audit_logs WHERE created_at >= from_at AND created_at < before_at
        AND NOT EXISTS (SELECT 1 FROM audit_unsealed WHERE row_id = audit_logs.id)
        ORDER BY created_at LIMIT most
    );
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$
"""


def upgrade() -> None:
    """Make the routine."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":  # nobody's own tables may stand in for ours there
        schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
        op.execute(POSTGRESQL.format(schema=schema))
    elif connection.dialect.name != "sqlite":
        op.execute(MARIADB)

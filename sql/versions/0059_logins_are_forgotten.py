"""The daemon removes logins that are over without being allowed to read one: a procedure with times of its own.

Sessions 30 days after their end, codes a day after theirs, failed logins and their counts after two days. The times
are fixed and taken from SYSDATE() and clock_timestamp(): whoever has the daemon's user can end no login early.
"""

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

MARIADB = """
CREATE PROCEDURE forget_logins() MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
    DECLARE moment DATETIME(6) DEFAULT CONVERT_TZ(SYSDATE(6), @@session.time_zone, '+00:00');
    DELETE FROM sessions WHERE expires_at < moment - INTERVAL 30 DAY OR revoked_at < moment - INTERVAL 30 DAY;
    DELETE FROM login_codes WHERE expires_at < moment - INTERVAL 1 DAY;
    DELETE FROM login_locks WHERE locked_until < moment - INTERVAL 2 DAY AND since < moment - INTERVAL 2 DAY;
    DELETE FROM login_failures WHERE at < moment - INTERVAL 2 DAY;
END
"""
POSTGRESQL = (
    """
CREATE FUNCTION forget_logins() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    moment timestamp := clock_timestamp() AT TIME ZONE 'UTC';
BEGIN
    DELETE FROM sessions
    WHERE expires_at < moment - interval '30 days' OR revoked_at < moment - interval '30 days';
    DELETE FROM login_codes WHERE expires_at < moment - interval '1 day';
    DELETE FROM login_locks
    WHERE locked_until < moment - interval '2 days' AND since < moment - interval '2 days';
    DELETE FROM login_failures WHERE at < moment - interval '2 days';
END $$
""",
    "REVOKE EXECUTE ON FUNCTION forget_logins() FROM PUBLIC",
)


def upgrade() -> None:
    """Make it where the daemon has a user of its own; SQLite has no users."""
    kind = op.get_bind().dialect.name
    for statement in {"sqlite": (), "postgresql": POSTGRESQL}.get(kind, (MARIADB,)):
        op.execute(statement)

"""A seal cannot be removed before its youngest row is 90 days old."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

MARIADB = """
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals FOR EACH ROW
IF OLD.last_at > CONVERT_TZ(SYSDATE(6), @@session.time_zone, '+00:00') - INTERVAL 90 DAY THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit seals are kept for 90 days';
END IF
"""
SQLITE = """
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals
WHEN OLD.last_at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-90 days') BEGIN
    SELECT RAISE(ABORT, 'audit seals are kept for 90 days');
END
"""
POSTGRESQL = (
    """
CREATE FUNCTION audit_seals_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.last_at > (clock_timestamp() AT TIME ZONE 'UTC') - interval '90 days' THEN
        RAISE EXCEPTION 'audit seals are kept for 90 days' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$
""",
    """
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION audit_seals_stay()
""",
)


def upgrade() -> None:
    """Add the trigger."""
    kind = op.get_bind().dialect.name
    for statement in {"sqlite": (SQLITE,), "postgresql": POSTGRESQL}.get(kind, (MARIADB,)):
        op.execute(statement)

"""Empty the tables of a migrated database: the audit trail's triggers forbid it, so a superuser goes around them."""

from sqlalchemy import text

from helpdesk.store.engine import Database
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import audit_checkpoints, audit_logs, audit_seals, metadata

GUARDED = (audit_logs, audit_seals, audit_checkpoints)


def empty_tables(database: Database) -> None:
    """Remove every row; the triggers are there before and afterwards."""
    if database.kind in MYSQL:
        with database.engine.begin() as connection:
            for table in GUARDED:
                connection.execute(text(f"TRUNCATE TABLE {table.name}"))
    with database.engine.begin() as connection:
        taken: list[str] = []
        if database.kind == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        elif database.kind == "sqlite":
            found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            for name, statement in found.all():
                connection.execute(text(f"DROP TRIGGER {name}"))
                taken.append(statement)
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for statement in taken:
            connection.exec_driver_sql(statement)
